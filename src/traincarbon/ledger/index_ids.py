"""Ids of runs in the index: those that begin with some letters, which of some there are, and whether it is certain that none is."""

import sqlite3
from collections.abc import Sequence

from traincarbon.ledger.half_letters import as_asked
from traincarbon.ledger.index_file import tested

_LAST_LETTER, _LONGEST_ID = "\U0010ffff", 4
"""No id goes on with so many of them."""
_ALL = "SELECT run_id FROM runs ORDER BY started_at DESC, run_id LIMIT ?"
_BEGUN = "SELECT run_id FROM runs WHERE run_id BETWEEN ? AND ? ORDER BY started_at DESC, run_id LIMIT ?"
_OF_PROCESSES = "SELECT 1 FROM processes INDEXED BY processes_of_a_run WHERE run_id BETWEEN ? AND ? LIMIT 1"
_SPELLED = "SELECT DISTINCT run_id FROM processes INDEXED BY processes_of_a_run WHERE run_id = ? COLLATE NOCASE ORDER BY run_id LIMIT ?"
_BEFORE = f"SELECT {tested('runs')} FROM runs WHERE run_id < ? ORDER BY run_id DESC LIMIT 1"  # noqa: S608  no value in it
_AFTER = f"SELECT {tested('runs')} FROM runs WHERE run_id >= ? ORDER BY run_id LIMIT 1"  # noqa: S608  no value in it
_ASKED_AT_ONCE = 500


def ids_in(connection: sqlite3.Connection, prefix: str, *, limit: int) -> list[str]:
    """Return the ids that begin with *prefix*, those of the latest runs first and at most *limit* (0: all)."""
    rows = connection.execute(_BEGUN, (*_range(prefix), limit or -1)) if prefix else connection.execute(_ALL, (limit or -1,))
    return [run_id for (run_id,) in rows]


def is_without(connection: sqlite3.Connection, prefix: str) -> bool:
    """Return whether no id begins with *prefix* in a table of runs that gave none, without a look at all of it.

    An id that was damaged is still between its neighbours, so that one of these is no longer as it was written; and where the way to it is damaged, the index of processes has it.

    Raises:
        DatabaseError: a row is not as it was written.
    """
    for question in (_BEFORE, _AFTER):
        connection.execute(question, (as_asked(prefix),)).fetchall()
    return connection.execute(_OF_PROCESSES, _range(prefix)).fetchone() is None


def known_of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Return those of some *ids* that runs have."""
    found = list[str]()
    for first in range(0, len(ids), _ASKED_AT_ONCE):
        some = [*map(as_asked, ids[first : first + _ASKED_AT_ONCE])]
        found += [run_id for (run_id,) in connection.execute(f"SELECT run_id FROM runs WHERE run_id IN ({', '.join('?' * len(some))})", some)]  # noqa: S608  no value in it
    return found


def spelled_otherwise(connection: sqlite3.Connection, id: str, *, limit: int) -> list[str]:
    """Return at most *limit* ids of runs that differ from *id* in upper and lower case of the letters a to z alone."""
    return known_of(connection, [run_id for (run_id,) in connection.execute(_SPELLED, (as_asked(id), limit))])


def _range(prefix: str) -> tuple[object, object]:
    """Return *prefix* and a text after all that begin with it: by comparing, as SQLite ends a text at its first NUL where it looks for one in another."""
    return as_asked(prefix), as_asked(f"{prefix}{_LAST_LETTER * _LONGEST_ID}")
