"""A month of a budget: what is spent, what is left, and how the rest of it burned down day by day."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.budgets.budget import UNITS, Budget, Budgets
from traincarbon.budgets.month import Month
from traincarbon.budgets.month_use import MonthUse
from traincarbon.formatting import counted
from traincarbon.ledger.run import timestamp


class BudgetMonth(NamedTuple):
    """A month of a budget.

    Attributes:
        budget: The budget.
        project: The project that has it, or the pattern of those that have it together.
        projects: The projects whose runs count.
        month: The month.
        use: What their runs take in it.
    """

    budget: Budget
    project: str
    projects: tuple[str, ...]
    month: Month
    use: MonthUse

    def spent(self, name: str) -> float:
        """Return what was taken so far, without runs that do not state it."""
        return self.use.spent(name)

    def left(self, name: str) -> float:
        """Return what is left, less than 0 where more was taken."""
        return self.budget.limits[name] - self.spent(name)

    def free(self, name: str) -> float:
        """Return what is left for new runs: without what runs that go on still will take."""
        return self.left(name) - self.use.ahead.get(name, 0.0)

    def burn_down(self, name: str, *, now_s: float) -> list[float | None]:
        """Return what was left at the end of each day of the month, None for days that have not begun."""
        left, found = self.budget.limits[name], list[float | None]()
        begin_s = self.month.begin_s
        for day, end_s in enumerate(self.month.day_ends_s):
            left -= self.use.by_day.get(name, [0.0] * (day + 1))[day]
            found.append(left if begin_s <= now_s else None)
            begin_s = end_s
        return found

    def unknown(self) -> list[str]:
        """Return a sentence for each limit of which runs do not say what they took or will take."""
        of_name = {"kwh": "energy", "usd": "cost", "kgco2e": "CO2e"}
        found = []
        for name in self.budget.limits:
            if count := self.use.unknown.get(name, 0):
                found.append(f"the {of_name[name]} of {counted(count, 'run')} is not known and counted nowhere")
            if count := self.use.unknown_ahead.get(name, 0):
                found.append(f"what {counted(count, 'run')} that {'goes' if count == 1 else 'go'} on still will take of {of_name[name]} is not known")
        if self.use.shared_runs:
            found.append(f"{counted(self.use.shared_runs, 'run')} shared GPUs with another one, and each counts all of their energy")
        return found

    def to_dict(self, *, now_s: float) -> dict[str, object]:
        """Return it fit for JSON."""
        limits: dict[str, object] = {}
        for name, limit in self.budget.limits.items():
            limits[name] = {
                "unit": UNITS[name],
                "limit": limit,
                "spent": self.spent(name),
                "ahead": self.use.ahead.get(name, 0.0),
                "left": self.left(name),
                "free": self.free(name),
                "spent_share": self.spent(name) / limit,
                "unknown_runs": self.use.unknown.get(name, 0),
                "unknown_ahead_runs": self.use.unknown_ahead.get(name, 0),
                "left_by_day": self.burn_down(name, now_s=now_s),
            }
        return {
            "project": self.project,
            "projects": list(self.projects),
            "pattern": self.budget.project,
            "shared": self.budget.is_shared,
            "on_budget": self.budget.on_budget.value,
            "every_month": not self.budget.month,
            "runs": self.use.runs,
            "running": self.use.running,
            "shared_runs": self.use.shared_runs,
            "limits": limits,
            "notes": self.unknown(),
        }


class BudgetsMonth(NamedTuple):
    """A month of all budgets.

    Attributes:
        month: The month.
        budgets: That month of each budget.
        without: Projects with runs in the month and without a budget.
        ledger: The store or the server that was asked.
        now_s: When it was asked, on the wall clock. [s]
        file: Where the budgets are stated.
    """

    month: Month
    budgets: tuple[BudgetMonth, ...]
    without: tuple[str, ...]
    ledger: str
    now_s: float
    file: str

    def to_dict(self) -> dict[str, object]:
        """Return it in the schema ``traincarbon/budgets/1``."""
        return {
            "schema": "traincarbon/budgets/1",
            "month": self.month.name,
            "time_zone": self.month.time_zone,
            "begins_at": timestamp(self.month.begin_s),
            "ends_at": timestamp(self.month.end_s),
            "asked_at": timestamp(self.now_s),
            "ledger": self.ledger,
            "file": self.file,
            "budgets": [each.to_dict(now_s=self.now_s) for each in self.budgets],
            "without_budget": list(self.without),
        }


def months_of(budgets: Budgets, uses: Mapping[str, MonthUse], month: Month) -> tuple[BudgetMonth, ...]:
    """Return the month of each budget: of a pattern, that of each project which has it, or of all of them where they share it.

    Args:
        budgets: The budgets.
        uses: What the runs of each project take in the month.
        month: The month.
    """
    having: dict[str, list[str]] = {}
    for project in sorted(uses):
        for budget in budgets.of_project(project, month.name):
            having.setdefault(budget.project, []).append(project)
    found: list[BudgetMonth] = []
    for budget in budgets.of_month(month.name):
        named = having.get(budget.project, []) if budget.is_pattern else [budget.project]
        if budget.is_shared or not named:
            found.append(_month_of(budget, budget.project, named, uses, month))
        else:
            found += [_month_of(budget, project, [project], uses, month) for project in named]
    return tuple(found)


def month_for(budget: Budget, project: str, uses: Mapping[str, MonthUse], month: Month) -> BudgetMonth:
    """Return the month of a budget that a project has, alone or together with others."""
    if not budget.is_shared:
        return _month_of(budget, project, [project], uses, month)
    return _month_of(budget, budget.project, sorted(name for name in {*uses, project} if budget.matches(name)), uses, month)


def _month_of(budget: Budget, project: str, projects: list[str], uses: Mapping[str, MonthUse], month: Month) -> BudgetMonth:
    use = MonthUse()
    for name in projects:
        use.add(uses.get(name, MonthUse()))
    return BudgetMonth(budget, project, tuple(projects), month, use)
