"""The process that meters one of the other nodes of a run, as long as the node that started it wants it."""

import contextlib
import os
import select
import signal
import sys
import time

from traincarbon.tracking.channel import Channel
from traincarbon.tracking.command.launch import Pipes, Sidecar, start_sidecar
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded, Message, Note, to_line
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.turn import turn_file

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What ends a step signals all of its processes. This one ends with the messages, or with the job."""
_FOREVER_S, _FINAL_S = 3600.0, 5.0
_MOST_RESTARTS = 3


def main() -> None:
    """Meter this machine until the messages on standard input end. Messages to the first node go to standard output, a line each."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    first = Channel(0, os.open(os.devnull, os.O_WRONLY))
    settings = _first(first)
    if settings is not None:
        Satellite(first, settings._replace(owner=os.getpid(), is_machine=True)).run()


class Satellite:
    """Meters this machine and replaces a metering process that is killed.

    Args:
        first: The messages of the first node.
        settings: What to meter.
    """

    def __init__(self, first: Channel, settings: Settings) -> None:
        self._first = first
        self._settings = settings
        self._pipes = Pipes()
        self._restarts = 0
        self._began_s = time.monotonic()
        self._has_begun = False
        self._sidecar = self._start()

    def run(self) -> None:
        """Meter to the end of the run."""
        ended: JobEnded | None = None
        while ended is None:
            self._wait()
            if not self._receive() and self._sidecar is not None and self._sidecar.channel.ended:
                self._replace()
            ended = self._ended()
        if self._sidecar is not None:
            channel = self._sidecar.channel
            channel.send(ended._replace(ended_s=time.monotonic()), keep=True)
            until_s = time.monotonic() + _FINAL_S
            while not (self._receive() or channel.ended) and time.monotonic() < until_s:
                channel.wait(wait_s=until_s - time.monotonic())

    def _start(self) -> Sidecar | None:
        sidecar = start_sidecar(self._pipes, turn=turn_file(self._settings.run_id, self._settings.store) if self._restarts else "")
        if sidecar is None:
            _tell(Note(f"{os.uname().nodename}: the metering process cannot be started"))
            return None
        sidecar.channel.send(self._settings, keep=True)
        sidecar.channel.send(Job(os.getpid(), self._began_s), keep=True)
        sidecar.channel.flush(wait_s=_FINAL_S)
        return sidecar

    def _wait(self) -> None:
        waiter = select.poll()
        waiter.register(self._first.fileno(), select.POLLIN)
        if self._sidecar is not None:
            waiter.register(self._sidecar.channel.fileno(), select.POLLIN)
        waiter.poll(_FOREVER_S * 1e3)

    def _ended(self) -> JobEnded | None:
        """Return how the command ended, if it has: killed, if the first node fell silent."""
        for message in self._first.receive():
            if isinstance(message, JobEnded):
                return message
        return JobEnded(time.monotonic(), state="killed") if self._first.ended else None

    def _receive(self) -> bool:
        """Handle the messages of the metering process; return whether the last one has come."""
        if self._sidecar is None:
            return True
        for message in self._sidecar.channel.receive():
            if isinstance(message, Final):
                return True
            if isinstance(message, Begun) and not self._has_begun:
                self._has_begun = True
                _tell(message)
        return False

    def _replace(self) -> None:
        """Start another metering process for one that was killed: the run continues in the same session."""
        if self._sidecar is not None:
            self._sidecar.channel.close()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._sidecar.pid, 0)
        self._sidecar = None
        self._restarts += 1
        if self._restarts <= _MOST_RESTARTS:
            self._began_s = time.monotonic()
            self._settings = self._settings._replace(continues=self._has_begun)
            self._sidecar = self._start()


def _first(channel: Channel) -> Settings | None:
    """Wait for the settings; None if there are none."""
    while not channel.ended:
        channel.wait(wait_s=_FOREVER_S)
        messages = channel.receive()
        for index, message in enumerate(messages):
            if isinstance(message, Settings):
                channel.put_back(messages[index + 1 :])
                return message
    return None


def _tell(message: Message) -> None:
    """Send a message to the first node, which may no longer listen."""
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(to_line(message))
        sys.stdout.buffer.flush()
