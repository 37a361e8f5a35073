"""Which journals of a store are at rest, so that they can be packed, and why the others are not."""

import json
import os
import time
from enum import StrEnum
from typing import NamedTuple

from traincarbon.ledger.imported_runs import RECORDS_OF_A_JOURNAL
from traincarbon.ledger.index import Index
from traincarbon.ledger.packs.pack import MONTH, month_of
from traincarbon.quantities import S_PER_DAY

_QUESTION = """
SELECT files.folder, files.name, files.size, files.mtime_ns, min(processes.run_id), count(*), max(processes.tangled), count(processes.record_b),
       max(processes.summary), min(runs.state), min(runs.started_at)
FROM files LEFT JOIN processes USING (folder, name) LEFT JOIN runs USING (run_id)
WHERE substr(files.folder, 1, ?1) != ?2 GROUP BY files.folder, files.name ORDER BY files.folder, files.name
"""
QUIET_S = float(S_PER_DAY)
"""How long a journal without an end must not have changed. [s]"""


SMALL_B = 16_000_000
"""The size above which a journal of imported records is joined with no other. [B]"""


class Stays(StrEnum):
    """Why a journal is not packed."""

    RUNNING = "running"
    """Its run goes on."""
    RECENT = "recent"
    """It has no end and changed a short while ago: its writer may be alive on another machine, or somebody copies it."""
    IMPORTED = "imported"
    """It holds records of other programs, and is joined with no other journal."""
    MIXED = "mixed"
    """Several runs or processes have lines in it, out of order, or none has."""
    DIFFERENT = "different"
    """A summary or columns would not say exactly what its lines say."""


class Resting(NamedTuple):
    """A journal at rest.

    Attributes:
        folder: Its folder in ``journals``.
        name: Its name.
        size_b: Its size. [B]
        mtime_ns: When it changed.
        run_id: Its run.
        month: When the run began.
    """

    folder: str
    name: str
    size_b: int
    mtime_ns: int
    run_id: str
    month: str

    @property
    def journal(self) -> str:
        """Folder and name."""
        return f"{self.folder}/{self.name}"


class Left(NamedTuple):
    """A journal that stays as it is.

    Attributes:
        journal: Folder and name.
        reason: Why.
        detail: More about it, for people.
    """

    journal: str
    reason: Stays
    detail: str = ""


class SmallImport(NamedTuple):
    """A journal of imported records that has room for more.

    Attributes:
        folder: Its folder in ``journals``.
        name: Its name.
        size_b: Its size. [B]
        mtime_ns: When it changed.
        records: How many records are in it.
    """

    folder: str
    name: str
    size_b: int
    mtime_ns: int
    records: int

    @property
    def journal(self) -> str:
        """Folder and name."""
        return f"{self.folder}/{self.name}"

    def path_in(self, journals: str) -> str:
        """Return its path, given the folder of all journals."""
        return os.path.join(journals, self.folder, self.name)


class Found(NamedTuple):
    """The journals of a store: those at rest by month, those of imported runs that can be joined in the order in which they were written, and the others."""

    resting: tuple[Resting, ...]
    small: tuple[SmallImport, ...]
    left: tuple[Left, ...]


def find_resting(index: Index, *, quiet_s: float = QUIET_S) -> Found:
    """Return the journals of a store. The index is up to date before it is asked.

    Args:
        index: The index of the store.
        quiet_s: How long a journal without an end must not have changed. [s]
    """
    index.refresh()
    resting, small, left = list[Resting](), list[SmallImport](), list[Left]()
    now_ns = time.time_ns()
    for folder, name, size_b, mtime_ns, run_id, writers, tangled, records, summary, state, started_at in index.rows(_QUESTION, len(MONTH), MONTH):
        found = Resting(folder, name, size_b, mtime_ns, run_id or "", month_of(started_at or ""))
        reason = None
        if records and records == writers:
            if records < RECORDS_OF_A_JOURNAL and size_b < SMALL_B and not tangled:
                small.append(SmallImport(folder, name, size_b, mtime_ns, records))
                continue
            reason = Stays.IMPORTED
        elif run_id is None or writers != 1 or tangled:
            reason = Stays.MIXED
        elif state == "running":
            reason = Stays.RUNNING
        elif _is_open(summary) and abs(now_ns - mtime_ns) < quiet_s * 1e9:
            reason = Stays.RECENT
        if reason is None:
            resting.append(found)
        else:
            left.append(Left(found.journal, reason))
    small.sort(key=lambda each: (each.mtime_ns, each.journal))
    return Found(tuple(sorted(resting, key=lambda each: (each.month, each.journal))), tuple(small), tuple(left))


def _is_open(summary: str | None) -> bool:
    """Return whether a process has no end, by the summary that the index keeps of it: all that have none, and some others."""
    return bool(summary) and json.loads(summary or "{}").get("end") is None


def path_of(journals: str, each: Resting) -> str:
    """Return the path of a journal at rest."""
    return os.path.join(journals, each.folder, each.name)
