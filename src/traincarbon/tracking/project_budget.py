"""The budget of a run's project, asked before the run starts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.budgets.place import has_budgets
from traincarbon.tracking.settings import BudgetPolicy, Settings

if TYPE_CHECKING:
    from traincarbon.budgets.room import Expected


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


def expected_of(settings: Settings) -> "Expected":
    """Return what a run is expected to take: what its plan says, and no more than budgets of its own that stop it."""
    from traincarbon.budgets.budget import QUANTITY_OF
    from traincarbon.budgets.room import Expected

    amounts, duration_s = {}, None
    if settings.plan is not None:
        planned = planned_by(settings)
        amounts = {name: planned[quantity] for name, quantity in QUANTITY_OF.items() if quantity in planned}
        duration_s = planned.get("duration_s")
    if settings.on_budget is BudgetPolicy.STOP:
        limits = {name: limit for name, limit in settings.limits.given.items() if name in QUANTITY_OF}
        amounts |= {name: min(limit, amounts.get(name, limit)) for name, limit in limits.items()}
    return Expected(amounts, duration_s)


def planned_by(settings: Settings) -> dict[str, float]:
    """Return the medians of what the plan of a run takes, with the cost that its record will count; what is not known is absent."""
    from traincarbon.tracking.value.rates import look_up
    from traincarbon.tracking.value.valuation import RunQuestion

    found = look_up(RunQuestion(stated=settings.context, plan=settings.plan, nodes=settings.nodes, database=settings.database))
    results = {} if found.plan is None else {name: float(interval.median) for name, interval in found.plan.results.items()}
    costs = ("rent_usd",) if found.is_rented else ("own_usd", "electricity_usd")
    cost_usd = next((results[name] for name in costs if name in results), None)
    return results if cost_usd is None else {**results, "cost_usd": cost_usd}
