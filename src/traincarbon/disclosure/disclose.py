"""Disclose runs and plans in the formats that others ask for."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from traincarbon._version import __version__
from traincarbon.database.load import Database, open_database
from traincarbon.decode import number
from traincarbon.disclosure.by_hour import run_by_hour
from traincarbon.disclosure.disclosure import Disclosure, once
from traincarbon.disclosure.formats.table import FORMATS, writer_of
from traincarbon.disclosure.of_plan import statement_of_plan
from traincarbon.disclosure.of_run import statement_of_run
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.tenure import parse_tenure
from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import Number
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.files import check_writable, replace_file, write_new_file
from traincarbon.formatting import clean_lines
from traincarbon.ledger.index_progress import Tell
from traincarbon.reporting.decision.provenance import today
from traincarbon.reporting.subjects import ReportedPlan, Subject, read_subjects

_LONGEST = 300


class Disclosed(NamedTuple):
    """A disclosure with its files.

    Attributes:
        disclosure: What is disclosed.
        files: Name of each file to its content.
        folder: Where they were written, None if nowhere.
    """

    disclosure: Disclosure
    files: Mapping[str, str]
    folder: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON, in the schema ``traincarbon/disclosure/1``."""
        return self.disclosure.to_dict(self.files)


def disclose(
    *items: Subject,
    formats: Iterable[str] = tuple(FORMATS),
    output: str | os.PathLike[str] | None = None,
    model: str = "",
    provider: str = "",
    original_flop: float | str | None = None,
    task_tokens: float | str = 100_000.0,
    tenure: str | None = None,
    market_intensity: Number = None,
    force: bool = False,
    store: str | os.PathLike[str] | None = None,
    level: float = 0.9,
    live: bool = False,
    service: str | None = None,
    grid_zone: str = "",
    database: Database | None = None,
    progress: Tell | None = None,
) -> Disclosed:
    """Return the statements about runs and plans that others ask for, and write them into a folder if one is named.

    Nothing is invented: what a record or a plan does not tell is said to be missing, in the way of each format. Without *live* the network is never used.

    Args:
        *items: Runs of the ledger by id, records, plans, and files of plans, estimates or records; those of one model.
        formats: Names of :data:`traincarbon.disclosure.formats.table.FORMATS`.
        output: The folder to write to; it is made if it is not there. None writes nothing.
        model: The name of the model; by default that of the first plan or run.
        provider: Who trained it.
        original_flop: Compute of the model that this one modifies. [FLOP]
        task_tokens: Tokens of the task whose inference compute is stated. [1]
        tenure: Who owns the hardware, ``owned`` or ``rented``; by default what record or plan tell.
        market_intensity: Carbon intensity of the energy contract; by default that of the plan. [g/kWh]
        force: Replace existing files.
        store: The ledger's folder; by default the user's.
        level: Confidence level of the intervals of plans. [1]
        live: Ask services for the carbon intensity of each hour of a run, see :func:`traincarbon.disclosure.by_hour.run_by_hour`.
        service: Ask this service alone.
        grid_zone: What that service calls the zone of the run.
        database: The facts; by default the built-in ones with the user's own.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: a subject cannot be read, a format is unknown, a quantity is impossible, or a file cannot be written.
    """
    if not items:
        raise CarbonError("nothing to disclose", hint="name a run, a plan (PLAN.toml) or a saved estimate (ESTIMATE.json)")
    database = database if database is not None else open_database()
    writers = [writer_of(name) for name in dict.fromkeys(formats)]
    tokens, original = _count(task_tokens, "task_tokens"), None if original_flop is None else _count(original_flop, "original_flop")
    found = read_subjects(items, database=database, store=None if store is None else os.fspath(store), level=level, tell=progress)
    held, contract = parse_tenure(tenure), Plan.from_dict({"market_intensity": market_intensity}).number("market_intensity")
    statements = [statement_of_plan(_answer_of(plan), model=model, database=database, tenure=held, market_intensity=contract) for plan in found.plans]
    hours = [
        run_by_hour(run.record, live=True, basis="direct", service=service, grid_zone=grid_zone, database=database) if live else None for run in found.runs
    ]
    statements += [
        statement_of_run(run.record, database=database, model=model, level=level, by_hour=each, tenure=held, market_intensity=contract)
        for run, each in zip(found.runs, hours, strict=True)
    ]
    disclosure = Disclosure(
        statements=once(statements),
        model=(model or next((each.model for each in statements if each.model), ""))[:_LONGEST],
        provider=provider[:_LONGEST],
        date=_date(statements),
        original_flop=original,
        task_tokens=tokens,
        version=__version__,
    )
    files = {name: clean_lines(content) for write in writers for name, content in write(disclosure).items()}
    folder = None if output is None else os.fspath(output)
    if folder is not None:
        _write(folder, files, force=force)
    return Disclosed(disclosure, files, folder)


def _answer_of(plan: ReportedPlan) -> Estimate:
    if plan.answer is None:
        raise CarbonError("a saved estimate differs from what its plan gives now", hint="disclose its plan instead of the estimate")
    return plan.answer


def _count(value: object, name: str) -> float:
    """Return a positive amount, as people write it.

    Raises:
        CarbonError: it is not above 0.
    """
    found = number(parse_quantity(value) if isinstance(value, str) else value)
    if found is None or found <= 0.0:
        raise CarbonError(f"{name} must be above 0, not {str(value)[:40]}", hint=f"write {name} as 100000, 8.6e23 or 100k")
    return found


def _date(statements: Iterable[Statement]) -> str:
    """Return the day on which the last run ended or began, else that of today or of ``SOURCE_DATE_EPOCH``."""
    return max((each.ended or each.began for each in statements if not each.is_estimate), default="")[:10] or today()


def _write(folder: str, files: Mapping[str, str], *, force: bool) -> None:
    """Write all *files*, or none where one of them exists.

    Raises:
        CarbonError: one of them exists and is not to be replaced, or the folder cannot be written to.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except (OSError, ValueError) as error:
        raise CarbonError(f"cannot make the folder {folder[:200]!r}: {error}", hint="name a folder that you may write to") from error
    check_writable(folder)
    there = [name for name in files if os.path.lexists(os.path.join(folder, name))]
    if there and not force:
        raise CarbonError(f"{os.path.join(folder, there[0])!r} already exists", hint="name another folder, or replace the files with --force")
    for name, content in files.items():
        (replace_file if force else write_new_file)(os.path.join(folder, name), content)
