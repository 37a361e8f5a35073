"""Runs as lists and totals show them: a few columns of each, which SQLite filters, sorts, pages and sums without reading the records."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from traincarbon.ledger.run import timestamp, wall_clock_s
from traincarbon.quantities import S_PER_DAY, S_PER_H

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run
    from traincarbon.ledger.source import RunSource

T = TypeVar("T")
COLUMNS = (
    *("hw TEXT NOT NULL", "duration_s REAL", "gpu_h REAL", "energy_kwh REAL", "co2e_kg REAL", "cost_usd REAL"),
    *("idle_h REAL", "idle_usd REAL", "repeated_usd REAL", "is_shared INTEGER NOT NULL", "ended_at TEXT"),
)
"""The columns of the table of runs that are for lists and totals; NULL is what is not known."""
INDEXES = (
    f"CREATE INDEX runs_listed ON runs (started_at DESC, run_id, project, state, {', '.join(column.partition(' ')[0] for column in COLUMNS)})",
    "CREATE INDEX runs_of_projects ON runs (project, started_at DESC, run_id)",
    "CREATE INDEX runs_of_states ON runs (state, started_at DESC, run_id)",
    "CREATE INDEX runs_for_long ON runs (started_at) WHERE is_long",
    "CREATE INDEX runs_unsettled ON runs (run_id) WHERE NOT settled",
)
"""The first has all that lists and totals read, beside the records, which are a hundred times as long."""
DOUBT_S = 60.0
"""A ledger that was looked through within this time is not looked through once more because a run seems to be missing. [s]"""
SOUND_S = S_PER_DAY
"""A ledger is looked through this often before runs are sent, exported or set against a budget. [s]"""
LONG_S = 31.0 * S_PER_DAY
"""Runs that took longer, or go on, are few, and found by themselves where runs of some time are looked for. [s]"""
_LISTED = "run_id, started_at, project, state, hw, duration_s, gpu_h, energy_kwh, co2e_kg, cost_usd"
_UNFINISHED = "state IN ('failed', 'killed', 'lost')"


class Questions(NamedTuple):
    """What lists and totals ask, as one database spells it.

    Attributes:
        value: How the value with a number is written.
        runs: The table of runs, at ``{runs}`` of *total* and *page*.
        runs_in_order: The same where more is asked of each than its project, its state and when it began: what lists show of runs is read, not their records.
        terms: What each part of a :class:`Filter` asks for, with a place for its value; these terms stand at ``{where}`` of the questions.
        total: How many runs match.
        page: A page of them, by ``{sorting}``; ``{most}`` is how many, ``{before}`` how many come before it.
        projects: The names of projects; the first value is how many at most.
        months: Runs and the sums and counts of :data:`SUMMED` by month and project.
        within: Of the runs that began and ended between two instants: project, beginning, runs, and the sums and counts of :data:`BOUNDED`.
            Its values are both instants, the seconds from which on a run is left to :data:`ACROSS`, and how many letters of the beginning matter.
    """

    value: str
    runs: str
    runs_in_order: str
    terms: Mapping[str, str]
    total: str
    page: str
    projects: str
    months: str
    within: str

    def where(self, chosen: Mapping[str, str]) -> tuple[str, list[str]]:
        """Return the condition for what is chosen, with the values in it, the first of which has the number 1."""
        stated = {name: value for name, value in chosen.items() if value}
        terms = [self.terms[name].replace("{}", self.value.format(number)) for number, name in enumerate(stated, 1)]
        return " AND ".join(["TRUE", *terms]), list(stated.values())


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
    "shared_runs": "CASE WHEN is_shared = 1 THEN 1 END",
}
"""Name to what is summed: hours of GPUs, energy, CO2e and cost; of that, what was idle, done twice, or spent on runs that did not finish."""
BOUNDED = ("energy_kwh", "co2e_kg", "cost_usd", "shared_runs")
"""What budgets bound, and how many runs shared boards."""

_TERMS = {
    "project": "project = {}",
    "state": "state = {}",
    "since": "started_at >= {}",
    "until": "started_at <= {}",
    "words": "instr(lower(run_id || ' ' || project || ' ' || hw), lower({}))",
}
_IN_ORDER = "runs INDEXED BY runs_listed"
_CHOSEN = "SELECT run_id FROM {runs} WHERE {where} ORDER BY {sorting} LIMIT {most} OFFSET {before}"
"""What is sorted is narrow."""
_SUMS = ", ".join(f"total({what}), count({what})" for what in SUMMED.values())
_PROJECTS = """
WITH RECURSIVE found(name) AS (
    SELECT min(project) FROM runs WHERE project > ''
    UNION ALL SELECT (SELECT min(project) FROM runs WHERE project > name) FROM found WHERE name IS NOT NULL LIMIT ?1
) SELECT name FROM found WHERE name IS NOT NULL
"""
"""One question to the index for each project, rather than all runs sorted by it."""
WITHIN = "started_at >= {begin} AND started_at < {end} AND state <> 'running' AND (ended_at IS NULL OR (ended_at < {end} AND duration_s < {long_s}))"
ACROSS = (
    "started_at < {end} AND (state = 'running' OR (started_at < {begin} AND ended_at >= {begin}) "
    "OR (started_at >= {begin} AND ended_at IS NOT NULL AND (ended_at >= {end} OR duration_s >= {long_s})))"
)
"""The other runs that ran between two instants, or still run: each part of it has an index."""
_BETWEEN = {"begin": "?1", "end": "?2", "long_s": "?3"}
ACROSS_IN_SQLITE = f"""
    SELECT run_id FROM runs INDEXED BY runs_listed WHERE started_at >= ?4 AND {ACROSS.format(**_BETWEEN)}
    UNION SELECT run_id FROM runs INDEXED BY runs_for_long WHERE is_long AND {ACROSS.format(**_BETWEEN)}
"""
AROUND_IN_SQLITE = """
    SELECT run_id FROM runs INDEXED BY runs_listed WHERE started_at BETWEEN ?3 AND ?2 AND ended_at >= ?1
    UNION SELECT run_id FROM runs INDEXED BY runs_for_long WHERE is_long AND started_at <= ?2 AND (state = 'running' OR ended_at IS NULL OR ended_at >= ?1)
"""
"""Runs that ran, or run still, between two instants. The last value of both is :data:`LONG_S` before the first one."""
_BOUNDED = ", ".join(f"total({SUMMED[name]}), count({SUMMED[name]})" for name in BOUNDED)
IN_SQLITE = Questions(
    value="?{}",
    runs="runs",
    runs_in_order=_IN_ORDER,
    terms=_TERMS,
    total="SELECT count(*) FROM {runs} WHERE {where}",
    page=f"SELECT {_LISTED} FROM runs WHERE run_id IN ({_CHOSEN}) AND {{is_as_written}} ORDER BY {{sorting}}",
    projects=_PROJECTS,
    months=f"SELECT substr(started_at, 1, 7), project, count(*), {_SUMS} FROM {_IN_ORDER} WHERE {{where}} GROUP BY 1, 2 ORDER BY 1, 2",
    within=f"SELECT project, substr(started_at, 1, ?4), count(*), {_BOUNDED} FROM runs WHERE {WITHIN.format(**_BETWEEN)} GROUP BY 1, 2",
)


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
    amounts = (None if value is None or not math.isfinite(value) else float(value) for value in numbers)
    return (record.hw, *amounts, int(bool(record.shared_with)), _ended_at(record))


def run_row(record: "Run", *, is_settled: bool) -> tuple[str | float | int | None, ...]:
    """Return the row of a run in the index; one that is settled changes only with a new file."""
    listed = listed_values(record)
    known = (record.run_id, record.started_at, record.project, record.state, int(is_settled))
    return (*known, *listed, int(_is_long(record, ended_at=listed[-1])), json.dumps(record.to_stored()))


def page_of(source: "RunSource", found: Filter, *, order: Order = Order.STARTED, is_descending: bool = True, offset: int = 0, limit: int = 50) -> Listing:
    """Return a page of the runs that match, as the index has them, sorted by a column; runs that do not state it come last."""
    questions = source.questions
    where, values = questions.where(found._asdict())
    direction = "DESC" if is_descending else "ASC"
    nulls = "" if order in (Order.STARTED, Order.ID, Order.PROJECT, Order.STATE, Order.HARDWARE) else " NULLS LAST"
    sorting = f"{order.value} {direction}{nulls}, started_at DESC, run_id" if order is not Order.STARTED else f"started_at {direction}, run_id"
    most, before = (questions.value.format(len(values) + more) for more in (1, 2))
    runs = questions.runs if order is Order.STARTED and not found.words else questions.runs_in_order

    def asked() -> Listing:
        ((total,),) = source.rows(questions.total.format(where=where, runs=questions.runs_in_order if found.words else questions.runs), *values)
        rows = source.rows(questions.page.format(runs=runs, where=where, sorting=sorting, most=most, before=before), *values, limit, offset)
        return Listing([ListedRun(*row) for row in rows], total)

    return looked_twice(source, asked, is_whole=lambda page: len(page.runs) == max(min(limit, page.total - offset), 0))


def looked_twice(source: "RunSource", ask: Callable[[], T], *, is_whole: Callable[[T], bool]) -> T:
    """Return an answer, asked once more after the source was looked through if something seems to be missing from it: another process may also have written meanwhile."""
    answer = ask()
    if is_whole(answer):
        return answer
    source.look_through(within_s=DOUBT_S)
    return ask()


def long_before(instant: str) -> str:
    """Return the instant before which only long runs began that still ran at *instant*."""
    return timestamp((wall_clock_s(instant) or 0.0) - LONG_S)


def projects_of(source: "RunSource", *, most: int = 500) -> list[str]:
    """Return the names of projects."""
    return [name for (name,) in source.rows(source.questions.projects, most)]


def month_sums(source: "RunSource", found: Filter = Filter()) -> list[MonthSums]:  # noqa: B008  it is frozen
    """Return what the matching runs took, as the index has them, by month and project."""
    where, values = source.questions.where(found._asdict())
    return [
        MonthSums(month, project, runs, dict(zip(SUMMED, rest[0::2], strict=True)), dict(zip(SUMMED, rest[1::2], strict=True)))
        for month, project, runs, *rest in source.rows_kept(source.questions.months.format(where=where), *values)
    ]


def _is_long(record: "Run", *, ended_at: object) -> bool:
    """Return whether a run goes on, took longer than :data:`LONG_S` from beginning to end, or states no times."""
    began_s, ended_s = wall_clock_s(record.started_at), wall_clock_s(str(ended_at))
    return record.state == "running" or began_s is None or ended_s is None or ended_s - began_s > LONG_S


def _ended_at(record: "Run") -> str | None:
    """Return when the last attempt of a run ended, or when it was seen last, ISO 8601 in UTC; None where it has no date."""
    began_s = wall_clock_s(record.started_at)
    ends_s = [attempt.ended_s for attempt in record.attempts] or ([] if began_s is None else [began_s + record.duration_s])
    return timestamp(max(ends_s)) or None if ends_s else None


def _median(stated: Mapping[str, float] | None) -> float | None:
    return None if stated is None else stated["median"]


def _sum(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
