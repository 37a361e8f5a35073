"""Start threads that take no signal meant for their process."""

import contextlib
import signal
from collections.abc import Iterator

_OWN = {getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS") if hasattr(signal, name)}
"""Signals that a thread causes itself: a library that raises one in such a thread ends the process, as it should."""


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Block all signals but those of faults in this thread, and for good in the threads that it starts meanwhile.

    A signal to a process goes to any of its threads that does not block it. A helper's thread that would take one
    ends the process by its default action, although the main thread waits for that signal.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _OWN)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
