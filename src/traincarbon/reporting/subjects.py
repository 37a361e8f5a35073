"""What a report is asked to be about: plans, saved estimates, records of runs, and runs of the ledger, each told by what it is."""

import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import amount
from traincarbon.ledger.exchange import load
from traincarbon.ledger.record import RunRecord
from traincarbon.ledger.record_checks import RUN_SCHEMA
from traincarbon.ledger.store import Ledger
from traincarbon.reporting.run_history import Trace, trace_of
from traincarbon.reporting.view import SCHEMA, Said, said_by, said_in

_SAME = 1e-6
"""Medians that differ by less are the same."""
MOST_TRACED = 5
"""Runs up to this number are each shown by themselves, with what they did over time; more are shown together only."""


Subject = Plan | Estimate | RunRecord | str | os.PathLike[str]
"""What a report is about; text is the name of a file, or the id of a run."""


class PlanItem(NamedTuple):
    """A plan in a report: what its estimate says, and the estimate as it is made now, None where a saved one was made on other facts."""

    said: Said
    answer: Estimate | None


class RunItem(NamedTuple):
    """A run in a report, and what it did over time where its journals are at hand."""

    record: RunRecord
    trace: Trace | None = None


class Items(NamedTuple):
    """All that a report is about."""

    plans: list[PlanItem]
    runs: list[RunItem]


def read_items(subjects: Iterable[Subject], *, database: Database, store: str | None = None, level: float = 0.9, project: str | None = None) -> Items:
    """Return plans and runs of *subjects*: names of TOML files are plans, of JSON or CSV files estimates or runs, other text ids of runs in *store*.

    Args:
        subjects: Plans, estimates, records of runs, names of files and ids.
        database: The facts on which plans are estimated.
        store: The ledger's folder; by default the user's.
        level: Confidence level of the intervals of plans. [1]
        project: Every run of this project too, ``""`` for every run there is; None for those named alone.

    Raises:
        CarbonError: one of them cannot be read, is of another version, or is none of these; or there is nothing at all.
    """
    plans: list[PlanItem] = []
    runs: dict[str, RunItem] = {}
    for subject in subjects:
        if isinstance(subject, Plan):
            plans.append(plan_item(subject, database, level))
            continue
        if isinstance(subject, Estimate):
            plans.append(PlanItem(said_by(subject), subject))
            continue
        if isinstance(subject, RunRecord):
            runs[subject.run_id] = RunItem(subject)
            continue
        name = os.fspath(subject)
        ending = os.path.splitext(name)[1].lower()
        if ending == ".toml":
            plans.append(plan_item(Plan.read(name), database, level))
        elif ending in (".json", ".csv"):
            content = _read(name)
            found = _json(name, content) if ending == ".json" else None
            if isinstance(found, dict) and str(found.get("schema", "")).startswith("traincarbon/estimate/"):
                plans.append(_saved(said_in(found), database))
            else:
                runs |= {record.run_id: RunItem(record) for record in _records(name, content, found)}
        else:
            runs |= _of_ledger(name, store)
    if project is not None:
        with Ledger(store) as ledger:
            found = ledger.runs(project=project)
            place = ledger.store
            few = len(found) <= MOST_TRACED
            runs |= {record.run_id: _run_item(ledger, record) if few else RunItem(record) for record in found if record.run_id not in runs}
        if not plans and not runs:
            raise CarbonError(f"no runs{f' of project {project[:60]!r}' if project else ''} in {place}", hint="another place: --store DIR")
    if not plans and not runs:
        raise CarbonError("nothing to report", hint="name a plan (PLAN.toml), a saved estimate (ESTIMATE.json) or a run, or give --all")
    return Items(plans, list(runs.values()))


def plan_item(plan: Plan, database: Database, level: float = 0.9) -> PlanItem:
    """Return a plan with its estimate.

    Raises:
        CarbonError: it cannot be estimated.
    """
    answer = estimate(plan, database=database, level=level)
    return PlanItem(said_by(answer), answer)


def _saved(said: Said, database: Database) -> PlanItem:
    """Return a saved estimate; what the page works out by itself needs one that is made now, so it has to say the same."""
    try:
        answer = estimate(Plan.from_dict(said.plan), database=database, level=said.level)
    except CarbonError as error:
        return PlanItem(said._replace(warnings=(*said.warnings, f"saved earlier; its plan cannot be estimated any more: {error}")), None)
    now = said_by(answer)
    said = said._replace(hardware=now.hardware, place=now.place)
    changed = [name for name, before in said.results.items() if not _is_same(before, answer[name] if name in answer.values else None)]
    if not changed:
        return PlanItem(said, answer)
    co2e = now.median("total_kgco2e")
    differs = f", {amount(co2e, 'kg CO2e', digits=3)} of CO2e in all" if co2e is not None else ""
    note = f"saved earlier: on the facts and formulas of today it would say something else{differs}. A report on its plan has places, hardware and what-if too"
    return PlanItem(said._replace(warnings=(*said.warnings, note)), None)


def _is_same(before: Any, now: Any) -> bool:
    if before is None or now is None:
        return before is now
    return bool(abs(before.median - now.median) <= _SAME * abs(now.median))


def _of_ledger(id: str, store: str | None) -> dict[str, RunItem]:
    with Ledger(store) as ledger:
        record = ledger.run(id)
        return {record.run_id: _run_item(ledger, record)}


def _run_item(ledger: Ledger, record: RunRecord) -> RunItem:
    return RunItem(record, trace_of(ledger.index.files(record.run_id), record.run_id))


def _records(name: str, content: bytes, found: Any) -> list[RunRecord]:
    if found is not None and not (isinstance(found, list) or (isinstance(found, dict) and found.get("schema") == RUN_SCHEMA)):
        schema = found.get("schema") if isinstance(found, dict) else type(found).__name__
        raise CarbonError(
            f"{name!r} is of schema {str(schema)[:60]!r}", hint=f"a report is made of {SCHEMA} and {RUN_SCHEMA}: carbon estimate --json, carbon runs export"
        )
    try:
        return load(content)
    except CarbonError as error:
        hint = f"{error.hint}; files of other tools come in by carbon runs import, and are then reported as runs" if found is None else error.hint
        raise CarbonError(f"{name!r}: {error}", hint=hint) from error


def _json(name: str, content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"{name!r} is not JSON: {error}", hint="is the file cut off?") from error


def _read(name: str) -> bytes:
    try:
        with open(name, "rb") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CarbonError(f"cannot read {name!r}: {reason}", hint="name a plan in TOML, an estimate or runs in JSON, or the id of a run") from error
