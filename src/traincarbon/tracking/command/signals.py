"""Wait for signals, and tell who sent them: a process, the terminal, or the system because of what this process did."""

import os
import signal
import time
from collections.abc import Set as AbstractSet
from typing import NamedTuple

ALL_SIGNALS: frozenset[int] = frozenset(signal.valid_signals()) - {9, getattr(signal, "SIGSTOP", 0)} if hasattr(signal, "valid_signals") else frozenset()
"""Every signal that a process can receive: all but SIGKILL and SIGSTOP, real-time signals included."""

_BY_THE_KERNEL = 0x80
"""``si_code`` of a signal that the kernel sent; processes send signals with codes up to zero."""
_FROM_TERMINALS = frozenset((signal.SIGINT, *(getattr(signal, name) for name in ("SIGQUIT", "SIGTSTP", "SIGHUP", "SIGWINCH") if hasattr(signal, name))))
_BY_OWN_ACTS = frozenset(getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name))
"""A process gets these for its own writes; the system then names it as the sender."""
_BY_EVENTS = frozenset(getattr(signal, name) for name in ("SIGCHLD", "SIGIO") if hasattr(signal, name))
"""The system sends these about children and about descriptors."""
_POLL_S = 0.02


class Arrived(NamedTuple):
    """A signal that was sent to this process."""

    number: int
    from_terminal: bool
    """Whether the system sent it, as for a terminal to every process in the foreground."""
    is_event: bool = False
    """Whether it only reports what a child, a descriptor or a write of this process did."""


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
        if info is None:
            return None
        number, code = info.si_signo, info.si_code
        is_event = (number in _BY_EVENTS and code > 0) or (number in _BY_OWN_ACTS and code <= 0 and info.si_pid == os.getpid())
        return Arrived(number, code == _BY_THE_KERNEL, is_event)
    until_s = time.monotonic() + wait_s
    while not (pending := signal.sigpending() & waited):
        if time.monotonic() >= until_s:
            return None
        time.sleep(_POLL_S)
    number = signal.sigwait(pending)
    return Arrived(number, number in _FROM_TERMINALS, number in _BY_EVENTS | _BY_OWN_ACTS)
