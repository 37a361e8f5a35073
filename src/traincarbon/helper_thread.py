"""A thread that does one task after another, each of which may hang: the caller waits as long as it wants to, and the process can end all the same."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from traincarbon.blocked_signals import FAULT_SIGNALS, signals_blocked


class Closed(Protocol):
    """What has to be closed at the end."""

    def close(self) -> None:
        """Close it."""
        ...


class HelperThread:
    """The thread, which takes no signal meant for its process.

    Raises:
        RuntimeError: the system allows no more threads.
    """

    def __init__(self) -> None:
        self.busy = False
        self._asked, self._done, self._ended = (threading.Lock() for _ in range(3))
        for lock in (self._asked, self._done, self._ended):
            lock.acquire()
        self._work: Callable[[], Any] | None = None
        self._answer: Any = None
        self._error: BaseException | None = None
        self._left: list[Closed] | None = None
        """What to close at the end."""
        with signals_blocked(but=FAULT_SIGNALS):
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

    def end(self, *things: Closed, wait_s: float = 0.0) -> None:
        """Close *things*, and what the last task opened, and end once that task is done. Wait *wait_s* for it."""
        self._left = list(things)
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
            except BaseException as error:  # noqa: BLE001  around a meter's read; raised again where the answer is taken
                self._error = error
            self._done.release()
        for opened_here in (*(self._left or ()), self._answer):
            close = getattr(opened_here, "close", None)
            if close is not None:
                with suppress(BaseException):
                    close()
        self._ended.release()
