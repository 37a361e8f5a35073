"""Waiting for signals, and telling those that the terminal sent, which the command has received as well."""

import signal
import time
from collections.abc import Set as AbstractSet
from typing import NamedTuple

_BY_THE_KERNEL = 0x80
"""``si_code`` of a signal that no process sent."""
_OF_TERMINALS = frozenset((signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGWINCH))
_LOOK_S = 0.02


class Arrived(NamedTuple):
    """A signal that was sent to this process."""

    number: int
    by_terminal: bool
    """Whether the terminal sent it, and so to all in the foreground."""


def next_signal(waited: AbstractSet[int], *, wait_s: float, tells_sender: bool = hasattr(signal, "sigtimedwait")) -> Arrived | None:
    """Return the next of the signals that are *waited* for, None where none comes in time.

    Where the system does not say who sent a signal, as on a Mac, those that terminals send are taken for theirs.

    Args:
        waited: Signals that are blocked in all threads.
        wait_s: The longest time to wait. [s]
        tells_sender: Whether the system says who sent it.
    """
    if tells_sender:
        info = signal.sigtimedwait(waited, wait_s)
        return None if info is None else Arrived(info.si_signo, info.si_code == _BY_THE_KERNEL)
    until_s = time.monotonic() + wait_s
    while not (pending := signal.sigpending() & waited):
        if time.monotonic() >= until_s:
            return None
        time.sleep(_LOOK_S)
    number = signal.sigwait(pending)
    return Arrived(number, number in _OF_TERMINALS)
