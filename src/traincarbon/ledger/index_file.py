"""The SQLite file of an index: its tables, and how a file that is not sound is set aside."""

import marshal
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from traincarbon.ledger.checked_file import CheckedFile
from traincarbon.ledger.listed_runs import COLUMNS as LISTED
from traincarbon.ledger.listed_runs import INDEX, PROJECT_INDEX
from traincarbon.ledger.store_access import file_mode, make_folder

VERSION = 26
"""Version of the tables below and of the summaries in them; an index of another version is set aside and rebuilt."""

_APPLICATION = 0x74726361
_MARSHALLED = 2
"""The version in which a row is written as bytes for its checksum: equal values give equal bytes, whatever shares them in memory, in a quarter of the time of ``repr``."""
_BUSY_S = 2.0
"""How long to wait for another command before the index is done without."""
_COLUMNS = {
    "folders": ("name TEXT PRIMARY KEY", "mtime_ns INTEGER NOT NULL", "settled INTEGER NOT NULL"),
    "files": ("folder TEXT NOT NULL", "name TEXT NOT NULL", "size INTEGER NOT NULL", "mtime_ns INTEGER NOT NULL", "read_b INTEGER NOT NULL", "faults TEXT NOT NULL"),
    "processes": (
        *("folder TEXT NOT NULL", "name TEXT NOT NULL", "run_id TEXT NOT NULL", "writer TEXT NOT NULL", "tangled INTEGER NOT NULL"),
        *("record_b INTEGER", "summary TEXT NOT NULL"),
    ),
    "runs": (
        *("run_id TEXT PRIMARY KEY", "started_at TEXT NOT NULL", "project TEXT NOT NULL", "state TEXT NOT NULL", "settled INTEGER NOT NULL"),
        *LISTED, "record TEXT NOT NULL",
    ),
}  # fmt: skip
"""The columns of each table; the last column of all is the checksum of the others. ``record_b`` is where an imported record begins in its file."""
_KEYS = {"files": ", PRIMARY KEY (folder, name)", "processes": ", PRIMARY KEY (folder, name, run_id, writer)"}


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
        if os.path.islink(file):  # SQLite would write where it leads
            raise sqlite3.DatabaseError("a link")
        with suppress(OSError):
            make_folder(os.path.dirname(file))
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), file_mode(os.path.dirname(file))))
    checked = CheckedFile(file)
    connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
    connection.create_function("checksum", -1, _checksum, deterministic=True)
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not _check(connection):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                if not _check(connection):
                    _make_tables(connection)
        if not checked.is_unchanged:
            _check_content(connection)
            checked.remember()
    except UnicodeDecodeError as error:  # what SQLite says about a damaged table has bytes of it
        connection.close()
        raise sqlite3.DatabaseError("the file is damaged") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> bool:
    """Return whether the tables exist. Refuse the file of another program before anything in it is changed."""
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]  # before the rest, as one transaction writes both
    application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if tables and (application, version) != (_APPLICATION, VERSION):
        raise sqlite3.DatabaseError("the file of another program or version")
    return bool(tables)


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows of numbers and texts with their checksums, in place of those with the same keys."""
    places = ", ".join("?" * (len(_COLUMNS[table]) + 1))
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", ((*row, _checksum(*row)) for row in rows))  # noqa: S608  no value in it


def _names(table: str) -> str:
    return ", ".join(column.partition(" ")[0] for column in _COLUMNS[table])


def _make_tables(connection: sqlite3.Connection) -> None:
    for table, columns in _COLUMNS.items():
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)}, checksum INTEGER NOT NULL{_KEYS.get(table, '')}) WITHOUT ROWID")
    connection.execute("CREATE INDEX processes_of_a_run ON processes (run_id)")
    connection.execute("CREATE INDEX imported_records ON processes (writer) WHERE record_b IS NOT NULL")
    connection.execute(INDEX)
    connection.execute(PROJECT_INDEX)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _check_content(connection: sqlite3.Connection) -> None:
    """Refuse a file in which anything is not as it was written: bits that flipped, pages that are missing, tables that were changed."""
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("the file is damaged")
    for table in _COLUMNS:
        if connection.execute(f"SELECT 1 FROM {table} WHERE checksum IS NOT checksum({_names(table)}) LIMIT 1").fetchone():  # noqa: S608  no value in it
            raise sqlite3.DatabaseError(f"a row of {table} is damaged")


def _checksum(*values: Any) -> int:
    return zlib.crc32(marshal.dumps(values, _MARSHALLED))


def set_aside(file: str) -> None:
    """Move a file that is not a valid index out of the way, unless another command has done so."""
    with _alone(f"{file}.lock"):
        if _is_sound(file):
            return
        aside = f"{file}.set-aside-{time.time_ns()}"
        for ending in ("-wal", "-shm", ""):  # the file last: as soon as it is gone, others make a new one
            with suppress(FileNotFoundError):
                os.replace(f"{file}{ending}", f"{aside}{ending}")


def _is_sound(file: str) -> bool:
    """Return whether the file holds all our tables, or cannot be checked because it is in use."""
    try:
        connection = _open(file)
    except sqlite3.DatabaseError as error:
        return not is_at_fault(error)
    connection.close()
    return True


@contextmanager
def _alone(lock: str) -> Iterator[None]:
    """Hold a lock that the system releases if this process dies. Without locks on this system, go on."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)  # a pipe in its place must not block
    try:
        with suppress(ImportError, OSError):
            from fcntl import LOCK_EX, flock

            flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)
