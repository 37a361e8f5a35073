"""The subjects of a report: plans, saved estimates, records in files, and runs of the ledger."""

import json
import os
from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import amount
from traincarbon.ledger.exchange import load
from traincarbon.ledger.index_progress import Tell
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.ledger.server.team_ledger import open_ledger
from traincarbon.reading import read_limited
from traincarbon.reporting.run_history import RunHistory, history_of
from traincarbon.reporting.view import SCHEMA, EstimateView
from traincarbon.uncertain import Interval

_SAME = 1e-6
_MOST_B = 1_000_000_000
"""A larger file is neither a plan nor an estimate, nor an export of runs that fits into the memory."""
"""Medians that differ by less are the same."""
_PAGES = (".html", ".htm", ".pdf", ".png", ".xlsx")
"""Endings of what a report is written to, and never made of."""
MOST_SINGLE_RUNS = 5
"""Up to this number of runs, each has a section with its power over time; more runs are only summed."""


Subject = Plan | Estimate | Run | str | os.PathLike[str]
"""What a report is about; text is the name of a file, or the id of a run."""


class ReportedPlan(NamedTuple):
    """A plan in a report: the view of its estimate, and the estimate itself; None where a saved estimate differs from one made now."""

    view: EstimateView
    answer: Estimate | None


class ReportedRun(NamedTuple):
    """A run in a report, and its power over time where its journals are at hand."""

    record: Run
    history: RunHistory | None = None


class Subjects(NamedTuple):
    """The plans and runs of a report."""

    plans: list[ReportedPlan]
    runs: list[ReportedRun]


def read_subjects(
    subjects: Iterable[Subject],
    *,
    database: Database,
    store: str | None = None,
    level: float = 0.9,
    project: str | None = None,
    tell: Tell | None = None,
) -> Subjects:
    """Return plans and runs: a TOML file is a plan, a JSON or CSV file holds an estimate or runs, other text is the id of a run in *store*.

    Args:
        subjects: Plans, estimates, records of runs, names of files and ids of runs.
        database: The facts for the estimates of plans.
        store: The ledger's folder; by default the user's.
        level: Confidence level of the intervals of plans. [1]
        project: Add every run of this project, ``""`` for every run in the store; None adds no more.
        tell: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: one of them cannot be read, has another schema or is not recognised; or there is nothing to report.
    """
    plans: list[ReportedPlan] = []
    runs: dict[str, ReportedRun] = {}
    for subject in subjects:
        if isinstance(subject, Plan):
            plans.append(reported_plan(subject, database, level))
        elif isinstance(subject, Estimate):
            plans.append(ReportedPlan(EstimateView.of(subject), subject))
        elif isinstance(subject, Run):
            runs[subject.run_id] = ReportedRun(subject)
        else:
            found = _named(os.fspath(subject), database, store, level, tell)
            plans += found.plans
            runs |= {run.record.run_id: run for run in found.runs}
    if project is not None:
        runs |= _project_runs(project, store, runs.keys(), tell, is_required=not plans and not runs)
    if not plans and not runs:
        raise CarbonError("nothing to report", hint="name a plan (PLAN.toml), a saved estimate (ESTIMATE.json) or a run, or add --all")
    return Subjects(plans, list(runs.values()))


def _named(name: str, database: Database, store: str | None, level: float, tell: Tell | None) -> Subjects:
    """Return the plans and runs in a file, or the run with an id."""
    ending = os.path.splitext(name)[1].lower()
    if ending == ".toml":
        return Subjects([reported_plan(Plan.read(name), database, level)], [])
    if ending in _PAGES or (ending not in (".json", ".csv") and os.path.isfile(name)):
        raise CarbonError(
            f"{name!r} is not a plan, an estimate or a file of runs",
            hint="report on PLAN.toml, ESTIMATE.json, RUNS.csv or the id of a run; -o names the page to write",
        )
    if ending not in (".json", ".csv"):
        with open_ledger(store, progress=tell) as ledger:
            return Subjects([], [reported_run(ledger, ledger.run(name), tell=tell)])
    content = _read(name)
    found = _json(name, content) if ending == ".json" else None
    if isinstance(found, dict) and str(found.get("schema", "")).startswith("traincarbon/estimate/"):
        return Subjects([_saved_plan(EstimateView.from_dict(found), database)], [])
    return Subjects([], [ReportedRun(record) for record in _records(name, content, found)])


def reported_plan(plan: Plan, database: Database, level: float = 0.9) -> ReportedPlan:
    """Return a plan with its estimate.

    Raises:
        CarbonError: it cannot be estimated.
    """
    answer = estimate(plan, database=database, level=level)
    return ReportedPlan(EstimateView.of(answer), answer)


def _saved_plan(view: EstimateView, database: Database) -> ReportedPlan:
    """Return a saved estimate; with the estimate itself where the plan gives the same results now."""
    try:
        answer = estimate(Plan.from_dict(view.plan), database=database, level=view.level)
    except CarbonError as error:
        return ReportedPlan(view._replace(warnings=(*view.warnings, f"this estimate was saved earlier; its plan can no longer be estimated: {error}")), None)
    now = EstimateView.of(answer)
    view = view._replace(hardware=now.hardware, region=now.region)
    if all(_is_same(before, now.results.get(name)) for name, before in view.results.items()):
        return ReportedPlan(view, answer)
    co2e = now.median("total_kgco2e")
    differs = f" ({amount(co2e, 'kg CO2e', digits=3)} CO2e)" if co2e is not None else ""
    note = f"this estimate was saved earlier; today’s facts and formulas give other results{differs}. Report on its plan for regions, hardware and what-if"
    return ReportedPlan(view._replace(warnings=(*view.warnings, note)), None)


def _is_same(before: Interval | None, now: Interval | None) -> bool:
    if before is None or now is None:
        return before is now
    return bool(abs(before.median - now.median) <= _SAME * abs(now.median))


def _project_runs(project: str, store: str | None, known: Iterable[str], tell: Tell | None, *, is_required: bool) -> dict[str, ReportedRun]:
    """Return the runs of a project that are not *known* yet, each with its history where they are few."""
    with open_ledger(store, progress=tell) as ledger:
        found = ledger.runs(project=project)
        if not found and is_required:
            raise CarbonError(f"no runs{f' of project {project[:60]!r}' if project else ''} in {ledger.store}", hint="for another store: --store DIR")
        are_few, others = len(found) <= MOST_SINGLE_RUNS, set(known)
        return {record.run_id: reported_run(ledger, record, tell=tell) if are_few else ReportedRun(record) for record in found if record.run_id not in others}


def reported_run(ledger: LedgerReader, record: Run, *, tell: Tell | None = None) -> ReportedRun:
    """Return a run with its power over time, where the ledger holds its journals."""
    return ReportedRun(record, history_of(ledger.index.files(record.run_id), record.run_id, tell=tell))


def _records(name: str, content: bytes, found: object) -> list[Run]:
    """Return the runs in a file; *found* is its content if it is JSON."""
    if found is not None and not (isinstance(found, list) or (isinstance(found, dict) and found.get("schema") == RUN_SCHEMA)):
        schema = found.get("schema") if isinstance(found, dict) else type(found).__name__
        raise CarbonError(
            f"{name!r} is of schema {str(schema)[:60]!r}", hint=f"report on {SCHEMA} (carbon estimate --json) or {RUN_SCHEMA} (carbon runs export)"
        )
    try:
        return load(content)
    except CarbonError as error:
        hint = f"{error.hint}; import files of other tools with carbon runs import, then report the runs" if found is None else error.hint
        raise CarbonError(f"{name!r}: {error}", hint=hint) from error


def _json(name: str, content: bytes) -> object:
    try:
        found: object = json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"{name!r} is not JSON: {error}", hint="is the file complete?") from error
    return found


def _read(name: str) -> bytes:
    try:
        return read_limited(name, most_b=_MOST_B)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CarbonError(f"cannot read {name!r}: {reason}", hint="name a plan in TOML, an estimate or runs in JSON, or the id of a run") from error
