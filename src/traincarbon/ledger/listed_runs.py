"""Runs as lists and totals show them: a few columns of each, which SQLite filters, sorts, pages and sums without reading the records."""

import json
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.quantities import S_PER_H

if TYPE_CHECKING:
    from traincarbon.ledger.index import Index
    from traincarbon.ledger.run import Run

COLUMNS = (
    *("hw TEXT NOT NULL", "duration_s REAL", "gpu_h REAL", "energy_kwh REAL", "co2e_kg REAL", "cost_usd REAL"),
    *("idle_h REAL", "idle_usd REAL", "repeated_usd REAL", "is_shared INTEGER NOT NULL"),
)
"""The columns of the table of runs that are for lists and totals; NULL is what is not known."""
INDEX = f"CREATE INDEX runs_listed ON runs (started_at DESC, run_id, project, state, {', '.join(column.partition(' ')[0] for column in COLUMNS)})"
"""All that lists and totals read, beside the records, which are a hundred times as long."""
_LISTED = "run_id, started_at, project, state, hw, duration_s, gpu_h, energy_kwh, co2e_kg, cost_usd"
_WHERE = (
    "(?1 = '' OR project = ?1) AND (?2 = '' OR state = ?2) AND started_at >= ?3 AND (?4 = '' OR instr(lower(run_id || ' ' || project || ' ' || hw), lower(?4)))"
)
PROJECT_INDEX = "CREATE INDEX runs_of_projects ON runs (project)"
_PROJECTS = """
WITH RECURSIVE found(name) AS (
    SELECT min(project) FROM runs WHERE project > ''
    UNION ALL SELECT (SELECT min(project) FROM runs WHERE project > name) FROM found WHERE name IS NOT NULL LIMIT ?1
) SELECT name FROM found WHERE name IS NOT NULL
"""
"""One question to the index for each project, rather than all runs sorted by it."""
_UNFINISHED = "state IN ('failed', 'killed', 'lost')"


class Order(StrEnum):
    """What runs are sorted by."""

    STARTED = "started_at"
    ID = "run_id"
    PROJECT = "project"
    STATE = "state"
    HARDWARE = "hw"
    DURATION = "duration_s"
    ENERGY = "energy_kwh"
    CO2E = "co2e_kg"
    COST = "cost_usd"


class Filter(NamedTuple):
    """Which runs are listed: empty is all.

    Attributes:
        project: Only runs of this project.
        state: Only runs in this state.
        since: Only runs that began then or later, ISO 8601 in UTC.
        words: Only runs with this text in their id, project or hardware.
    """

    project: str = ""
    state: str = ""
    since: str = ""
    words: str = ""


class ListedRun(NamedTuple):
    """A run in a list; what is not known is None."""

    run_id: str
    started_at: str
    project: str
    state: str
    hw: str
    duration_s: float | None
    gpu_h: float | None
    energy_kwh: float | None
    co2e_kg: float | None
    cost_usd: float | None


class Listing(NamedTuple):
    """A page of runs, and the number of all that match."""

    runs: Sequence[ListedRun]
    total: int


class MonthSums(NamedTuple):
    """What the runs of a project that began in a month took together, and how many of them state each quantity.

    Attributes:
        month: The month, as 2026-03; empty where a run has no date.
        project: The project.
        runs: How many runs there are.
        sums: Each quantity summed over the runs that state it.
        known: How many runs state each quantity.
    """

    month: str
    project: str
    runs: int
    sums: Mapping[str, float]
    known: Mapping[str, int]


SUMMED = {
    "gpu_h": "gpu_h",
    "energy_kwh": "energy_kwh",
    "co2e_kg": "co2e_kg",
    "cost_usd": "cost_usd",
    "idle_h": "idle_h",
    "idle_usd": "idle_usd",
    "repeated_usd": "repeated_usd",
    "judged_h": "CASE WHEN idle_h IS NOT NULL THEN gpu_h END",
    "unfinished_usd": f"CASE WHEN {_UNFINISHED} THEN cost_usd END",
    "unfinished_runs": f"CASE WHEN {_UNFINISHED} THEN 1 END",
    "shared_runs": "CASE WHEN is_shared THEN 1 END",
}
"""Name to what is summed: hours of GPUs, energy, CO2e and cost; of that, what was idle, done twice, or spent on runs that did not finish."""


def listed_values(record: "Run") -> tuple[str | float | int | None, ...]:
    """Return the values of :data:`COLUMNS` of a run. Energy is that of the facility where it is known, else that at the meters."""
    waste = record.waste
    energy = _median(record.facility_energy_kwh)
    operational, embodied = _median(record.operational_kgco2e), _median(record.embodied_kgco2e)
    numbers = (
        record.duration_s,
        None if record.accelerators is None else record.duration_s / S_PER_H * record.accelerators,
        record.metered_kwh if energy is None else energy,
        None if operational is None else operational + (embodied or 0.0),
        _median(record.cost_usd),
        _sum(waste.idle_gpu_h, waste.waiting_gpu_h),
        _sum(waste.idle_gpu_usd, waste.waiting_gpu_usd),
        waste.repeated_usd,
    )
    return (record.hw, *(None if value is None or not math.isfinite(value) else float(value) for value in numbers), int(bool(record.shared_with)))


def run_row(record: "Run", *, is_settled: bool) -> tuple[str | float | int | None, ...]:
    """Return the row of a run in the index; one that is settled changes only with a new file."""
    return (record.run_id, record.started_at, record.project, record.state, int(is_settled), *listed_values(record), json.dumps(record.to_stored()))


def page_of(index: "Index", found: Filter, *, order: Order = Order.STARTED, is_descending: bool = True, offset: int = 0, limit: int = 50) -> Listing:
    """Return a page of the runs that match, as the index has them, sorted by a column; runs that do not state it come last."""
    ((total,),) = index.rows(f"SELECT count(*) FROM runs WHERE {_WHERE}", *found)  # noqa: S608  no value in it
    direction = "DESC" if is_descending else "ASC"
    nulls = "" if order in (Order.STARTED, Order.ID, Order.PROJECT, Order.STATE, Order.HARDWARE) else f"{order.value} IS NULL, "
    sorting = f"{nulls}{order.value} {direction}, started_at DESC, run_id"
    chosen = f"SELECT run_id FROM runs INDEXED BY runs_listed WHERE {_WHERE} ORDER BY {sorting} LIMIT ?5 OFFSET ?6"  # noqa: S608  no value in it; what is sorted is narrow
    rows = index.rows(f"SELECT {_LISTED} FROM runs WHERE run_id IN ({chosen}) ORDER BY {sorting}", *found, limit, offset)  # noqa: S608  no value in it
    return Listing([ListedRun(*row) for row in rows], total)


def projects_of(index: "Index", *, most: int = 500) -> list[str]:
    """Return the names of projects."""
    return [name for (name,) in index.rows(_PROJECTS, most)]


def month_sums(index: "Index", found: Filter = Filter()) -> list[MonthSums]:  # noqa: B008  it is frozen
    """Return what the matching runs took, as the index has them, by month and project."""
    parts = ", ".join(f"total({what}), count({what})" for what in SUMMED.values())
    rows = index.rows(
        f"SELECT substr(started_at, 1, 7), project, count(*), {parts} FROM runs WHERE {_WHERE} GROUP BY 1, 2 ORDER BY 1, 2",  # noqa: S608  no value in it
        *found,
    )
    return [
        MonthSums(month, project, runs, dict(zip(SUMMED, rest[0::2], strict=True)), dict(zip(SUMMED, rest[1::2], strict=True)))
        for month, project, runs, *rest in rows
    ]


def _median(stated: Mapping[str, float] | None) -> float | None:
    return None if stated is None else stated["median"]


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
