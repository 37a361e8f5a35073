"""Where the journals of a store have imported records already: the same ones, or others of the same name."""

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias

from traincarbon.ledger.index import Index
from traincarbon.ledger.journal_lines import RECORD, Line, read_lines

Key: TypeAlias = tuple[str, str]
"""A run, and the writer of a record of it."""
_HOLDERS = "SELECT folder, name, run_id, writer, record_b FROM processes WHERE record_b IS NOT NULL AND run_id IN ({})"
_ASKED_AT_ONCE = 500


class Elsewhere(NamedTuple):
    """Records that journals of a store have as they are on the disk now, and those that one states differently."""

    held: set[Key]
    differing: set[Key]


def key_of(line: Line) -> Key:
    """Return what tells the record of a line apart from others."""
    return line["run_id"], line["writer"]


def elsewhere(index: Index, records: Mapping[Key, object], *, but: Collection[tuple[str, str]] = ()) -> Elsewhere:
    """Return which *records* journals of the store have, *but* those of these folders and names. The index is asked as it is."""
    found = Elsewhere(set(), set())
    run_ids = sorted({run_id for run_id, _ in records})
    for first in range(0, len(run_ids), _ASKED_AT_ONCE):
        some = run_ids[first : first + _ASKED_AT_ONCE]
        for folder, name, run_id, writer, record_b in index.rows(_HOLDERS.format(", ".join("?" * len(some))), *some):
            key = run_id, writer
            line = _line_at(os.path.join(index.journals, folder, name), record_b) if key in records and (folder, name) not in but else None
            if line is not None and key_of(line) == key:
                (found.held if line.get("record") == records[key] else found.differing).add(key)
    return found


def has_records_of(index: Index, file: str) -> bool:
    """Return whether journals of the store have all records of a *file* that holds nothing else."""
    records: dict[Key, object] = {}
    for line, _, _ in read_lines(file):
        if line is None or line["kind"] != RECORD or records.setdefault(key_of(line), line.get("record")) != line.get("record"):
            return False
        if len(records) == _ASKED_AT_ONCE:
            if not records.keys() <= elsewhere(index, records).held:
                return False
            records = {}
    return records.keys() <= elsewhere(index, records).held


def _line_at(file: str, begin_b: int) -> Line | None:
    """Return the whole line of a record that begins there, None if there is none any more."""
    line, _, end_b = next(read_lines(file, begin_b=begin_b), (None, "", begin_b))
    return line if line is not None and end_b > begin_b and line["kind"] == RECORD else None
