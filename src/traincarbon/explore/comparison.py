"""The result of a comparison: the combinations that were estimated, and those that were set aside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compared_results import plain
from traincarbon.extras import data_frame
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    import pandas as pd

Results: TypeAlias = Mapping[str, Interval | None]
"""The compared quantities of an option; None where unknown."""


class Mark(NamedTuple):
    """What an option can be the best in.

    Attributes:
        quantity: The quantity of which it has the least.
        letter: The letter that marks it in a table.
    """

    quantity: str
    letter: str


MARKS: dict[str, Mark] = {"cheapest": Mark("cost_usd", "$"), "fastest": Mark("duration_s", "t"), "cleanest": Mark("total_kgco2e", "c")}
"""The marks by name. Where a duration is unknown, the option with the fewest GPU-hours is the fastest."""


_TIED = 1.0 + 1e-9
"""Times the best up to which another is as good; what is left is rounding."""


def fastest_by(rows: Sequence[Results]) -> str:
    """Return the quantity by which options are the fastest: GPU-hours where a duration is unknown."""
    return "duration_s" if all(row["duration_s"] is not None for row in rows) else "accelerator_hours_h"


def median_or_inf(row: Results, name: str) -> float:
    """Return the median of a quantity, infinite where it is unknown."""
    interval = row[name]
    return inf if interval is None else float(interval.median)


def marks_of(rows: Sequence[Results], time: str) -> list[tuple[str, ...]]:
    """Return the marks of each option: what it alone is the best in. Where several are as good, none has the mark."""
    marks: list[tuple[str, ...]] = [()] * len(rows)
    for name, mark in MARKS.items():
        quantity = time if name == "fastest" else mark.quantity
        known = [at for at, row in enumerate(rows) if row[quantity] is not None]
        least = min((median_or_inf(rows[at], quantity) for at in known), default=inf)
        best = [at for at in known if median_or_inf(rows[at], quantity) <= least * _TIED]
        if len(best) == 1:
            marks[best[0]] += (name,)
    return marks


class Where(NamedTuple):
    """One combination of a comparison.

    Attributes:
        plan: Name of the plan, empty where there is only one.
        hw: The hardware asked for; None for that of the plan.
        region: The region asked for; None for that of the plan.
        rent: The price model asked for; None for that of the plan.
        start: The start asked for; None for that of the plan.
    """

    plan: str
    hw: str | None
    region: str | None
    rent: str | None
    start: str | None

    def __str__(self) -> str:
        return " · ".join(part.replace("_", " ") for part in self if part)

    def among(self, others: "Sequence[Where]") -> str:
        """Return what tells the combination from *others*; empty where nothing does."""
        differing = (value for name, value in self._asdict().items() if value and len({getattr(other, name) for other in others}) > 1)
        return " · ".join(value.replace("_", " ") for value in differing)

    @property
    def axes(self) -> dict[str, str]:
        """The fields that replace those of the plan."""
        return {name: value for name, value in self._asdict().items() if name != "plan" and value is not None}


class SetAside(NamedTuple):
    """A combination that cannot be estimated.

    Attributes:
        where: The combination.
        problem: Why it cannot be estimated.
        hint: What to do about it, where anything can be done.
    """

    where: Where
    problem: str
    hint: str = ""

    @classmethod
    def because(cls, where: Where, error: CarbonError) -> "SetAside":
        """Return the combination set aside because of an *error*."""
        return cls(where, str(error), error.hint)

    @property
    def reason(self) -> str:
        """Problem and hint in one line."""
        return f"{self.problem} ({self.hint})" if self.hint else self.problem

    def to_dict(self) -> dict[str, object]:
        """Return the combination and the reason fit for JSON."""
        return {**self.where._asdict(), "reason": self.reason}


def by_reason(set_aside: Iterable[SetAside]) -> list[str]:
    """Return one line for each reason, with its first combination and the number of others."""
    groups: dict[str, list[Where]] = {}
    for each in set_aside:
        groups.setdefault(each.reason, []).append(each.where)
    return [f"{wheres[0]}{f' and {len(wheres) - 1} more' if len(wheres) > 1 else ''}: {reason}" for reason, wheres in groups.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One estimated combination.

    Attributes:
        where: Plan, hardware, region, price model and start, as asked for.
        plan: The plan that was estimated.
        hardware: Full name of the hardware.
        place: Id of the region, empty where none is named.
        results: Each compared quantity; None where unknown.
        marks: What it is the best in: ``cheapest``, ``fastest``, ``cleanest``.
        is_pareto: Whether no other option is as good in cost, time and CO2e and better in one of them.
        warnings: The warnings of the estimate.
    """

    where: Where
    plan: Plan
    hardware: str
    place: str
    results: Results
    marks: tuple[str, ...]
    is_pareto: bool
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the option fit for JSON."""
        return {
            **self.where._asdict(),
            "hardware": self.hardware,
            "place": self.place,
            "figures": plain(self.results),
            "marks": list(self.marks),
            "is_pareto": self.is_pareto,
            "warnings": list(self.warnings),
            "fields": self.plan.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every combination that can be estimated, the cheapest first, and those that cannot; see :func:`traincarbon.compare`.

    Attributes:
        options: The estimated combinations; those of unknown cost come last.
        set_aside: The combinations that cannot be estimated, each with its reason.
        money: Whether ``cost_usd`` is the cost to rent (``rent``) or to own (``own``).
        level: Confidence level of the intervals. [1]
    """

    options: tuple[Option, ...]
    set_aside: tuple[SetAside, ...]
    money: str
    level: float

    def marked(self, mark: str) -> Option | None:
        """Return the option with a *mark*, None where its quantity is unknown for all of them."""
        return next((option for option in self.options if mark in option.marks), None)

    def to_dict(self) -> dict[str, object]:
        """Return the comparison fit for JSON, in the schema ``traincarbon/comparison/1``."""
        return {
            "schema": "traincarbon/comparison/1",
            "money": self.money,
            "level": self.level,
            "options": [option.to_dict() for option in self.options],
            "set_aside": [each.to_dict() for each in self.set_aside],
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return a row an option: the combination, the median of each quantity, and its marks.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        rows = []
        for option in self.options:
            medians = {name: None if interval is None else interval.median for name, interval in option.results.items()}
            rows.append({**option.where._asdict(), **medians, **{mark: mark in option.marks for mark in MARKS}, "is_pareto": option.is_pareto})
        return data_frame(rows)

    def _repr_html_(self) -> str:
        from traincarbon.explore.comparison_html import as_html

        return as_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002  IPython chooses among all of them
        from traincarbon.notebooks import mime_bundle

        return mime_bundle(text=f"Comparison of {len(self.options)} options, {len(self.set_aside)} set aside", html=self._repr_html_())
