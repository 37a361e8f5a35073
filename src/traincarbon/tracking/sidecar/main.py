"""The entry point of the metering process: its start before the settings arrive, and its end if it fails."""

import os
import signal
from typing import TYPE_CHECKING, TypeVar

from traincarbon.meters.base import HIDDEN_TOO
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.first_reading import EarlyReadings, read_early
from traincarbon.tracking.value.lookup_process import LookupProcess

if TYPE_CHECKING:
    from traincarbon.tracking.display.display_process import DisplayProcess

_M = TypeVar("_M")
_NOT_IGNORED = ("SIGKILL", "SIGSTOP", "SIGCONT", "SIGCHLD", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT")
"""Those that no process can ignore, that end no process, or that report a fault of its own. What ends a job may signal all of its processes; this one must outlive them."""
_MOST_OPEN = 1 << 16
_FOREVER_S = 3600.0


def main(reads: int, writes: int, reports: int, output: int, stderr: int, owner: int, turn: int = -1) -> None:
    """Meter until the job has ended.

    Args:
        reads: Descriptor for messages from the owner.
        writes: Descriptor for messages to the owner.
        reports: Descriptor for the job's reports.
        output: Descriptor for a copy of the job's output.
        stderr: Descriptor on which to show the run, -1 to show nothing.
        owner: The process that asked for the metering.
        turn: Descriptor that holds the turn to replace a metering process, -1 if there is none.
    """
    for number in signal.valid_signals() - {getattr(signal, name, 0) for name in _NOT_IGNORED}:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if the owner ignored it, this process could not wait for its children
    reads, writes, reports, output, *shown = _close_all_but(reads, writes, reports, output, *([stderr] if stderr >= 0 else []), but=turn)
    channel = Channel(reads, writes)
    ours = [reads, writes, reports, output]
    display = _display(shown[0], owner, close=ours) if shown else None
    lookup = LookupProcess(close=[*ours, *(display.descriptors if display is not None else ())])
    os.environ[HIDDEN_TOO] = "1"
    early = read_early()
    from traincarbon.tracking.messages import Job, Note
    from traincarbon.tracking.sidecar.election import HandedOverError, elected
    from traincarbon.tracking.sidecar.job import ProcessHandle
    from traincarbon.tracking.sidecar.loop import Metering
    from traincarbon.tracking.sidecar.patient_journal import asked_name, patient_journal
    from traincarbon.tracking.sidecar.sending import send_at_end

    settings = _wait_for_settings(channel, early)
    if settings is None:
        return
    name = asked_name(settings.store)
    try:
        door = elected(settings, channel, (reads, writes, reports, output), early)
    except HandedOverError:
        if display is not None:
            display.close()
        return
    job = _next(channel, Job)
    if job is None:
        if door is not None:
            door.close()
        return
    journal = patient_journal(settings.store, settings.run_id, name=name)
    try:
        Metering(
            channel, ProcessHandle(owner), settings, job,
            journal=journal, lookup=lookup, early=early, reports=(reports, output), display=display, door=door, turn=turn,
        ).run()  # fmt: skip
    except Exception as error:  # noqa: BLE001  the top of this process: a failure is a note and must not reach the training
        text = f"the tracker failed: {type(error).__name__}: {error}"
        journal.write("note", {"text": text, "session": settings.session})
        journal.close()
        channel.send(Note(text))
        if display is not None:
            display.close()
    send_at_end(settings.store, settings.run_id, journal.file)


def _display(stderr: int, owner: int, *, close: list[int]) -> "DisplayProcess | None":
    """Return the process that shows the run, None if the system cannot start it: the run is metered all the same."""
    from traincarbon.tracking.display.display_process import DisplayProcess

    try:
        return DisplayProcess(stderr, owner=owner, close=close)
    except OSError:
        os.close(stderr)
        return None


def _wait_for_settings(channel: Channel, early: EarlyReadings) -> "Settings | None":
    """Wait for the settings, and answer whether the budgets can be metered; None if the owner hangs up before."""
    settings = _next(channel, Settings)
    if settings is not None and settings.needs_meters:
        from traincarbon.tracking.sidecar.budget_check import check_budgets

        channel.send(check_budgets(settings, early), keep=True)
    return settings


def _next(channel: Channel, kind: "type[_M]") -> "_M | None":
    """Wait for the next message of a kind, without those before it; None if the owner hangs up first."""
    while True:
        messages = channel.receive()
        for index, message in enumerate(messages):
            if isinstance(message, kind):
                channel.put_back(messages[index + 1 :])
                return message
        if channel.ended:
            return None
        channel.wait(wait_s=_FOREVER_S)


def _close_all_but(*kept: int, but: int = -1) -> list[int]:
    """Close the owner's other descriptors, as a pipe that stays open here never ends for its reader; return those kept, renumbered low.

    The descriptor *but* stays as it is, as the lock of a file ends if any descriptor of the file is closed.
    """
    first = 3
    for descriptor in sorted((*kept, *([but] if but >= 0 else []))):
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
