"""Ask a store that may not answer, as one on a file server that is down: in a thread for which nobody waits long."""

import errno
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from traincarbon.blocked_signals import signals_blocked
from traincarbon.errors import CarbonError

T = TypeVar("T")
_ANSWER_S = 3.0


class Task:
    """Something that a thread does, which takes no signal meant for the process, and that nobody waits for when the process ends."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._error: Exception | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin; where the system allows no more threads, do it at once."""
        self._done.clear()
        self._error = None
        try:
            with signals_blocked():
                threading.Thread(target=self._do, args=(work,), daemon=True).start()
        except RuntimeError:
            self._do(work)

    def finish(self, *, wait_s: float) -> None:
        """Wait until it is done.

        Raises:
            TimeoutError: it is not done in time.
        """
        if not self._done.wait(wait_s):
            raise TimeoutError(errno.ETIMEDOUT, "it does not answer")

    def check(self) -> None:
        """Raise the error that it ended with, if it did."""
        if self._error is not None:
            raise self._error

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  check raises it in the thread that asked
            self._error = error
        finally:
            self._done.set()


class Asked(Generic[T]):
    """A question to a store, asked when this is made.

    Args:
        ask: What a thread does; its result is the answer.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._answers: list[T] = []
        self._task = Task()
        self._began_s = time.monotonic()
        self._task.start(lambda: self._answers.append(ask()))

    def answer(self, *, within_s: float) -> T:
        """Return the answer, waiting for it until *within_s* seconds after the question was asked.

        Raises:
            TimeoutError: the store does not answer in time.
            OSError: the store answers with an error.
        """
        self._task.finish(wait_s=max(self._began_s + within_s - time.monotonic(), 0.0))
        self._task.check()
        return self._answers[0]


def check_answers(store: str) -> None:
    """Check that a store answers, before it is read without any limit of time. One that does not exist answers too.

    Raises:
        CarbonError: it does not answer within three seconds.
    """
    try:
        Asked(lambda: _touch(store)).answer(within_s=_ANSWER_S)
    except TimeoutError:
        raise CarbonError(
            f"the store {store} does not answer",
            hint="is its file server down? the runs of another store: --store DIR, those that were kept elsewhere: carbon doctor",
        ) from None


def _touch(store: str) -> None:
    """Do once what reading a store does: list its journals, and open a file in it."""
    try:
        with os.scandir(os.path.join(store, "journals")) as entries:
            next(entries, None)
        os.close(os.open(os.path.join(store, "salt"), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError:  # the reader says what is wrong
        return
