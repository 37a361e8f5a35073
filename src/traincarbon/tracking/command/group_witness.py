"""A small process in the tracker's group, which tells whether a signal was sent to the whole group or to the tracker alone."""

import contextlib
import os
import select
import signal
import time
from collections import Counter
from typing import NoReturn

from traincarbon.procfs import stat_of
from traincarbon.tracking.command.launch import pipe
from traincarbon.tracking.command.signals import ALL_SIGNALS

_ANSWER_S, _LOOK_S = 2.0, 0.05
_MOST_OPEN = 1 << 16
_MOST_STANDARD = 31
"""The highest signal that the system keeps once, however often it is sent."""
_LONGEST_ANSWER_B = 1 << 12


class GroupWitness:
    """Receives what is sent to the group of this process, and nothing else.

    It blocks all signals, so those of the group stay pending until it is asked. It ends when this process ends.
    Start it while all signals are blocked.

    Attributes:
        pid: Its process number, 0 once it has been given up.

    Raises:
        OSError: the system has no room for another process.
    """

    def __init__(self) -> None:
        (questions, self._asks), (self._answers, replies) = pipe(), pipe()
        self._received: Counter[int] = Counter()
        try:
            self.pid = os.fork()
        except OSError:
            for descriptor in (questions, self._asks, self._answers, replies):
                os.close(descriptor)
            raise
        if not self.pid:
            _serve(questions, replies)
        os.close(questions)
        os.close(replies)

    def received(self, number: int) -> bool:
        """Return whether the group received the signal *number* that this process has just received."""
        for found in self._ask():
            self._received[found] = 1 if found <= _MOST_STANDARD else self._received[found] + 1
        if not self._received[number]:
            return False
        self._received[number] -= 1
        return True

    def close(self) -> None:
        """End it; safe to call twice."""
        if self.pid:
            os.close(self._asks)
            os.close(self._answers)
            with contextlib.suppress(OSError):  # it has ended, or other code has waited for it
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            self.pid = 0

    def _ask(self) -> bytes:
        """Return the signals that it received since the last question; none if it has ended or was stopped until now."""
        if not self.pid:
            return b""
        waiter = select.poll()
        waiter.register(self._answers, select.POLLIN)
        until_s = time.monotonic() + _ANSWER_S
        was_stopped = False
        try:
            os.write(self._asks, b"?")
            while not waiter.poll(_LOOK_S * 1e3):
                stat = stat_of(self.pid)
                if stat is not None and stat.state == "T":  # the signal that continued this process did not reach it
                    was_stopped = True
                    os.kill(self.pid, signal.SIGCONT)
                elif time.monotonic() > until_s:
                    raise TimeoutError
            answer = os.read(self._answers, _LONGEST_ANSWER_B)
        except OSError:
            answer = b""
        if not answer:
            self.close()
        return b"" if was_stopped else answer.rstrip(b"\0")


def _serve(questions: int, replies: int) -> NoReturn:
    """Answer each question with the signals that are pending, and end with the process that asks."""
    with contextlib.suppress(BaseException):
        os.chdir("/")
        first = 0
        for descriptor in sorted((questions, replies)):
            os.closerange(first, descriptor)
            first = descriptor + 1
        os.closerange(first, _MOST_OPEN)
        while os.read(questions, 1):
            found = bytearray()
            while pending := signal.sigpending() & ALL_SIGNALS:
                found.append(signal.sigwait(pending))
            os.write(replies, bytes(found) + b"\0")
    os._exit(0)
