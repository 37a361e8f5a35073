"""Check the bibliography, and the published runs against it."""

import csv
from collections.abc import Iterator, Mapping
from os import path
from typing import NamedTuple

from traincarbon.database.read_files import read_text, read_toml
from traincarbon.database.records import KINDS
from traincarbon.errors import DatabaseError

RUNS = ("published_runs", "measured_steps", "measured_power")
"""Tables of runs, in columns of their own."""
ENTRY = ("title", "publisher", "published", "licence")
"""What every entry of the bibliography states."""
_COLUMNS = ("id", "evidence", "source", "locator")
"""The columns of the published runs that say where a row is from; a source is one key or several, separated by semicolons."""


class Fault(NamedTuple):
    """Something wrong in the database, and where."""

    place: str
    what: str


class CheckedRuns(NamedTuple):
    """The published runs of a database: the kind of evidence of each, and what is wrong in them."""

    kinds: list[str]
    faults: list[Fault]


def check_sources(roots: tuple[str, ...], faults: list[Fault]) -> set[str]:
    """Return the keys of the bibliographies of *roots*, and add what is wrong in them to *faults*."""
    seen: set[str] = set()
    for root in roots:
        file = path.join(root, "sources.toml")
        if not path.exists(file):
            continue
        try:
            entries = read_toml(file)
        except DatabaseError as error:
            faults.append(Fault("sources.toml", str(error)))
            continue
        for key, entry in entries.items():
            if key in seen:
                faults.append(Fault("sources.toml", f"[{key}] in {root} shadows a source of the same key: give it a key of its own"))
            lacking = [name for name in ENTRY if not isinstance(entry, dict) or not str(entry.get(name, "")).strip()]
            if lacking:
                faults.append(Fault("sources.toml", f"[{key}] lacks {', '.join(lacking)}"))
        seen |= entries.keys()
    return seen


def check_runs(roots: tuple[str, ...], sources: set[str], table: str = RUNS[0]) -> CheckedRuns:
    """Return the kinds of evidence of the runs of *table* in *roots*, and what is wrong in where they are from."""
    found = CheckedRuns([], [])
    name = f"{table}.csv"
    for root in roots:
        file = path.join(root, name)
        if not path.exists(file):
            continue
        try:
            rows = list(csv.DictReader(read_text(file).splitlines()))
        except (DatabaseError, csv.Error) as error:
            found.faults.append(Fault(name, str(error)))
            continue
        lacking = [column for column in _COLUMNS if not rows or column not in rows[0]]
        if lacking:
            found.faults.append(Fault(name, f"in {root} has no rows" if not rows else f"in {root} lacks the columns {', '.join(lacking)}"))
            continue
        for row in rows:
            found.kinds.append(row["evidence"])
            found.faults.extend(Fault(f"{name}, {row['id']}", what) for what in _run_faults(row, sources))
    return found


def _run_faults(row: Mapping[str, str | None], sources: set[str]) -> Iterator[str]:
    for column in ("source", "locator"):
        if not row[column]:
            yield f"has no {column}"
    for key in (row["source"] or "").split(";"):
        if key and key not in sources:
            yield f"source {key!r} is not in sources.toml"
    if row["evidence"] not in KINDS:
        yield f"evidence {row['evidence']!r} is none of {', '.join(KINDS)}"
