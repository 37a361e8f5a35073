"""The same work on other hardware, in other regions, and at other prices."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Unpack

from traincarbon.database.find_counted import find_counted
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, NotFoundError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.compared_results import MONEY, intervals, is_many, money_of, results_of
from traincarbon.explore.comparison import Comparison, Option, SetAside, Where, fastest_by, marks_of, median_or_inf
from traincarbon.explore.pareto import pareto
from traincarbon.explore.variant import PRICES, changed
from traincarbon.uncertain import median_of

if TYPE_CHECKING:
    from traincarbon.estimation.plan_keywords import FixedFields

_MOST = 2000
"""More combinations than these are a sweep and not a table."""


def compare(
    *plans: Plan,
    hw: str | Sequence[str] = (),
    region: str | Sequence[str] = (),
    rent: str | Sequence[str] = (),
    start: str | Sequence[str] = (),
    money: str | None = None,
    database: Database | None = None,
    level: float = 0.9,
    **fields: "Unpack[FixedFields]",
) -> Comparison:
    """Return the estimate of every combination of plans, hardware, regions, price models and starts.

    Args:
        *plans: The plans, or none to give the fields of one by name.
        hw: Hardware to compare, instead of that of the plans.
        region: Regions to compare.
        rent: Price models to compare: ``on_demand``, ``spot``, ``reserved_1y``, ``reserved_3y``.
        start: Starts to compare.
        money: Whether cost is the cost to rent (``rent``) or to own (``own``); by default rent, unless no rent is known at all.
        database: The facts; by default the built-in ones and the user's own.
        level: Confidence level of the intervals. [1]
        **fields: Fields of the plan; they override those of *plans*. A price among them holds for all hardware; a price in a plan only for its own.

    Raises:
        CarbonError: an argument is impossible, or no combination can be estimated.

    Example:
        >>> found = compare(params=7e9, tokens=1e12, hw=["dgx-a100", "dgx-h100"], servers=16)
        >>> found.marked("fastest").where.hw
        'dgx-h100'
    """
    if money is not None and money not in MONEY:
        raise PlanError(f"money is {money!r}", hint=f"it must be one of {', '.join(MONEY)}")
    database = database if database is not None else open_database()
    axes = [axis_values(axis) for axis in (hw, region, rent, start)]
    stated = [changed(plan, **fields) for plan in plans] or [Plan.from_dict(fields)]
    named = list(zip(_names(stated), stated, strict=True))
    total = len(named) * len(axes[0]) * len(axes[1]) * len(axes[2]) * len(axes[3])
    if total > _MOST:
        raise PlanError(f"{total:,} combinations", hint=f"compare at most {_MOST:,}: name fewer")
    prices = {name: value for name, value in fields.items() if name in PRICES}
    answers: list[tuple[Where, Estimate]] = []
    set_aside: list[SetAside] = []
    for (name, plan), values in product(named, product(*axes)):
        where = Where(name, *values)
        found = _answer(plan, where, prices, database, level)
        if isinstance(found, SetAside):
            set_aside.append(found)
        else:
            answers.append((where, found))
    if not answers:
        raise _nothing_estimated(set_aside)
    if money is None:
        money = "rent" if any(money_of(answer) == "rent" and answer["rent_usd"] is not None for _, answer in answers) else "own"
    return Comparison(options=_options(answers, money, level), set_aside=tuple(set_aside), money=money, level=level)


def _answer(plan: Plan, where: Where, prices: Mapping[str, object], database: Database, level: float) -> Estimate | SetAside:
    """Return the estimate of one combination, with the *prices* that hold for all hardware, or why it cannot be estimated."""
    try:
        axes = axes_of(plan, where, database)
        answer = estimate(changed(plan, **axes, **prices), database=database, level=level)
    except CarbonError as error:
        return SetAside.because(where, error)
    if is_many(answer):
        raise PlanError("a plan of arrays is many plans", hint="compare plans of single numbers")
    left_out = [name for name in PRICES if "hw" in axes and name not in prices and getattr(plan, name) is not None]
    answer.warnings += [f"{name} of the plan ignored: it holds only for the plan's own hardware" for name in left_out]
    problem = _problem(answer, where, database)
    return answer if problem is None else SetAside(where, problem)


def _nothing_estimated(set_aside: Sequence[SetAside]) -> PlanError:
    """Return the error of a comparison without any option: the one problem with its own hint, or the first of several."""
    first, hint = set_aside[0], "name other hardware or regions"
    if len({each.reason for each in set_aside}) > 1:
        return PlanError(f"none of {len(set_aside):,} combinations can be estimated: {first.where}: {first.reason}", hint=hint)
    return PlanError(first.problem, hint=first.hint or hint)


def axes_of(plan: Plan, where: Where, database: Database) -> dict[str, str]:
    """Return the fields that a combination changes in *plan*; the plan's own hardware under another name is no change."""
    axes = where.axes
    if is_same_hardware(database, plan.hw, axes.get("hw")):
        del axes["hw"]
    return axes


def is_same_hardware(database: Database, one: str | None, other: str | None) -> bool:
    """Say whether two names mean the same server or accelerator; a name that is None or unknown means none."""
    if one is None or other is None or one == other:
        return one is not None and one == other
    try:
        (first, one_of), (second, other_of) = find_counted(database, one), find_counted(database, other)
    except NotFoundError:
        return False
    return (first.folder, first.id, one_of.number) == (second.folder, second.id, other_of.number)


def _problem(answer: Estimate, where: Where, database: Database) -> str | None:
    """Return why a combination is impossible although it has an estimate, None where it is possible."""
    if not answer.fits:
        return f"the training needs the memory of {median_of(answer.fewest_accelerators):,.0f} accelerators, there are {median_of(answer.stated_accelerators):,.0f}"
    chip, place = answer.facts.accelerator, answer.facts.place
    if where.rent is not None and answer["rent_usd"] is None:
        return f"no {where.rent.replace('_', ' ')} price of {chip.name} is known"
    hardware = answer.facts.hardware
    if place is None or place.region is None or not hardware.is_cloud or answer.plan.rent_price is not None:
        return None
    purchase = answer.plan.rent or "on_demand"
    offered = [row for row in database.rows("prices", chip.id) if row["server"] == hardware.id and row["purchase"] == purchase]
    if offered and all(row["region"] != place.id for row in offered):
        return f"no {purchase.replace('_', ' ')} price of {hardware.id} in {place.id} is known; it may not be offered there"
    return None


def _options(answers: list[tuple[Where, Estimate]], money: str, level: float) -> tuple[Option, ...]:
    """Return the estimates as options, marked and sorted by cost, then CO2e."""
    rows = [intervals(results_of(answer, money), level) for _, answer in answers]
    time = fastest_by(rows)
    points = [[None if (interval := row[name]) is None else interval.median for name in ("cost_usd", time, "total_kgco2e")] for row in rows]
    options = [
        Option(
            where=where,
            plan=answer.plan,
            hardware=answer.facts.hardware.name,
            place=answer.facts.place.id if answer.facts.place is not None else "",
            results=row,
            marks=marks,
            is_pareto=is_pareto,
            warnings=tuple(answer.warnings),
        )
        for (where, answer), row, marks, is_pareto in zip(answers, rows, marks_of(rows, time), pareto(points), strict=True)
    ]
    return tuple(sorted(options, key=lambda option: (median_or_inf(option.results, "cost_usd"), median_or_inf(option.results, "total_kgco2e"))))


def axis_values(axis: str | Iterable[str]) -> list[str | None]:
    """Return the values of an axis, each once, or None for that of the plans where none is stated."""
    values: list[str | None] = list(dict.fromkeys([axis] if isinstance(axis, str) else axis))
    return values or [None]


def _names(plans: Sequence[Plan]) -> list[str]:
    """Return a name for each plan: its own, otherwise its number; empty where there is only one."""
    if len(plans) == 1:
        return [plans[0].name or ""]
    names = [plan.name or f"plan {number}" for number, plan in enumerate(plans, 1)]
    return [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, 1)]
