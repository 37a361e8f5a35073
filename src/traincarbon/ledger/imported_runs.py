"""Write records of other programs into a store: journals of a line a record, quickly even if there are tens of thousands."""

import errno
import json
import os
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_scan import JournalFile
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.journal_lines import LONGEST_LINE_B, SCHEMA, with_checksum
from traincarbon.ledger.run import Run
from traincarbon.ledger.store_access import PRIVATE, file_mode, make_folder

RECORDS_OF_A_JOURNAL = 1000
"""At most: what forgets one of them writes the others anew, and what reads one journal has so many in memory."""
NODE = "import"
"""What stands for the machine in imported records, and begins the names of their journals."""
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class ImportedRun(NamedTuple):
    """A record in a journal.

    Attributes:
        mark: What tells this record from others, its writer in the journal.
        begin_b: Where its line begins.
        record: The record.
    """

    mark: str
    begin_b: int
    record: Run


class ImportedJournal(NamedTuple):
    """A new journal, alone in its folder, and the records in it."""

    file: JournalFile
    runs: list[ImportedRun]


class Added(NamedTuple):
    """Records that were added to a store, or would be.

    Attributes:
        ids: Their runs.
        journals: Where they are.
    """

    ids: list[str]
    journals: list[ImportedJournal]


Known: TypeAlias = Callable[[Collection[str]], Collection[str]]
"""Tells which of some marks are those of records that a store has."""


class _Stated(NamedTuple):
    """A record, its JSON and its mark."""

    record: Run
    text: str
    mark: str


def as_read(record: Run) -> Run:
    """Return a record as it is when it is read from a journal: without what is not published, and checked."""
    return Run.from_dict(record.to_brief())


def checked(journal: ImportedJournal) -> ImportedJournal:
    """Return what is in a journal as it is when it is read."""
    return ImportedJournal(journal.file, [run._replace(record=as_read(run.record)) for run in journal.runs])


def add_records(store: str, records: Sequence[Run], *, known: Known | None, dry_run: bool) -> Added:
    """Write the records that the store does not have yet. With *dry_run* nothing is written.

    Args:
        store: The folder of the ledger.
        records: The records.
        known: Tells which of some marks are those of records that the store has; None if it has none.
        dry_run: Write nothing.

    Raises:
        CarbonError: the store cannot be written.
    """
    if dry_run and known is None:
        return Added(list(dict.fromkeys(record.run_id for record in records)), [])
    new: dict[str, _Stated] = {}
    for record in records:
        text = _JSON.encode(record.to_brief())
        content = text.encode("ascii")
        mark = f"{NODE}-{zlib.crc32(content):08x}{zlib.adler32(content):08x}"
        new.setdefault(mark, _Stated(record, text, mark))
    already = known(new) if known is not None else ()
    stated = [each for mark, each in new.items() if mark not in already]
    added = Added([each.record.run_id for each in stated], [])
    for first in range(0, 0 if dry_run else len(stated), RECORDS_OF_A_JOURNAL):
        added.journals.append(_written(store, stated[first : first + RECORDS_OF_A_JOURNAL]))
    return added


def _written(store: str, stated: Sequence[_Stated]) -> ImportedJournal:
    """Write records into a new journal, complete or not at all.

    Raises:
        CarbonError: the store cannot be written.
    """
    folder = os.path.join(store, "journals")
    file = os.path.join(folder, name := f"{NODE}-{os.getpid()}-{time.time_ns()}", f"{name}.jsonl")
    runs, lines, size_b = [], [], 0
    for each, line in zip(stated, _lines(stated), strict=True):
        runs.append(ImportedRun(each.mark, size_b, each.record))
        lines.append(line)
        size_b += len(line)
    try:
        make_folder(folder)
        mode = file_mode(folder)
        os.mkdir(os.path.dirname(file), PRIVATE if mode == 0o600 else 0o777)
        state = _write(file, b"".join(lines), mode=mode)
    except OSError as error:
        reason = os.strerror(errno.ENOTDIR) if isinstance(error, FileExistsError) else error.strerror or error
        raise CarbonError(f"cannot write {file}: {reason}", hint="choose another store: --store DIR") from error
    return ImportedJournal(JournalFile(name, f"{name}.jsonl", state.st_size, state.st_mtime_ns), runs)


def _lines(stated: Sequence[_Stated]) -> Iterator[bytes]:
    """Yield the line of each record, which is JSON already."""
    now_s = time.time()
    wall = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now_s))}.{int(now_s % 1 * 1e6):06d}Z"
    times = f'"wall":"{wall}","wall_s":{now_s!r},"mono_s":{time.monotonic()!r}'
    for record, text, mark in stated:
        head = f'{{"schema":"{SCHEMA}","run_id":{_JSON.encode(record.run_id)},"node":"{NODE}","process":0,"writer":"{mark}","life":"","seq":0,"kind":"record"'
        line = with_checksum(f'{head},{times},"record":{text}}}'.encode("ascii")) + b"\n"
        fits = len(line) <= LONGEST_LINE_B and "NaN" not in text and "Infinity" not in text
        yield line if fits else _shortened(record, mark)


def _shortened(record: Run, mark: str) -> bytes:
    """Return the line of a record that does not fit into one, as a journal writes it: long texts and lists cut, numbers that are not finite left out."""
    kept = _Kept()
    Journal(f"{mark}.jsonl", run_id=record.run_id, node=NODE, process=0, opens=lambda _: kept).write("record", {"record": record.to_brief()})
    return b"".join(kept.lines)


class _Kept:
    """Keeps what a journal writes."""

    end_b: int | None = None

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, line: bytes, *, head: Iterable[bytes] = ()) -> None:  # noqa: ARG002  nothing begins anew
        """Keep a line."""
        self.lines.append(line)

    def append_made(self, line: Callable[[], bytes | None]) -> None:
        """Keep no line that only long journals need."""

    def close(self) -> None:
        """Do nothing."""


def _write(file: str, content: bytes, *, mode: int) -> os.stat_result:
    """Write a new file, complete or not at all, and return its state.

    Raises:
        OSError: it cannot be written, or exists.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
        return os.stat(file)
    except OSError:
        os.remove(file)
        os.rmdir(os.path.dirname(file))
        raise
