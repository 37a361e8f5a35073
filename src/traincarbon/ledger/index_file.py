"""The SQLite file of an index: its tables, and how a file that is not sound is set aside."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

VERSION = 8
"""Version of the tables below and of the summaries in them; an index of another version is set aside and rebuilt."""

_APPLICATION = 0x74726361
_BUSY_S = 30.0
_TABLES = """
CREATE TABLE folders (name TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, settled INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (folder TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, read_b INTEGER NOT NULL,
                    faults TEXT NOT NULL, PRIMARY KEY (folder, name)) WITHOUT ROWID;
CREATE TABLE processes (folder TEXT NOT NULL, name TEXT NOT NULL, run_id TEXT NOT NULL, writer TEXT NOT NULL, tangled INTEGER NOT NULL,
                        summary TEXT NOT NULL, PRIMARY KEY (folder, name, run_id, writer)) WITHOUT ROWID;
CREATE INDEX processes_of_a_run ON processes (run_id);
CREATE TABLE runs (run_id TEXT PRIMARY KEY, started_at TEXT NOT NULL, project TEXT NOT NULL, state TEXT NOT NULL, settled INTEGER NOT NULL,
                   record TEXT NOT NULL) WITHOUT ROWID;
"""


def connect(file: str) -> sqlite3.Connection:
    """Return a connection to a sound index of this version. Any other file in its place is set aside."""
    for _ in range(2):
        try:
            return _open(file)
        except sqlite3.DatabaseError as error:
            if not is_at_fault(error):
                break
            with suppress(OSError):
                set_aside(file)
    return _open(":memory:")


def is_at_fault(error: sqlite3.DatabaseError) -> bool:
    """Return whether the file itself is wrong, rather than locked, not permitted or on a full disk."""
    codes = ("PERM", "BUSY", "LOCKED", "NOMEM", "READONLY", "IOERR", "FULL", "CANTOPEN")
    return getattr(error, "sqlite_errorcode", 0) & 0xFF not in {getattr(sqlite3, f"SQLITE_{code}") for code in codes}


def _open(file: str) -> sqlite3.Connection:
    if file != ":memory:":
        with suppress(OSError):
            os.makedirs(os.path.dirname(file), exist_ok=True)
    connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if not _check(connection):
                for statement in _TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> bool:
    """Return whether the tables exist. Refuse the file of another program before anything in it is changed."""
    application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and (application, version) != (_APPLICATION, VERSION):
        raise sqlite3.DatabaseError("the file of another program or version")
    return bool(tables)


def set_aside(file: str) -> None:
    """Move a file that is not a valid index out of the way, unless another command has done so."""
    with _alone(f"{file}.lock"):
        if _is_sound(file):
            return
        aside = f"{file}.set-aside-{time.time_ns()}"
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{file}{ending}", f"{aside}{ending}")


def _is_sound(file: str) -> bool:
    """Return whether the file holds all our tables, or cannot be checked because it is in use."""
    try:
        connection = _open(file)
    except sqlite3.DatabaseError as error:
        return not is_at_fault(error)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return tables == {"folders", "files", "processes", "runs"} and connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        return not is_at_fault(error)
    finally:
        connection.close()


@contextmanager
def _alone(lock: str) -> Iterator[None]:
    """Hold a lock that the system releases if this process dies. Without locks on this system, go on."""
    with open(lock, "ab") as stream:
        with suppress(ImportError, OSError):
            from fcntl import LOCK_EX, flock

            flock(stream, LOCK_EX)
        yield
