"""The same work on other hardware, in other regions, at other prices: one table, what wins in it, and what cannot be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, NotFoundError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import FixedFields, Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.compared_results import MONEY, figures_of, intervals, is_many, money_of, plain
from traincarbon.explore.pareto import pareto
from traincarbon.explore.variant import PRICES, changed
from traincarbon.uncertain import Interval, median_of

if TYPE_CHECKING:
    import pandas as pd

MARKS: dict[str, str] = {"cheapest": "cost_usd", "fastest": "duration_s", "cleanest": "total_kgco2e"}
"""What wins, and the figure by which it does. Where durations are unknown, the fewest accelerator-hours are the fastest."""
_MOST = 2000
"""Combinations beyond these are a sweep, not a table that anybody reads."""


class Where(NamedTuple):
    """One combination: the plan, and what was asked of it; None where the plan's own holds."""

    plan: str
    hw: str | None
    region: str | None
    rent: str | None
    start: str | None

    def __str__(self) -> str:
        return " · ".join(part.replace("_", " ") for part in self if part)


class SetAside(NamedTuple):
    """A combination that cannot be, why, and what to do about it, which the reason says too."""

    where: Where
    reason: str
    hint: str = ""


def by_reason(aside: Iterable[SetAside]) -> list[str]:
    """Return one line for each reason, with the first combination that it holds of and how many more there are."""
    groups: dict[str, list[Where]] = {}
    for where, reason, _ in aside:
        groups.setdefault(reason, []).append(where)
    return [f"{wheres[0]}{f' and {len(wheres) - 1} more' if len(wheres) > 1 else ''}: {reason}" for reason, wheres in groups.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One combination with its figures and what it wins.

    Attributes:
        where: Plan, hardware, region, price and start, as asked for.
        plan: The plan that was estimated.
        hardware: Full name of the hardware.
        place: Name of the region, empty where none is named.
        figures: What it takes, each figure of :data:`~traincarbon.explore.compared_results.FIGURES`; None where unknown.
        marks: What it wins: ``cheapest``, ``fastest``, ``cleanest``.
        is_pareto: Whether nothing beats it in cost, time and CO2e together.
        warnings: What the estimate warns of.
    """

    where: Where
    plan: Plan
    hardware: str
    place: str
    figures: Mapping[str, Interval | None]
    marks: tuple[str, ...]
    is_pareto: bool
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the option fit for JSON."""
        return {
            **self.where._asdict(),
            "hardware": self.hardware,
            "place": self.place,
            "figures": plain(self.figures),
            "marks": list(self.marks),
            "is_pareto": self.is_pareto,
            "warnings": list(self.warnings),
            "fields": self.plan.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every combination that can be, cheapest first, and those that cannot; see :func:`traincarbon.compare`.

    Attributes:
        options: What was estimated; those of unknown cost last.
        set_aside: What cannot be, each with its reason.
        money: Whether ``cost_usd`` is that of renting (``rent``) or of owning (``own``).
        level: Confidence level of the intervals. [1]
    """

    options: tuple[Option, ...]
    set_aside: tuple[SetAside, ...]
    money: str
    level: float

    def marked(self, mark: str) -> Option | None:
        """Return the option that wins *mark*, None where nothing is known of that figure."""
        return next((option for option in self.options if mark in option.marks), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison fit for JSON, in the schema ``traincarbon/comparison/1``."""
        return {
            "schema": "traincarbon/comparison/1",
            "money": self.money,
            "level": self.level,
            "options": [option.to_dict() for option in self.options],
            "set_aside": [{**aside.where._asdict(), "reason": aside.reason} for aside in self.set_aside],
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return a row an option: what was asked, the medians of its figures, and what it wins.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        rows = []
        for option in self.options:
            medians = {name: None if interval is None else interval.median for name, interval in option.figures.items()}
            rows.append({**option.where._asdict(), **medians, **{mark: mark in option.marks for mark in MARKS}, "is_pareto": option.is_pareto})
        return pd.DataFrame(rows)


def compare(
    *plans: Plan,
    hw: str | Sequence[str] = (),
    region: str | Sequence[str] = (),
    rent: str | Sequence[str] = (),
    start: str | Sequence[str] = (),
    money: str | None = None,
    database: Database | None = None,
    level: float = 0.9,
    **fields: Unpack[FixedFields],
) -> Comparison:
    """Return every combination of plans, hardware, regions, prices and starts, with what wins and what cannot be.

    Args:
        *plans: The plans, or none to give the fields of one by name.
        hw: Hardware to compare in place of the plans' own.
        region: Regions to compare.
        rent: Price models to compare: ``on_demand``, ``spot``, ``reserved_1y``, ``reserved_3y``.
        start: Starts to compare.
        money: Whether money is that of renting (``rent``) or of owning (``own``); by default rent, unless no rent of anything is known.
        database: The facts to rest on; by default ours with the user's own.
        level: Confidence level of the intervals. [1]
        **fields: Fields of the plan; they win over those of *plans*. Prices among them hold for all hardware; those of a plan for its own.

    Raises:
        CarbonError: an argument is not possible, or nothing can be estimated at all.

    Example:
        >>> found = compare(params=7e9, tokens=1e12, hw=["dgx-a100", "dgx-h100"], servers=16)
        >>> found.marked("fastest").where.hw
        'dgx-h100'
    """
    if money is not None and money not in MONEY:
        raise PlanError(f"money is {money!r}", hint=f"it must be one of {', '.join(MONEY)}")
    database = database if database is not None else open_database()
    asked = [stated_axis(hw), stated_axis(region), stated_axis(rent), stated_axis(start)]
    stated = [changed(plan, **fields) for plan in plans] or [Plan.from_dict(fields)]
    names = _names(stated)
    total = len(stated) * len(asked[0]) * len(asked[1]) * len(asked[2]) * len(asked[3])
    if total > _MOST:
        raise PlanError(f"{total:,} combinations", hint=f"compare at most {_MOST:,}: name fewer")
    kept = {name: value for name, value in fields.items() if name in PRICES}
    answers: list[tuple[Where, Estimate]] = []
    aside: list[SetAside] = []
    for (name, each), machine, place, price, when in product(list(zip(names, stated, strict=True)), asked[0], asked[1], asked[2], asked[3]):
        where = Where(name, machine, place, price, when)
        found = _answer(each, where, kept, database, level)
        if isinstance(found, SetAside):
            aside.append(found)
        else:
            answers.append((where, found))
    if not answers:
        raise _none_can_be(aside)
    if money is None:
        money = "rent" if any(money_of(answer) == "rent" and answer["rent_usd"] is not None for _, answer in answers) else "own"
    return Comparison(options=_options(answers, money, level), set_aside=tuple(aside), money=money, level=level)


def _answer(plan: Plan, where: Where, kept: Mapping[str, Any], database: Database, level: float) -> Estimate | SetAside:
    """Return the estimate of one combination, whatever its hardware with the prices *kept*, or why it cannot be."""
    axes = {name: value for name, value in zip(("hw", "region", "rent", "start"), where[1:], strict=True) if value is not None}
    try:
        if is_same_hardware(database, plan.hw, axes.get("hw")):
            del axes["hw"]
        answer = estimate(changed(plan, **axes, **kept), database=database, level=level)
    except CarbonError as error:
        return SetAside(where, f"{error}" + (f" ({error.hint})" if error.hint else ""), error.hint)
    if is_many(answer):
        raise PlanError("a plan of arrays is many plans", hint="compare plans of single numbers")
    left_out = [name for name in PRICES if "hw" in axes and name not in kept and getattr(plan, name) is not None]
    answer.warnings += [f"the plan's {name} is of its own hardware, and left out for other" for name in left_out]
    reason = _why_not(answer, where, database)
    return answer if reason is None else SetAside(where, reason)


def _none_can_be(aside: Sequence[SetAside]) -> PlanError:
    """Return the error of a comparison in which nothing can be: the one reason with its own remedy, or the first of several."""
    where, reason, hint = aside[0]
    if len({each.reason for each in aside}) > 1:
        return PlanError(f"none of {len(aside):,} combinations can be: {where}: {reason}", hint="name other hardware or regions")
    return PlanError(reason.removesuffix(f" ({hint})") if hint else reason, hint=hint or "name other hardware or regions")


def is_same_hardware(database: Database, one: str | None, other: str | None) -> bool:
    """Say whether two names are of one server or accelerator; where one is not stated, or is of nothing, they are not."""
    if one is None or other is None or one == other:
        return one is not None and one == other
    try:
        mine, its = find_hardware(database, one), find_hardware(database, other)
    except NotFoundError:
        return False
    return (mine.folder, mine.id) == (its.folder, its.id)


def _why_not(answer: Estimate, where: Where, database: Database) -> str | None:
    """Return why a combination cannot be, as far as is known; None where it can."""
    n, fewest = answer.accelerators, answer.fewest_accelerators
    if n is not None and fewest is not None and median_of(n) < median_of(fewest):
        return f"weights and optimiser fill {median_of(fewest):,.0f} accelerators, there are {median_of(n):,.0f}"
    chip, place = answer.facts.accelerator, answer.facts.place
    if where.rent is not None and answer["rent_usd"] is None:
        return f"no {where.rent.replace('_', ' ')} price of {chip.name} is known"
    hardware = answer.facts.hardware
    if place is None or place.region is None or not hardware.is_cloud or answer.plan.rent_price is not None:
        return None
    purchase = answer.plan.rent or "on_demand"
    offered = [row for row in database.rows("prices", chip.id) if row["server"] == hardware.id and row["purchase"] == purchase]
    if offered and all(row["region"] != place.id for row in offered):
        return f"no {purchase.replace('_', ' ')} price of {hardware.id} in {place.id} is known: it may not be offered there"
    return None


def _options(answers: list[tuple[Where, Estimate]], money: str, level: float) -> tuple[Option, ...]:
    """Return the estimates as options, marked and sorted by cost."""
    rows = [figures_of(answer, money) for _, answer in answers]
    times = "duration_s" if all(row["duration_s"] is not None for row in rows) else "accelerator_hours_h"
    medians = [{name: None if value is None else float(median_of(value)) for name, value in row.items()} for row in rows]
    beaten = pareto([[row["cost_usd"], row[times], row["total_kgco2e"]] for row in medians])
    marks: list[list[str]] = [[] for _ in rows]
    for mark, figure in MARKS.items():
        wanted = times if mark == "fastest" else figure
        known = [(value, _or_inf(row["cost_usd"]), at) for at, row in enumerate(medians) if (value := row[wanted]) is not None]
        if known:
            marks[min(known)[2]].append(mark)
    options = [
        Option(
            where=where,
            plan=answer.plan,
            hardware=answer.facts.hardware.name,
            place=answer.facts.place.id if answer.facts.place is not None else "",
            figures=intervals(row, level),
            marks=tuple(won),
            is_pareto=kept,
            warnings=tuple(answer.warnings),
        )
        for (where, answer), row, won, kept in zip(answers, rows, marks, beaten, strict=True)
    ]
    return tuple(sorted(options, key=_by_cost))


def _by_cost(option: Option) -> tuple[float, float]:
    cost, carbon = option.figures["cost_usd"], option.figures["total_kgco2e"]
    return _or_inf(None if cost is None else cost.median), _or_inf(None if carbon is None else carbon.median)


def _or_inf(value: float | None) -> float:
    return inf if value is None else value


def stated_axis(axis: str | Iterable[str]) -> list[str | None]:
    """Return the values of an axis, each once; that of the plans where none is stated."""
    values: list[str | None] = list(dict.fromkeys([axis] if isinstance(axis, str) else axis))
    return values or [None]


def _names(plans: Sequence[Plan]) -> list[str]:
    """Return a name for each plan: its own, else its number; empty where there is one."""
    if len(plans) == 1:
        return [plans[0].name or ""]
    names = [plan.name or f"plan {number}" for number, plan in enumerate(plans, 1)]
    return [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, 1)]
