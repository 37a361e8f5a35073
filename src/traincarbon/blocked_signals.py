"""Start threads that take no signal meant for their process."""

import _signal  # type: ignore[import-not-found]  # the functions of signal make an enumeration of all signals at each call, which takes forty times as long
import contextlib
import signal
from collections.abc import Collection, Iterator

FAULT_SIGNALS = {getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS") if hasattr(signal, name)}
"""Signals that the code of a thread causes itself."""


@contextlib.contextmanager
def signals_blocked(*, but: Collection[int] = ()) -> Iterator[None]:
    """Block all signals in this thread, and for good in the threads that it starts meanwhile.

    A signal to a process goes to any of its threads that does not block it. A helper's thread that would take one
    ends the process by its default action, although the main thread waits for that signal.

    Args:
        but: Signals that stay as they are: those of faults in a thread that runs code of others, which end the process as they should.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals() - set(but))
    try:
        yield
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
