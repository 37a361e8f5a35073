"""A meter whose vendor's library may hang, read in a thread of its own, so that nothing waits for it longer than a few seconds."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from traincarbon.meters.base import Meter, Reading, Unavailable

OPENING_S = 60.0
"""A driver that has to wake many GPUs takes some seconds for each."""
PATIENCE_S = 2.0
_CLOSING_S = 0.5
_SILENT_S = 1.0
"""Time between checks whether it answers again."""


class TimedOut(Unavailable):
    """A source that has not answered in time. It may answer later."""

    __slots__ = ()


class ThreadedMeter(Meter):
    """Reads *meter* in a thread. While it hangs, its readings stay the same. Afterwards a counter holds what it missed."""

    def __init__(self, meter: Meter, thread: "_Thread") -> None:
        self.name = meter.name
        self.names: Mapping[str, str] = getattr(meter, "names", {})
        self.unread: tuple[str, ...] = getattr(meter, "unread", ())
        self.notes: list[str] = []
        self.max_interval_s = meter.max_interval_s
        self._meter = meter
        self._thread = thread
        self._last: tuple[Reading, ...] = ()
        self._silent_since_s: float | None = None
        self._closed = False

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device, the last ones if the library does not answer."""
        if self._closed:
            return self._last
        asked_s = time.monotonic()
        if not self._thread.busy:
            self._thread.ask(self._meter.read)
        if self._thread.answers(wait_s=PATIENCE_S if self._silent_since_s is None else 0.0):
            if self._silent_since_s is not None:
                self.notes.append(f"{self.name}: its library answers again after {time.monotonic() - self._silent_since_s:.1f} s")
            self._silent_since_s = None
            self._last = self._thread.answer()
            self.max_interval_s = self._meter.max_interval_s
            self.notes += self._meter.notes
            self._meter.notes.clear()
        elif self._silent_since_s is None:
            self._silent_since_s = asked_s
            self.max_interval_s = _SILENT_S
            self.notes.append(f"{self.name}: its library has not answered for {PATIENCE_S:g} s: its energy stands still until it does")
        return self._last

    def close(self) -> None:
        """Close the meter as soon as its library answers."""
        if not self._closed:
            self._closed = True
            self._thread.end(self._meter, wait_s=_CLOSING_S)


def opened(name: str, probe: Callable[[], Meter | Unavailable], *, wait_s: float) -> Meter | Unavailable:
    """Return the meter that *probe* opens, or the reason why there is none. After *wait_s* that is :class:`TimedOut`."""
    thread = _Thread()
    thread.ask(probe)
    if not thread.answers(wait_s=wait_s):
        thread.end()
        return TimedOut(name, f"its library does not answer within {wait_s:g} s", "is a GPU lost? sudo dmesg | grep -iE 'nvrm|xid|amdgpu'", is_there=True)
    found: Meter | Unavailable = thread.answer()
    if isinstance(found, Unavailable):
        thread.end()
        return found
    return ThreadedMeter(found, thread)


class _Thread:
    """A thread that does one task at a time and that no process waits for when it ends."""

    def __init__(self) -> None:
        self.busy = False
        self._asked, self._done, self._ended = (threading.Lock() for _ in range(3))
        for lock in (self._asked, self._done, self._ended):
            lock.acquire()
        self._work: Callable[[], Any] | None = None
        self._answer: Any = None
        self._error: Exception | None = None
        self._left: list[Meter] | None = None
        """What to close at the end."""
        threading.Thread(target=self._run, daemon=True).start()

    def ask(self, work: Callable[[], Any]) -> None:
        """Start a task."""
        self.busy, self._work = True, work
        self._asked.release()

    def answers(self, *, wait_s: float) -> bool:
        """Return whether the task is done, waiting for it no longer than *wait_s*."""
        if self.busy and self._done.acquire(timeout=wait_s):
            self.busy = False
        return not self.busy

    def answer(self) -> Any:
        """Return the result of the task, or raise its error."""
        if self._error is not None:
            raise self._error
        return self._answer

    def end(self, *meters: Meter, wait_s: float = 0.0) -> None:
        """Close *meters*, and a meter that opened too late, and end once the task is done. Wait *wait_s* for that."""
        self._left = list(meters)
        if self._asked.locked():
            self._asked.release()
        self._ended.acquire(timeout=wait_s)

    def _run(self) -> None:
        while True:
            self._asked.acquire()
            if self._left is not None or self._work is None:
                break
            self._answer, self._error = None, None
            try:
                self._answer = self._work()
            except Exception as error:  # noqa: BLE001  around a meter's read; raised again where the answer is taken
                self._error = error
            self._done.release()
        for opened_here in (*(self._left or ()), self._answer):
            close = getattr(opened_here, "close", None)
            if close is not None:
                with suppress(Exception):
                    close()
        self._ended.release()
