"""The SQLite file of an index: its tables, and how a file that is not sound is set aside."""

import marshal
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from struct import Struct
from typing import Any

from traincarbon.ledger.checked_file import CheckedFile, is_same_state
from traincarbon.ledger.listed_runs import COLUMNS as LISTED
from traincarbon.ledger.listed_runs import INDEXES as LISTS
from traincarbon.ledger.store_access import file_mode, make_folder
from traincarbon.reading import open_regular

VERSION = 27
"""Version of the tables below and of the summaries in them; an index of another version is removed and rebuilt."""

IN_MEMORY = ":memory:"
"""The place of an index that no file holds."""
_APPLICATION = 0x74726361
_HEAD = Struct(">16s44xI4xI")
"""How a file of SQLite begins: with a text, ``user_version`` and ``application_id``."""
_ENDINGS = ("-wal", "-shm", "")
"""What the files of a database end in, the main one last: as soon as it is gone, others make a new one."""
_MARSHALLED = 2
"""The version in which a row is written as bytes for its checksum: equal values give equal bytes, whatever shares them in memory, in a quarter of the time of ``repr``."""
_BUSY_S = 2.0
"""How long to wait for another command before the index is done without."""
_NOTED_S = 0.2
"""How long to wait for another command that has written to note that."""
_COLUMNS = {
    "folders": ("name TEXT PRIMARY KEY", "mtime_ns INTEGER NOT NULL", "settled INTEGER NOT NULL"),
    "files": ("folder TEXT NOT NULL", "name TEXT NOT NULL", "size INTEGER NOT NULL", "mtime_ns INTEGER NOT NULL", "read_b INTEGER NOT NULL", "faults TEXT NOT NULL"),
    "processes": (
        *("folder TEXT NOT NULL", "name TEXT NOT NULL", "run_id TEXT NOT NULL", "writer TEXT NOT NULL", "tangled INTEGER NOT NULL"),
        *("record_b INTEGER", "summary TEXT NOT NULL"),
    ),
    "runs": (
        *("run_id TEXT PRIMARY KEY", "started_at TEXT NOT NULL", "project TEXT NOT NULL", "state TEXT NOT NULL", "settled INTEGER NOT NULL"),
        *LISTED, "is_long INTEGER NOT NULL", "record TEXT NOT NULL",
    ),
}  # fmt: skip
"""The columns of each table; the last column of all is the checksum of the others. ``record_b`` is where an imported record begins in its file."""
_KEYS = {"files": ", PRIMARY KEY (folder, name)", "processes": ", PRIMARY KEY (folder, name, run_id, writer)"}
_INDEXES = (
    "CREATE INDEX files_with_faults ON files (folder, name) WHERE faults != '[]'",
    "CREATE INDEX processes_of_a_run ON processes (run_id)",
    "CREATE INDEX imported_records ON processes (writer) WHERE record_b IS NOT NULL",
    *LISTS,
)


class _OtherVersionError(sqlite3.DatabaseError):
    """The file is our index of another version."""


class IndexConnection(sqlite3.Connection):
    """A connection to an index, which keeps beside the file in which state it is sound."""

    checked: CheckedFile | None = None
    """None in memory."""

    def is_sound(self) -> bool:
        """Return whether nobody but our own commands has changed the file since it was looked through."""
        return self.checked is not None and self.checked.is_known(patience_s=_NOTED_S)

    def was_looked_through(self, *, within_s: float) -> bool:
        """Return whether all of it was looked through within some time; what is in memory cannot be damaged."""
        return self.checked is None or self.checked.was_looked_through(within_s=within_s)

    def close(self) -> None:
        """Close the connection. It is safe to call twice."""
        checked, self.checked = self.checked, None
        seen = b"" if checked is None else checked.known_state()
        moves = checked is not None and checked.is_pending()
        super().close()
        if checked is not None and seen:
            checked.remember(None if moves else seen)


def connect(file: str) -> IndexConnection:
    """Return a connection to a sound index of this version. Any other file in its place is set aside."""
    for _ in range(2):
        try:
            return _open(file)
        except sqlite3.DatabaseError as error:
            if not is_at_fault(error):
                break
            with suppress(OSError):
                set_aside(file)
    return _open(IN_MEMORY)


def is_at_fault(error: sqlite3.DatabaseError) -> bool:
    """Return whether the file itself is wrong, rather than locked, not permitted or on a full disk."""
    codes = ("PERM", "BUSY", "LOCKED", "NOMEM", "READONLY", "IOERR", "FULL", "CANTOPEN")
    return getattr(error, "sqlite_errorcode", 0) & 0xFF not in {getattr(sqlite3, f"SQLITE_{code}") for code in codes}


@contextmanager
def writing(connection: IndexConnection) -> Iterator[None]:
    """Write to an index in one transaction, and keep that it is sound if it was."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        is_sound = connection.is_sound()
        yield
    if is_sound and connection.checked is not None:
        connection.checked.remember()


def distrust(connection: IndexConnection) -> None:
    """Let the whole file be looked through before it is used again, as something in it turned out to be wrong."""
    if connection.checked is not None:
        connection.checked.forget()


def _open(file: str) -> IndexConnection:
    if file != IN_MEMORY:
        if os.path.islink(file):  # SQLite would write where it leads
            raise sqlite3.DatabaseError("a link")
        with suppress(OSError):
            make_folder(os.path.dirname(file))
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), file_mode(os.path.dirname(file))))
    checked = CheckedFile(file)
    known = checked.known_state(patience_s=_NOTED_S)
    connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None, factory=IndexConnection)
    connection.create_function("checksum", -1, _checksum, deterministic=True)
    connection.create_function("is_as_written", -1, is_as_written, deterministic=True)
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not _check(connection):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                if not _check(connection):
                    _make_tables(connection)
        seen = checked.state()
        is_known = is_same_state(known, seen)
        if not is_known:
            _check_content(connection)
        checked.remember(seen, is_looked_through=not is_known)
        connection.checked = checked if file != IN_MEMORY else None
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
    if tables and application != _APPLICATION:
        raise sqlite3.DatabaseError("the file of another program")
    if tables and version != VERSION:
        raise _OtherVersionError("an index of another version")
    return bool(tables)


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows of numbers and texts with their checksums, in place of those with the same keys."""
    places = ", ".join("?" * (len(_COLUMNS[table]) + 1))
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", map(_with_checksum, rows))  # noqa: S608  no value in it


def differing_runs(connection: sqlite3.Connection, rows: Iterable[Sequence[object]]) -> list[Sequence[object]]:
    """Return those rows of runs that the table has otherwise or not at all: a run that goes on and has written nothing new lets no file change."""
    stated = [(row, connection.execute("SELECT checksum FROM runs WHERE run_id = ?", (row[0],)).fetchone()) for row in rows]
    return [row for row, found in stated if found != (_with_checksum(row)[-1],)]


def _with_checksum(row: Sequence[object]) -> tuple[object, ...]:
    """Return a row as SQLite gives it back, to which its checksum belongs: it has no number that is none, and no zero with a sign."""
    kept = [(value + 0.0 if value == value else None) if isinstance(value, float) else value for value in row]  # noqa: PLR0124  NaN alone differs from itself
    return (*kept, _checksum(*kept))


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield all rows of a table without their checksums, which are tested: of many short rows this is the quicker way.

    Raises:
        DatabaseError: one is not as it was written.
    """
    for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608  no value in it
        is_as_written(*row)
        yield row[:-1]


def tested(table: str) -> str:
    """Return a term that is true for a row as it was written, and for any other one lets the question fail."""
    return f"is_as_written({_names(table)}, checksum)"


def is_as_written(*row: Any) -> int:
    """Return 1 for a row of a table with its checksum.

    Raises:
        DatabaseError: it is not as it was written.
    """
    if _checksum(*row[:-1]) != row[-1]:
        raise sqlite3.DatabaseError("a row is damaged")
    return 1


def _names(table: str) -> str:
    return ", ".join(column.partition(" ")[0] for column in _COLUMNS[table])


def _make_tables(connection: sqlite3.Connection) -> None:
    for table, columns in _COLUMNS.items():
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)}, checksum INTEGER NOT NULL{_KEYS.get(table, '')}) WITHOUT ROWID")
    for index in _INDEXES:
        connection.execute(index)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _check_content(connection: sqlite3.Connection) -> None:
    """Refuse a file in which anything is not as it was written: bits that flipped, pages that are missing, tables that were changed."""
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):  # the quick one does not compare indexes with their tables
        raise sqlite3.DatabaseError("the file is damaged")
    for table in _COLUMNS:
        if connection.execute(f"SELECT 1 FROM {table} WHERE checksum IS NOT checksum({_names(table)}) LIMIT 1").fetchone():  # noqa: S608  no value in it
            raise sqlite3.DatabaseError(f"a row of {table} is damaged")


def _checksum(*values: Any) -> int:
    return zlib.crc32(marshal.dumps(values, _MARSHALLED))


def set_aside(file: str) -> None:
    """Move a file that is not a valid index out of the way, unless another command has done so. Of our own, the last one that was damaged is kept.

    A program of another version that has one open reads on in it: it is the same file under another name, or none, until that program closes it.
    """
    with _alone(f"{file}.lock"):
        fault = _fault_of(file)
        if fault is None:
            return
        aside = f"{file}.set-aside-{time.time_ns()}"
        for ending in _ENDINGS:
            with suppress(FileNotFoundError):
                os.replace(f"{file}{ending}", f"{aside}{ending}")
        if isinstance(fault, _OtherVersionError):  # the file itself may say nothing yet, as long as a program has it open
            _remove(aside)
        _remove_useless(file)


def _remove_useless(file: str) -> None:
    """Remove what was set aside and is of no use to anyone: our indexes of other versions, and of damaged ones all but the last."""
    beginning = f"{os.path.basename(file)}.set-aside-"
    names = [name for name in os.listdir(os.path.dirname(file)) if name.startswith(beginning) and name.removeprefix(beginning).isdecimal()]
    has_damaged = False
    for name in sorted(names, key=lambda each: int(each.removeprefix(beginning)), reverse=True):
        aside = os.path.join(os.path.dirname(file), name)
        with suppress(OSError):
            version = _version_of(aside)
            if version is None or (version == VERSION and not has_damaged):
                has_damaged = has_damaged or version is not None
                continue
            _remove(aside)


def _remove(file: str) -> None:
    """Remove a database with the files beside it."""
    for ending in _ENDINGS:
        with suppress(FileNotFoundError):
            os.remove(f"{file}{ending}")


def _version_of(file: str) -> int | None:
    """Return which version of our index a file is by its first bytes, None if it is another file."""
    with open_regular(file) as stream:
        head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, version, application = _HEAD.unpack(head)
    return version if (magic, application) == (b"SQLite format 3\0", _APPLICATION) else None


def _fault_of(file: str) -> sqlite3.DatabaseError | None:
    """Return what is wrong with a file, None if it holds all our tables, or cannot be checked because it is in use."""
    try:
        connection = _open(file)
    except sqlite3.DatabaseError as error:
        return error if is_at_fault(error) else None
    connection.close()
    return None


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
