"""Begins and ends of phases on their way to the tracker: at once while they are few, else what each phase took in a tenth of a second, in one line."""

import atexit
import os
import threading
import time
from _thread import start_new_thread

from traincarbon.blocked_signals import signals_blocked
from traincarbon.tracking.progress_pipe import send_lines
from traincarbon.tracking.reports import BEYOND

_EVERY_S = 0.1
"""Least time between two messages."""
_MOST_NAMES, _MOST_SOURCES = 8, 5
"""Phases and threads that fit into one message, which the pipe takes whole or not at all."""
_MOST_TRIES = 100
"""A pipe that is not read is tried so often, and again when the next phase begins."""


class Outbox:
    """What this process has to say of its phases. It never blocks for long, and keeps no more than a few names, however often phases change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, str] = {}
        """Thread to its innermost phase; the one that began last is the last."""
        self._changed: dict[str, None] = {}
        self._spent_s: dict[str, float] = {}
        self._since_s = self._next_s = 0.0
        self._is_waiting = False
        self._has_exit = False

    def put(self, source: str, phase: str) -> None:
        """Take note that the thread *source* is in *phase* from now on, "" for none."""
        with self._lock:
            now_s = time.monotonic()
            self._pass(now_s)
            self._open.pop(source, None)
            if phase:
                self._open[source] = phase
            self._changed.pop(source, None)
            self._changed[source] = None
            if now_s >= self._next_s:
                self._send(now_s)
            if self._changed:
                self._wait()

    def flush(self) -> None:
        """Send what is waiting now, if the pipe takes it."""
        with self._lock:
            if self._changed:
                now_s = time.monotonic()
                self._pass(now_s)
                self._send(now_s)

    def _pass(self, now_s: float) -> None:
        """Add the time since the last change to the phase that this process was in."""
        if not self._changed:
            self._spent_s.clear()
        else:
            name = next(reversed(self._open.values()), "")
            if name not in self._spent_s and len(self._spent_s) >= _MOST_NAMES:
                name = BEYOND
            self._spent_s[name] = self._spent_s.get(name, 0.0) + now_s - self._since_s
        self._since_s = now_s

    def _send(self, now_s: float) -> None:
        self._next_s = now_s + _EVERY_S
        sources = list(self._changed)[:_MOST_SOURCES]
        states = [{"phase": self._open.get(source, ""), "source": source, "time_s": round(now_s, 6)} for source in sources]
        if self._spent_s:
            spent_s = {name: round(seconds, 7) for name, seconds in self._spent_s.items()}
            states.insert(0, {"phases_s": spent_s, "time_s": round(now_s, 6)})
        if not send_lines(states):
            return
        for source in sources:
            del self._changed[source]
        self._spent_s.clear()

    def _wait(self) -> None:
        """Send what waits a moment later, also if no other phase begins, and at the end of the program."""
        if not self._has_exit:
            self._has_exit = True
            atexit.register(self.flush)
        if not self._is_waiting:
            self._is_waiting = True
            with signals_blocked():
                start_new_thread(self._send_later, ())

    def _send_later(self) -> None:
        for _ in range(_MOST_TRIES):
            time.sleep(max(self._next_s - time.monotonic(), 1e-3))
            with self._lock:
                now_s = time.monotonic()
                if self._changed and now_s >= self._next_s:
                    self._pass(now_s)
                    self._send(now_s)
                if not self._changed:
                    self._is_waiting = False  # under the lock that saw nothing wait, so that a change after it starts another thread
                    return
        with self._lock:
            self._is_waiting = False


_OUTBOXES: dict[int, Outbox] = {}
"""One a process: a fork has phases of its own."""


def outbox() -> Outbox:
    """Return that of this process."""
    process = os.getpid()
    found = _OUTBOXES.get(process)
    if found is None:
        _OUTBOXES.clear()
        found = _OUTBOXES.setdefault(process, Outbox())
    return found


def flush_own() -> None:
    """Send what this process has to say of its phases now."""
    if (found := _OUTBOXES.get(os.getpid())) is not None:
        found.flush()
