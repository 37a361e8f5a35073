"""The process that meters: what it does before it knows what to meter, and what becomes of it if it fails."""

import os
import signal
from typing import Any

from traincarbon.tracking.channel import Wire
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.first_reading import open_early
from traincarbon.tracking.value.lookup_process import Appraiser

_IMMUNE = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGXCPU", "SIGXFSZ")
"""Whoever ends a job signals all of its processes; this one has to see the others out."""
_MOST_OPEN = 1 << 16
_FOREVER_S = 3600.0


def main(reads: int, writes: int, reports: int, output: int, owner: int) -> None:
    """Meter until the job has ended.

    Args:
        reads: Descriptor from which the owner's messages are read.
        writes: Descriptor to which messages to the owner are written.
        reports: Descriptor from which the job's reports are read.
        output: Descriptor from which a copy of the job's output is read.
        owner: The process that asked.
    """
    for name in _IMMUNE:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the owner may have ignored it, and then no child could be waited for
    reads, writes, reports, output = _only(reads, writes, reports, output)
    wire = Wire(reads, writes)
    appraiser = Appraiser(close=[reads, writes, reports, output])
    early = open_early()
    from traincarbon.ledger.journal import new_journal
    from traincarbon.tracking.sidecar.job import Life
    from traincarbon.tracking.sidecar.loop import Metering

    settings, job = _instructions(wire)
    if settings is None or job is None:
        return
    journal = new_journal(settings.store, settings.run_id)
    try:
        Metering(wire, Life(owner), settings, job, journal=journal, appraiser=appraiser, early=early, reports=(reports, output)).run()
    except Exception as error:  # noqa: BLE001  the top of this process: what goes wrong here is a note, never the training's affair
        text = f"the tracker failed: {type(error).__name__}: {error}"
        journal.write("note", {"text": text, "session": settings.session})
        journal.close()
        wire.send("note", text=text)


def _instructions(wire: Wire) -> tuple[Settings | None, dict[str, Any] | None]:
    """Wait for the settings and the job; None where the owner has changed its mind."""
    settings: Settings | None = None
    while not wire.ended:
        wire.wait(wait_s=_FOREVER_S)
        messages = wire.receive()
        for place, message in enumerate(messages):
            if message["kind"] == "settings":
                settings = Settings(**{name: value for name, value in message.items() if name != "kind"})
            elif message["kind"] == "job":
                wire.put_back(messages[place + 1 :])
                return settings, message
    return settings, None


def _only(*kept: int) -> list[int]:
    """Let go of what the owner held open, as a pipe that this process kept would never end for who reads it; return what is kept, numbered low."""
    first = 3
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, _MOST_OPEN)
    return [_low(descriptor) for descriptor in kept]


def _low(descriptor: int) -> int:
    low = os.dup(descriptor)
    if low > descriptor:
        os.close(low)
        return descriptor
    os.close(descriptor)
    return low
