"""Wait for signals, and tell which came from the terminal, as the command has received those too."""

import signal
import time
from collections.abc import Set as AbstractSet
from typing import NamedTuple

_BY_THE_KERNEL = 0x80
"""``si_code`` of a signal that the kernel sent."""
_FROM_TERMINALS = frozenset((signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGWINCH))
_POLL_S = 0.02


class Arrived(NamedTuple):
    """A signal that was sent to this process."""

    number: int
    from_terminal: bool
    """Whether the terminal sent it, to every process in the foreground."""


def next_signal(waited: AbstractSet[int], *, wait_s: float, knows_sender: bool = hasattr(signal, "sigtimedwait")) -> Arrived | None:
    """Return the next of the signals *waited* for, None if none comes in time.

    If the system does not say who sent a signal, as on a Mac, every signal that terminals can send counts as the terminal's.

    Args:
        waited: Signals that are blocked in all threads.
        wait_s: The longest time to wait. [s]
        knows_sender: Whether the system says who sent it.
    """
    if knows_sender:
        info = signal.sigtimedwait(waited, wait_s)
        return None if info is None else Arrived(info.si_signo, info.si_code == _BY_THE_KERNEL)
    until_s = time.monotonic() + wait_s
    while not (pending := signal.sigpending() & waited):
        if time.monotonic() >= until_s:
            return None
        time.sleep(_POLL_S)
    number = signal.sigwait(pending)
    return Arrived(number, number in _FROM_TERMINALS)
