"""Pass on to the command the signals that only its tracker received, and stop with it."""

import contextlib
import os
import signal
import time

from traincarbon.tracking.command.group_witness import GroupWitness
from traincarbon.tracking.command.signals import ALL_SIGNALS, Arrived, next_signal

_STOPS = tuple(getattr(signal, name) for name in ("SIGTSTP", "SIGTTIN", "SIGTTOU") if hasattr(signal, name))
_STOP_S = 1.0
"""A command that is asked to stop may first restore the terminal."""


class Forwarding:
    """The signals of the tracker between the start and the end of a command.

    The command is in the tracker's own process group, as it would be without the tracker. Signals to the group reach it directly,
    those to the tracker alone are passed on. A :class:`GroupWitness` tells them apart.
    """

    def __init__(self) -> None:
        self._before: set[int] = set()
        self._pid = 0
        self._witness: GroupWitness | None = None
        self._asked_to_stop_s = float("-inf")

    def block(self) -> set[int]:
        """Block all signals, so that they wait for :meth:`next`, and return the mask that the command must have."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if the caller ignored it, this process could not wait for its children
        self._before = {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ALL_SIGNALS)}
        return self._before

    def begin(self, pid: int) -> None:
        """Pass signals on to *pid*, which has just started: what the group receives from now on, it receives too."""
        self._pid = pid
        with contextlib.suppress(OSError):  # no room for another process
            self._witness = GroupWitness()

    def next(self, *, wait_s: float) -> Arrived | None:
        """Return the next signal, None if none comes in time, and pass it on if the command did not receive it."""
        arrived = next_signal(ALL_SIGNALS, wait_s=wait_s)
        if arrived is not None and not arrived.is_event:
            if arrived.number in _STOPS:
                self._asked_to_stop_s = time.monotonic()
            if not self._is_shared(arrived):
                self._send(arrived.number)
        return arrived

    def stop_with_command(self, number: int) -> bool:
        """Return whether this process has to stop because the command was stopped by *number*, so that a shell gets the terminal back.

        If only the command was stopped, it must not, as nobody would continue this process with it.
        """
        is_asked = time.monotonic() - self._asked_to_stop_s < _STOP_S or bool(signal.sigpending() & {number, *_STOPS})
        return number in (*_STOPS, signal.SIGSTOP) and is_asked

    def stop(self) -> None:
        """Stop this process until somebody continues it."""
        self._asked_to_stop_s = float("-inf")
        os.kill(os.getpid(), signal.SIGSTOP)

    def end(self) -> None:
        """Drop the signals that came too late for the command, as they must not change how this process ends. They stay blocked."""
        if self._witness is not None:
            self._witness.close()
            self._witness = None
        while next_signal(ALL_SIGNALS, wait_s=0.0) is not None:
            continue

    def restore(self) -> None:
        """Receive signals as before."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def _is_shared(self, arrived: Arrived) -> bool:
        """Return whether the command has received the signal too."""
        if self._witness is not None:
            is_received = self._witness.received(arrived.number)
            if self._witness.pid:
                return is_received
            self._witness = None
        is_for_leader = arrived.number == signal.SIGHUP and os.getsid(0) == os.getpid()  # a terminal that goes away tells only this process
        return arrived.from_terminal and not is_for_leader and _has_terminal()

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)


def _has_terminal() -> bool:
    """Return whether a terminal sends signals to this process and its group."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
