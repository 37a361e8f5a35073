"""The ledger of a store in a thread of its own: SQLite belongs to one thread, and a store that hangs may not stop the app."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.server.address import server_address, shown
from traincarbon.ledger.server.team_ledger import open_ledger
from traincarbon.ledger.source import RunSource
from traincarbon.ledger.store_folder import store_folder

T = TypeVar("T")
_ANSWER_S = 5.0
"""How long a page waits for the store."""
_QUICK_S = 0.1
"""Looking for changes that takes less is done before every answer."""
_RARELY = 20.0
"""Looking for changes that takes longer is done after an answer, and not again for so many times as long."""
_FIRST_S = 60.0
"""How long the first pages wait, while the index is checked or made; a store that does not answer is said sooner, as the ledger asks it first."""


class StoreError(CarbonError):
    """The store does not answer, or cannot be read."""


class LedgerThread:
    """Answer questions to the ledger, one after another. The ledger stays open, so that only its changes are read.

    Args:
        store: The folder of the ledger; by default the server in ``$CARBON_LEDGER``, else ``$CARBON_STORE``, else the user's data folder.
        answer_s: How long to wait for an answer.
        first_s: How long to wait until the ledger is open.
    """

    def __init__(self, store: str | None = None, *, answer_s: float = _ANSWER_S, first_s: float = _FIRST_S) -> None:
        self.store = store_folder(store)
        self._named = store
        address = "" if store is not None else server_address()
        self.place = shown(address) if address else self.store
        self._answer_s, self._first_s = answer_s, first_s
        self._is_open = threading.Event()
        self._refresh_s, self._refreshed_s = 0.0, 0.0
        self._ledger: LedgerReader | None = None
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._overdue: Future[object] | None = None
        self._thread: threading.Thread | None = None

    async def ask(self, question: Callable[[LedgerReader], T], *, wait_s: float = 0.0) -> T:
        """Return the answer to a *question*; *wait_s* is for one that may take longer than usual.

        Raises:
            StoreError: the store does not answer, or cannot be read.
            CarbonError: the question has no answer.
        """
        if self._overdue is not None and not self._overdue.done():
            raise self._does_not_answer()
        future: Future[T] = Future()
        wait_s = max(wait_s, self._answer_s, 0.0 if self._is_open.is_set() else self._first_s)
        self._start()
        self._asked.put(lambda: self._answer(question, future))
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), wait_s)
        except TimeoutError:
            if not future.done():
                self._overdue = future  # type: ignore[assignment]  # only asked whether it is done
            raise self._does_not_answer() from None

    async def ask_index(self, question: Callable[[RunSource], T]) -> T:
        """Return the answer to a question to the index of runs.

        Where looking for changes takes long, as in a store of a hundred thousand runs, the answer comes first and the changes are read after it.

        Raises:
            StoreError: the store does not answer, or cannot be read.
            CarbonError: the question has no answer.
        """

        def answered(ledger: LedgerReader) -> T:
            if self._refresh_s < _QUICK_S:
                self._refresh(ledger)
            return question(ledger.index)

        found = await self.ask(answered)
        if time.monotonic() - self._refreshed_s > _RARELY * self._refresh_s >= _RARELY * _QUICK_S:
            self._refreshed_s = time.monotonic()
            self._asked.put(lambda: self._answer(self._refresh, Future()))
        return found

    def _refresh(self, ledger: LedgerReader) -> None:
        """Read what has changed, and take note of how long that took this thread."""
        begin_s = time.thread_time()
        ledger.index.refresh()
        self._refresh_s, self._refreshed_s = time.thread_time() - begin_s, time.monotonic()

    def warm_up(self) -> None:
        """Begin to open the ledger, before anyone asks: checking the index of many runs takes seconds."""
        self._start()
        self._asked.put(lambda: self._answer(self._warm, Future()))

    def _warm(self, ledger: LedgerReader) -> None:
        self._refresh(ledger)  # what it takes to read the store for the first time says nothing of the next
        self._refresh(ledger)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)  # nobody waits for it at the end
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._asked.get()()

    def _answer(self, question: Callable[[LedgerReader], T], future: "Future[T]") -> None:
        try:
            if self._ledger is None:
                self._ledger = open_ledger(self._named)
            answer = question(self._ledger)
            self._is_open.set()
            future.set_result(answer)
        except CarbonError as error:
            future.set_exception(error)
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(sqlite3.Error):
                self.close()
            reason = getattr(error, "strerror", None) or error
            future.set_exception(StoreError(f"the store {self.place} cannot be read: {reason}", hint="does it exist, and may you read it?"))
        except BaseException as error:  # noqa: BLE001  the thread lives on; the one who asked hears of it
            future.set_exception(error)

    def close(self) -> None:
        """Close the ledger; the next question opens it again."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _does_not_answer(self) -> StoreError:
        if not self._is_open.is_set() and self._ledger is not None:
            return StoreError(f"the runs in {self.place} are still being read", hint="many runs take minutes the first time; load the page again then")
        return StoreError(f"the store {self.place} does not answer", hint="is it on a file server that is down? Plans and facts work without it")
