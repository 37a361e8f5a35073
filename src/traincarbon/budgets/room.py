"""Whether a month has room for a run: what its budgets have left, what runs that go on still will take, and what this one is expected to take."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth
from traincarbon.budgets.month import Month
from traincarbon.budgets.run_month import within
from traincarbon.formatting import amount, clean


class Room(StrEnum):
    """What a limit says of a run."""

    ENOUGH = "enough"
    """There is room for it."""
    SPENT = "spent"
    """The month is spent."""
    TOO_LITTLE = "too little"
    """The run is expected to take more than what is left."""
    NOT_KNOWN = "not known"
    """There is room left, and what the run will take is not known."""


class Expected(NamedTuple):
    """What a run is expected to take in total, by the names of :data:`traincarbon.budgets.budget.UNITS`; what is not known is absent.

    Attributes:
        amounts: How much.
        duration_s: How long it takes; None where that is not known. [s]
    """

    amounts: Mapping[str, float] = {}
    duration_s: float | None = None

    def less(self, taken: Mapping[str, float], *, duration_s: float) -> "Expected":
        """Return what is left of a run that has taken something already."""
        left = {name: max(value - taken.get(name, 0.0), 0.0) for name, value in self.amounts.items()}
        return Expected(left, None if self.duration_s is None else max(self.duration_s - duration_s, 0.0))

    def in_month(self, month: Month, *, now_s: float) -> dict[str, float]:
        """Return what of it falls into a month if the run begins now."""
        share = within(month, from_s=now_s, length_s=self.duration_s)
        return {name: value * share for name, value in self.amounts.items()}


class LimitRoom(NamedTuple):
    """What a limit of a budget says of a run.

    Attributes:
        budget: The month of the budget.
        name: What is bounded.
        room: What it says.
        run: What the run is expected to take in the month, None where that is not known.
    """

    budget: BudgetMonth
    name: str
    room: Room
    run: float | None

    @property
    def refuses(self) -> bool:
        """Whether the run must not start."""
        return self.budget.budget.on_budget is StartPolicy.REFUSE and self.room in (Room.SPENT, Room.TOO_LITTLE)

    @property
    def text(self) -> str:
        """One sentence."""
        unit, limit = UNITS[self.name], self.budget.budget.limits[self.name]
        of_whom = f"the budget of {clean(self.budget.project)[:60] or 'runs without a project'} for {self.budget.month.name}"
        whole, spent = amount(limit, unit, digits=3), amount(self.budget.spent(self.name), unit, digits=3)
        ahead = self.budget.use.ahead.get(self.name, 0.0)
        others = f", {amount(ahead, unit, digits=3)} of it for runs that still go on" if ahead > 0.0 else ""
        left = f"{amount(max(self.budget.left(self.name), 0.0), unit, digits=3)} of {whole} is left{others}"
        if self.room is Room.SPENT:
            return f"{of_whom} is spent: {spent} of {whole}"
        if self.room is Room.TOO_LITTLE and self.run is None:
            return f"{of_whom} has no room: {left}"
        if self.run is None:
            return f"{of_whom}: {left}; what this run will take is not known (give it a plan)"
        takes = f"this run is expected to take {amount(self.run, unit, digits=3)} in that month"
        if self.room is Room.TOO_LITTLE:
            return f"{of_whom} has too little room: {left}, and {takes}"
        return f"{of_whom}: {left}; {takes}"

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        return {
            "project": self.budget.project,
            "month": self.budget.month.name,
            "limit": self.name,
            "unit": UNITS[self.name],
            "on_budget": self.budget.budget.on_budget.value,
            "amount": self.budget.budget.limits[self.name],
            "spent": self.budget.spent(self.name),
            "ahead": self.budget.use.ahead.get(self.name, 0.0),
            "run": self.run,
            "room": self.room.value,
            "refuses": self.refuses,
        }


def room_for(months: Sequence[BudgetMonth], run: Expected, *, now_s: float) -> tuple[LimitRoom, ...]:
    """Return what each limit says of a run that begins now.

    Args:
        months: The months of the budgets of its project.
        run: What it is expected to take.
        now_s: Now, on the wall clock. [s]
    """
    found: list[LimitRoom] = []
    for each in months:
        takes = run.in_month(each.month, now_s=now_s)
        found += [LimitRoom(each, name, _room(each, name, takes.get(name)), takes.get(name)) for name in each.budget.limits]
    return tuple(found)


def _room(month: BudgetMonth, name: str, run: float | None) -> Room:
    if month.left(name) <= 0.0:
        return Room.SPENT
    if run is None:
        return Room.TOO_LITTLE if month.free(name) <= 0.0 else Room.NOT_KNOWN
    return Room.TOO_LITTLE if run > month.free(name) else Room.ENOUGH
