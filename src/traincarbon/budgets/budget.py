"""A budget: which projects it is of, how much a month of them may take, and what happens to a run for which there is no room."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from traincarbon.errors import CarbonError

EACH_PROJECT = "*"
"""The pattern of a budget that each project has which has none of its own."""
QUANTITY_OF = {"kwh": "facility_energy_kwh", "usd": "cost_usd", "kgco2e": "total_kgco2e"}
"""What a budget bounds, as the ending of its option, to the quantity of a run."""
UNITS = {"kwh": "kWh", "usd": "$", "kgco2e": "kg CO2e"}
"""What a budget bounds to its unit."""


class StartPolicy(StrEnum):
    """What happens to a run at whose start the month has no room for it."""

    WARN = "warn"
    """It starts, and a message and its record say so."""
    REFUSE = "refuse"
    """It does not start."""


class Budget(NamedTuple):
    """What projects may take in a month.

    Attributes:
        project: The name of a project, or a pattern with ``*``, ``?`` and ``[…]``.
        limits: How much, by the names of :data:`UNITS`.
        on_budget: What happens to a run for which there is no room.
        month: The only month that it is of, as ``2026-12``; "" for every month without one of its own.
        is_shared: Whether all projects that match have it together; else each of them has it for itself.
    """

    project: str
    limits: Mapping[str, float]
    on_budget: StartPolicy = StartPolicy.WARN
    month: str = ""
    is_shared: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether it is of several projects."""
        return any(letter in self.project for letter in "*?[")

    def matches(self, project: str) -> bool:
        """Return whether it is a budget of that project."""
        return project == self.project or fnmatchcase(project, self.project)


class Budgets(NamedTuple):
    """All budgets.

    Attributes:
        every: The budgets.
        time_zone: Where a month begins, by name or offset; "" for UTC.
        file: Where they are stated.
    """

    every: Sequence[Budget] = ()
    time_zone: str = ""
    file: str = ""

    def of_project(self, project: str, month: str) -> list[Budget]:
        """Return the budgets of a project in a month: the one that names it best, and those that it shares with others.

        Example:
            >>> own, each, together = Budget("bert", {"usd": 5.0}), Budget("*", {"usd": 1.0}), Budget("b*", {"usd": 9.0}, is_shared=True)
            >>> [each.project for each in Budgets((each, own, together)).of_project("bert", "2026-11")]
            ['bert', 'b*']
        """
        found = self._of_month(budget for budget in self.every if budget.matches(project) and budget.month in ("", month))
        single = sorted((budget for budget in found if not budget.is_shared), key=lambda budget: _distance(budget, project))
        return [*single[:1], *(budget for budget in found if budget.is_shared)]

    def of_month(self, month: str) -> list[Budget]:
        """Return the budgets of a month, without those of every month that have one of their own for it."""
        return self._of_month(budget for budget in self.every if budget.month in ("", month))

    def stated(self, project: str, month: str = "") -> Budget | None:
        """Return the budget that is stated under that name for that month, None where there is none."""
        return next((each for each in self.every if _key(each) == (project, month)), None)

    def _of_month(self, budgets: Iterable[Budget]) -> list[Budget]:
        return list({budget.project: budget for budget in sorted(budgets, key=lambda each: each.month)}.values())

    def with_budget(self, budget: Budget) -> "Budgets":
        """Return the budgets with *budget* in place of that of the same project and month."""
        return self._replace(every=(*(each for each in self.every if _key(each) != _key(budget)), budget))

    def without(self, project: str, month: str = "") -> "Budgets":
        """Return the budgets without that of the project and month.

        Raises:
            CarbonError: there is none.
        """
        kept = tuple(each for each in self.every if _key(each) != (project, month))
        if len(kept) == len(self.every):
            of_month = f" for {month}" if month else ""
            known = ", ".join(f"{each.project!r}" for each in self.every[:5])
            raise CarbonError(f"{project[:60]!r} has no budget{of_month}", hint=f"there are budgets of {known}" if known else "there are no budgets yet")
        return self._replace(every=kept)


def _key(budget: Budget) -> tuple[str, str]:
    return budget.project, budget.month


def _distance(budget: Budget, project: str) -> tuple[bool, int]:
    """Return how far the name of a budget is from that of a project: a name is nearer than a pattern, and a long pattern than a short one."""
    return budget.project != project, -len(budget.project)
