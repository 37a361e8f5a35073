"""Do something that a store, a terminal or a pipe may hold up, and leave when the time is over."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from traincarbon.tracking.command.signals import ALL_SIGNALS, next_signal

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
_LOOK_S = 0.2


def run_bounded(work: Callable[[], None], *, until_s: float) -> bool:
    """Do *work* in a child process; return False if it was not done in time, or if somebody wanted this process to end.

    All signals must be blocked. Where the system has no room for another process, this one does the work.

    Args:
        work: What to do; it prints its errors itself.
        until_s: When to give up, on the monotonic clock.
    """
    try:
        pid = os.fork()
    except OSError:
        work()
        return True
    if not pid:
        with suppress(BaseException):
            work()
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        os._exit(0)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        left_s = until_s - time.monotonic()
        arrived = next_signal(ALL_SIGNALS, wait_s=min(max(left_s, 0.0), _LOOK_S))
        if left_s <= 0.0 or (arrived is not None and arrived.number in _ENDING):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, os.WNOHANG)  # one that hangs in the kernel ends later
            return False
    return True
