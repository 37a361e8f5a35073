"""The budget of a run's project, asked before the run starts."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from traincarbon.budgets.place import has_budgets
from traincarbon.tracking.settings import BudgetPolicy, Settings

if TYPE_CHECKING:
    from traincarbon.budgets.room import Expected
    from traincarbon.budgets.start_check import Start
    from traincarbon.estimation.plan import Plan


def with_budget_check(settings: Settings, *, tell: Callable[[str], None]) -> Settings:
    """Return the settings with what the budgets of the project say, for the record.

    One process of a run asks, the first of the first node, and no tracker within another one.

    Args:
        settings: Those of the run.
        tell: Called with each sentence that the user is to read.

    Raises:
        CarbonError: the month is spent, or has too little room for what the run is expected to take, and its budget refuses such runs.
    """
    launch = settings.launch
    if settings.within or launch.node_rank or launch.local_rank or launch.rank or not has_budgets():
        return settings
    from traincarbon.budgets.start_check import check_start

    start = check_start(project=settings.project, store=settings.store, run_id=settings.run_id, expected=lambda: expected_of(settings))
    if start.refusal is not None:
        raise start.refusal
    for text in start.warnings:
        tell(text)
    return settings._replace(notes=(*settings.notes, *start.warnings))


def check_budget(
    project: str, *, plan: "Plan | Mapping[str, object] | None" = None, store: str | os.PathLike[str] | None = None, db: str | os.PathLike[str] | None = None
) -> "Start":
    """Return what the budgets of a project say of a run that would begin now, as :func:`traincarbon.track` asks them. Nothing is raised for want of room.

    Args:
        project: The project.
        plan: What the run is expected to take; without it only what is spent decides.
        store: The folder of the runs of this machine; by default ``$CARBON_STORE``, else the user's data folder.
        db: Extra folder of hardware facts.
    """
    from traincarbon.budgets.room import Expected
    from traincarbon.budgets.start_check import Start, check_start

    if not has_budgets():
        return Start()
    fields = None if plan is None else plan if isinstance(plan, Mapping) else plan.to_dict()
    database = None if db is None else os.fspath(db)

    def expected() -> Expected:
        return Expected() if fields is None else _expected(planned_by(fields, fields, database=database))

    return check_start(project=project, store=None if store is None else os.fspath(store), expected=expected)


def expected_of(settings: Settings) -> "Expected":
    """Return what a run is expected to take: what its plan says, and no more than budgets of its own that stop it."""
    planned = {} if settings.plan is None else planned_by(settings.plan, settings.context, nodes=settings.nodes, database=settings.database)
    found = _expected(planned)
    if settings.on_budget is not BudgetPolicy.STOP:
        return found
    from traincarbon.budgets.budget import UNITS

    limits = {name: limit for name, limit in settings.limits.given.items() if name in UNITS}
    return found._replace(amounts={**found.amounts, **{name: min(limit, found.amounts.get(name, limit)) for name, limit in limits.items()}})


def planned_by(plan: Mapping[str, object], stated: Mapping[str, object], *, nodes: int = 1, database: str | None = None) -> dict[str, float]:
    """Return the medians of what a plan takes, with the cost that the record of its run will count; what is not known is absent.

    Args:
        plan: Fields of the plan.
        stated: Those that the user stated.
        nodes: Machines that work on the run.
        database: Extra folder of hardware facts.
    """
    from traincarbon.tracking.value.rates import look_up
    from traincarbon.tracking.value.valuation import RunQuestion

    found = look_up(RunQuestion(stated=stated, plan=plan, nodes=nodes, database=database))
    results = {} if found.plan is None else {name: float(interval.median) for name, interval in found.plan.results.items()}
    costs = ("rent_usd",) if found.is_rented else ("own_usd", "electricity_usd")
    cost_usd = next((results[name] for name in costs if name in results), None)
    return results if cost_usd is None else {**results, "cost_usd": cost_usd}


def _expected(planned: Mapping[str, float]) -> "Expected":
    from traincarbon.budgets.budget import QUANTITY_OF
    from traincarbon.budgets.room import Expected

    return Expected({name: planned[quantity] for name, quantity in QUANTITY_OF.items() if quantity in planned}, planned.get("duration_s"))
