"""Answers that are kept as long as nothing is written to the index: sums over all runs take seconds in a large ledger, and a web app asks them again and again."""

import sqlite3
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")
_MOST = 32
"""Answers that are kept."""


class KeptAnswers:
    """The answers of one index."""

    def __init__(self) -> None:
        self._state: object = None
        self._answers: dict[Hashable, object] = {}

    def answer(self, question: Hashable, ask: Callable[[], T], *, connection: sqlite3.Connection) -> T:
        """Return the answer to a question: the one that is kept, or what *ask* gives.

        Raises:
            DatabaseError: the file is damaged.
        """
        others: int = connection.execute("PRAGMA data_version").fetchone()[0]
        state = (connection, others, connection.total_changes)  # what others wrote, and this connection
        if state != self._state or len(self._answers) >= _MOST:
            self._state = state
            self._answers.clear()
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]  # type: ignore[return-value]  # of the same question
