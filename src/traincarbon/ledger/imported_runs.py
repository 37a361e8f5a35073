"""Write records of other programs into a store: a journal of one line each, quickly even if there are tens of thousands."""

import errno
import json
import os
import time
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_scan import JournalFile
from traincarbon.ledger.journal import Journal, run_folder
from traincarbon.ledger.journal_lines import LONGEST_LINE_B, SCHEMA, read_journal, with_checksum
from traincarbon.ledger.run import Run
from traincarbon.ledger.store_access import PRIVATE, file_mode, make_folder

_NODE = "import"


class Added(NamedTuple):
    """Records that were added to a store, or would be.

    Attributes:
        ids: Their runs.
        alone: The journals of those whose runs had no folder before, each with the record in it.
    """

    ids: list[str]
    alone: list[tuple[JournalFile, Run]]


def as_read(record: Run) -> Run:
    """Return a record as it is when it is read from a journal: without what is not published, and checked."""
    return Run.from_dict(record.to_dict())


def add_records(store: str, records: Sequence[Run], *, dry_run: bool) -> Added:
    """Write the records that the store does not have yet. With *dry_run* nothing is written.

    Raises:
        CarbonError: the store cannot be written.
    """
    added = Added([], [])
    mode = -1
    folders = _folders(store) if dry_run else None
    for record in records:
        if folders is not None and os.path.basename(run_folder(store, record.run_id)) not in folders:
            added.ids.append(record.run_id)
            continue
        stated = record.to_dict()
        text = json.dumps(stated, sort_keys=True)
        mark = f"import-{zlib.crc32(text.encode('ascii')):08x}{zlib.adler32(text.encode('ascii')):08x}"
        folder = run_folder(store, record.run_id)
        file = os.path.join(folder, f"{mark}.jsonl")
        if os.path.lexists(file) and read_journal(file)[0]:
            continue
        added.ids.append(record.run_id)
        if dry_run:
            continue
        try:
            mode = _mode_of(store) if mode < 0 else mode
            is_new = _made(folder, mode=PRIVATE if mode == 0o600 else 0o777)
            state = _write(file, _line(record.run_id, mark, text), mode=mode)
        except (OSError, ValueError):
            _write_patiently(file, record.run_id, stated)
            continue
        if is_new:
            added.alone.append((JournalFile(os.path.basename(folder), os.path.basename(file), state.st_size, state.st_mtime_ns), record))
    return added


def _folders(store: str) -> set[str]:
    """Return the names of the folders with journals, none if the store does not exist."""
    try:
        return set(os.listdir(os.path.join(store, "journals")))
    except OSError:
        return set()


def _mode_of(store: str) -> int:
    """Return the mode of new files in the store, which is made if it is missing."""
    make_folder(os.path.join(store, "journals"))
    return file_mode(os.path.join(store, "journals"))


def _line(run_id: str, writer: str, record: str) -> bytes:
    """Return the line with a record that is JSON already.

    Raises:
        ValueError: it is too long for a journal, or states a number that is not finite.
    """
    now = time.time()
    wall = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d}Z"
    head = {"schema": SCHEMA, "run_id": run_id, "node": _NODE, "process": 0, "writer": writer, "life": "", "seq": 0, "kind": "record", "wall": wall}
    times = {"wall_s": now, "mono_s": time.monotonic()}
    line = with_checksum(f'{json.dumps({**head, **times}, separators=(",", ":"))[:-1]},"record":{record}}}'.encode("ascii")) + b"\n"
    if len(line) > LONGEST_LINE_B or "NaN" in record or "Infinity" in record:
        raise ValueError("the record does not fit into a line")
    return line


def _made(folder: str, *, mode: int) -> bool:
    """Make the folder of a run, and return whether there was none.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.mkdir(folder, mode)
    except FileExistsError:
        return False
    return True


def _write(file: str, line: bytes, *, mode: int) -> os.stat_result:
    """Write a new journal, complete or not at all, and return its state.

    Raises:
        OSError: it cannot be written, or exists.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        is_whole = os.write(descriptor, line) == len(line)
        state = os.fstat(descriptor)
    except OSError:
        is_whole = False
    finally:
        os.close(descriptor)
    if not is_whole:
        os.remove(file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return state


def _write_patiently(file: str, run_id: str, stated: dict[str, object]) -> None:
    """Write a record as journals are written: shortened if it is too long, into folders of any kind, with the reason if that fails."""
    journal = Journal(file, run_id=run_id, node=_NODE, process=0)
    written = journal.write("record", {"record": stated})
    journal.close()
    if not written:
        raise CarbonError(f"cannot write {file}: {journal.fault}", hint="choose another store: --store DIR")
