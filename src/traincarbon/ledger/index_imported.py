"""Imported records in the index: taken in as they are written, and found again in journals that hold a thousand of them."""

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from traincarbon.ledger.imported_runs import ImportedJournal
from traincarbon.ledger.index_file import insert
from traincarbon.ledger.index_folding import record_at
from traincarbon.ledger.listed_runs import run_row
from traincarbon.ledger.process_summary import Process

Place = tuple[str, str, str]
"""Folder and name of a journal, and a writer in it."""
_ASKED_AT_ONCE = 500
"""Values of one question; older versions of SQLite take at most 999."""


def marks_in(connection: sqlite3.Connection, among: Collection[str]) -> set[str]:
    """Return those marks that imported records have."""
    return _matching(connection, "record_b IS NOT NULL AND writer IN ({})", list(among), column="writer")


def are_records_alone(connection: sqlite3.Connection, *, folder: str, name: str) -> bool:
    """Return whether a journal holds imported records and nothing else."""
    question = "SELECT count(*), count(record_b) FROM processes WHERE folder = ? AND name = ?"
    lines, records = connection.execute(question, (folder, name)).fetchone()
    return bool(lines == records and records)


def take_in(connection: sqlite3.Connection, journals: Iterable[ImportedJournal]) -> set[str]:
    """Take in journals that were just written, without reading them; return the runs that have other journals too, whose records have to be combined."""
    others: set[str] = set()
    for file, runs in journals:
        insert(connection, "files", [(*file, file.size, "[]")])
        rows = sorted((file.folder, file.name, run.record.run_id, run.mark, 0, run.begin_b, "") for run in runs)
        insert(connection, "processes", rows)
        several = with_several(connection, [run.record.run_id for run in runs])
        others |= several
        alone = sorted((run.record for run in runs if run.record.run_id not in several), key=lambda record: record.run_id)
        insert(connection, "runs", (run_row(record, is_settled=True) for record in alone))
    return others


def records_of(run_id: str, places_b: Mapping[Place, int], known: Mapping[Place, Process], *, journals: str) -> Sequence[Process]:
    """Return the records that were imported for a run, each once.

    Args:
        run_id: The run.
        places_b: Where each is, and where its line begins. One that stands in several journals has the same mark in all of them.
        known: Those that were just read.
        journals: The folder of all journals.
    """
    by_mark = {place[2]: (place, begin_b) for place, begin_b in places_b.items()}
    found = [known.get(place) or record_at(os.path.join(journals, *place[:2]), run_id, place[2], begin_b=begin_b) for place, begin_b in by_mark.values()]
    return [process for process in found if process is not None]


def with_several(connection: sqlite3.Connection, run_ids: Collection[str]) -> set[str]:
    """Return those runs that have several writers or journals."""
    return _matching(connection, "run_id IN ({}) GROUP BY run_id HAVING count(*) > 1", list(run_ids), column="run_id")


def _matching(connection: sqlite3.Connection, where: str, values: Sequence[str], *, column: str) -> set[str]:
    """Return what *column* holds of the processes that match; *where* has a place for the values."""
    found: set[str] = set()
    for first in range(0, len(values), _ASKED_AT_ONCE):
        some = values[first : first + _ASKED_AT_ONCE]
        question = f"SELECT {column} FROM processes WHERE {where.format(', '.join('?' * len(some)))}"  # noqa: S608  no value in it
        found |= {value for (value,) in connection.execute(question, some)}
    return found
