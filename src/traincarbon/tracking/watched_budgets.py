"""Which budgets the tracker of a process watches, for trackers within it: a budget that is not watched refuses to start."""

import os
from collections.abc import Collection

from traincarbon.errors import CarbonError
from traincarbon.tracking.settings import BudgetPolicy, Settings

BUDGETS = "CARBON_BUDGETS"
"""The environment variable with the budgets that signal or stop the training, for trackers within it."""


def acting(settings: Settings) -> tuple[str, ...]:
    """Return the names of the budgets that are to signal or stop the training."""
    return () if settings.on_budget is BudgetPolicy.WARN else tuple(settings.limits.given)


def environment_of_budgets(settings: Settings) -> dict[str, str]:
    """Return the variable that tells the processes of a training which of its budgets are watched; none if no budget acts."""
    names = acting(settings)
    return {BUDGETS: ",".join(names)} if names or BUDGETS in os.environ else {}


def watched_outside() -> tuple[str, ...]:
    """Return the budgets that the tracker around this process watches."""
    return tuple(filter(None, os.environ.get(BUDGETS, "").split(",")))


def refuse_unwatched(settings: Settings, reason: str, *, watched: Collection[str]) -> None:
    """Refuse budgets that are to signal or stop the training and that are not watched.

    Args:
        settings: The settings of a tracker that does not meter.
        reason: Why it does not.
        watched: The budgets that the tracker that meters instead watches.

    Raises:
        CarbonError: there is such a budget.
    """
    unwatched = [name for name in acting(settings) if name not in watched]
    if unwatched:
        from traincarbon.tracking.value.budget import budget_text

        what = " and ".join(budget_text(name, settings.limits.given[name]) for name in unwatched)
        raise CarbonError(f"the budget of {what} is not watched: {reason}", hint='give it to the tracker that meters, or only be warned: on_budget="warn"')
