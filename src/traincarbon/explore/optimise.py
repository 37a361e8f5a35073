"""The inverse question: the best model within a budget, or the cheapest, cleanest and fastest way to a loss."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple, Unpack

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, OutOfRangeError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.families import family_of
from traincarbon.estimation.plan import FixedFields, Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.budget import Budget, budget_of
from traincarbon.explore.compare import MARKS, SetAside, Where, is_same_hardware, stated_axis
from traincarbon.explore.compared_results import chosen_money, figures_of, intervals
from traincarbon.explore.compute_split import Split, split_of
from traincarbon.explore.law import SPREAD, FittedLaw, Size, read_law
from traincarbon.explore.optimum import Optimum, Point, Way
from traincarbon.explore.variant import PRICES, changed
from traincarbon.formatting import amount
from traincarbon.uncertain import Uncertain, median_of

_FIRST_FLOP = 1e21
_MOST_LOG_FLOP = 90.0
_LEAST_PARAMS, _LEAST_TOKENS = 1e3, 1e3
_STEPS = 60
_CLOSE = 1e-10
_LADDER = tuple(2.0**k for k in range(-6, 4))
"""Multiples of the arithmetic at which the frontier is shown."""
_MOST = 500


class _Task(NamedTuple):
    """What is asked of every way."""

    split: Split
    budget: Budget
    target_loss: float | None
    law: FittedLaw
    money: str | None
    database: Database
    level: float
    kept: Mapping[str, Any]
    """Prices that hold for all hardware."""


def optimise(
    plan: Plan | None = None,
    /,
    *,
    hw: str | Sequence[str] = (),
    region: str | Sequence[str] = (),
    rent: str | Sequence[str] = (),
    start: str | Sequence[str] = (),
    budget_usd: float | None = None,
    budget_kgco2e: float | None = None,
    budget_kwh: float | None = None,
    budget_days: float | None = None,
    target_loss: float | None = None,
    tokens_per_param: float | None = None,
    sure: float = 0.5,
    by: str = "cheapest",
    money: str | None = None,
    database: Database | None = None,
    level: float = 0.9,
    **fields: Unpack[FixedFields],
) -> Optimum:
    """Return the model of the lowest predicted loss within a budget, or the ways to a loss, on each of the hardware given.

    Size and data are divided by the scaling law, unless ``params``, ``tokens`` or *tokens_per_param* is fixed.

    Args:
        plan: A plan whose hardware, servers, region and prices hold; or None to give fields by name.
        hw: Hardware to choose from.
        region: Regions to choose from.
        rent: Price models to choose from.
        start: Starts to choose from.
        budget_usd: The most that it may cost. [$]
        budget_kgco2e: The most that it may emit, making of the hardware included. [kg CO2e]
        budget_kwh: The most energy at the facility's meter. [kWh]
        budget_days: The longest that it may take, on servers or accelerators that are given. [days]
        target_loss: The loss to be reached; budgets are then held against each way. [nat/token]
        tokens_per_param: Tokens for each parameter, in place of the law's best. [1]
        sure: Probability of staying within each budget: 0.5 holds the median to it. [1]
        by: Which way is the best to a loss: ``cheapest``, ``fastest`` or ``cleanest``.
        money: Whether money is that of renting (``rent``) or of owning (``own``).
        database: The facts to rest on; by default ours with the user's own.
        level: Confidence level of the intervals. [1]
        **fields: Fields of the plan; they win over those of *plan*. Prices among them hold for all hardware.

    Raises:
        CarbonError: nothing is asked for, an argument is not possible, or no way is.

    Example:
        >>> found = optimise(hw="dgx-h100", budget_usd=1e6)
        >>> found.best.binding
        'cost_usd'
    """
    database = database if database is not None else open_database()
    base = changed(plan, **fields) if plan is not None else Plan.from_dict(fields)
    if by not in MARKS:
        raise PlanError(f"by is {by!r}", hint=f"it must be one of {', '.join(MARKS)}")
    budget = budget_of(sure=sure, budget_usd=budget_usd, budget_kgco2e=budget_kgco2e, budget_kwh=budget_kwh, budget_days=budget_days)
    if not budget.bounds and target_loss is None:
        raise PlanError("neither a budget nor a loss is given", hint="give budget_usd, budget_kgco2e, budget_kwh, budget_days or target_loss")
    split = _split(base, tokens_per_param)
    task = _Task(split, budget, target_loss, read_law(database), money, database, level, {name: value for name, value in fields.items() if name in PRICES})
    if target_loss is not None:
        split.for_loss(target_loss, task.law.law)
    axes = [stated_axis(axis) for axis in (hw, region, rent, start)]
    combinations = [Where("", *combination) for combination in product(*axes)]
    if len(combinations) > _MOST:
        raise PlanError(f"{len(combinations):,} combinations", hint=f"name at most {_MOST} of hardware, regions and prices")
    ways: list[Way] = []
    aside: list[SetAside] = []
    for where in combinations:
        try:
            ways.append(_way(base, where, task))
        except CarbonError as error:
            aside.append(SetAside(where, f"{error}" + (f" ({error.hint})" if error.hint else "")))
            reason = error
    if not ways:
        raise type(reason)(str(reason), hint=reason.hint)
    ranked = _ranked(ways, by) if target_loss is not None else _by_loss(ways)
    answer = estimate(ranked[0].plan, database=database, level=level)
    return Optimum(
        question="target loss" if target_loss is not None else "lowest loss",
        target_loss=target_loss,
        bounds=budget.bounds,
        sure=sure,
        money=chosen_money(answer, money),
        ways=ranked,
        set_aside=tuple(aside),
        frontier=_frontier(ranked[0], task),
        law=task.law,
        level=level,
    )


def _split(plan: Plan, tokens_per_param: float | None) -> Split:
    """Return how size and data are divided; what the law does not speak of is refused.

    Raises:
        PlanError: the plan is of a kind or family that the law is not of, or holds arrays.
    """
    if plan.kind not in (None, "pretrain") or not family_of(plan.family).has_scaling_law or plan.active_params is not None:
        raise PlanError("the scaling law is of dense decoders trained from scratch", hint="leave out kind, family and active_params")
    if plan.accelerator_hours is not None:
        raise PlanError("accelerator_hours are given", hint="they follow from the budget: leave them out")
    fixed = {name: plan.number(name) for name in ("params", "tokens")}
    if any(hasattr(median_of(value), "shape") for value in fixed.values()):
        raise PlanError("params or tokens hold arrays", hint="give one number")
    floats = {name: None if value is None else float(median_of(value)) for name, value in fixed.items()}
    return split_of(**floats, tokens_per_param=tokens_per_param)


def _way(base: Plan, where: Where, task: _Task) -> Way:
    """Return the answer of one combination.

    Raises:
        CarbonError: it cannot be.
    """
    axes = {name: value for name, value in zip(("hw", "region", "rent", "start"), where[1:], strict=True) if value is not None}
    if is_same_hardware(task.database, base.hw, axes.get("hw")):
        del axes["hw"]
    plan = changed(base, **axes, **task.kept)
    notes: list[str] = []
    if task.target_loss is not None:
        size = task.split.for_loss(task.target_loss, task.law.law)
        sized = changed(plan, params=size.params, tokens=Uncertain(size.tokens, {SPREAD: task.split.spread(task.target_loss, task.law)}))
        answer = estimate(sized, database=task.database, level=task.level)
        _refuse_too_large(answer)
        binding = ""
    else:
        size, binding = _within(plan, task, notes)
        answer = estimate(changed(plan, params=size.params, tokens=size.tokens), database=task.database, level=task.level)
    if task.law.is_beyond(size):
        notes.append(
            f"beyond what the law was fitted on: {amount(task.law.most.params, 'count', digits=3)} parameters, {amount(task.law.most.tokens, 'count', digits=3)} tokens"
        )
    figures = figures_of(answer, chosen_money(answer, task.money))
    over = {name: math.exp(ln) for name, ln in task.budget.excess(figures).items() if ln > _CLOSE * _STEPS}
    return Way(
        where=where,
        plan=answer.plan,
        hardware=answer.facts.hardware.name,
        size=size,
        loss=task.law.loss(size.params, size.tokens, level=task.level),
        figures=intervals(figures, task.level),
        binding=binding,
        over=over,
        marks=(),
        notes=tuple(notes),
    )


def _within(plan: Plan, task: _Task, notes: list[str]) -> tuple[Size, str]:
    """Return the largest training within the budget, and the figure that uses its budget up."""
    size, binding, answer = _largest(plan, task, task.split)
    n, fewest = answer.accelerators, answer.fewest_accelerators
    if n is None or fewest is None or median_of(fewest) <= median_of(n):
        return size, binding
    if task.split != Split():
        _refuse_too_large(answer)
    held = size.params * float(median_of(n) / median_of(fewest))
    notes.append(
        f"held down by memory: {amount(size.params, 'count', digits=3)} parameters would be best, {amount(held, 'count', digits=3)} fit on these accelerators"
    )
    size, binding, _ = _largest(plan, task, Split(params=held))
    return size, binding


def _largest(plan: Plan, task: _Task, split: Split) -> tuple[Size, str, Estimate]:
    """Return the training whose dearest figure just meets its budget: figures rise about in proportion to the arithmetic.

    Raises:
        OutOfRangeError: the budget buys next to nothing.
        PlanError: a bounded figure is not known.
    """
    log_flop = math.log(_FIRST_FLOP)
    for _ in range(_STEPS):
        if log_flop > _MOST_LOG_FLOP:
            raise OutOfRangeError("the budget buys more arithmetic than anybody can name", hint="is the exponent right?")
        size = split.of(math.exp(log_flop), task.law.law)
        if size.params < _LEAST_PARAMS or size.tokens < _LEAST_TOKENS:
            raise OutOfRangeError("the budget buys no training worth the name", hint="give a larger budget, or less to it")
        answer = estimate(changed(plan, params=size.params, tokens=size.tokens), database=task.database, level=task.level)
        excess = task.budget.excess(figures_of(answer, chosen_money(answer, task.money)))
        binding = max(excess, key=excess.__getitem__)
        if excess[binding] == -math.inf:
            raise PlanError(f"{binding} is 0 whatever is trained", hint="a budget of it bounds nothing: give another")
        if abs(excess[binding]) < _CLOSE:
            break
        log_flop -= excess[binding]
    return size, binding, answer


def _refuse_too_large(answer: Estimate) -> None:
    """Refuse a model that the given accelerators cannot hold.

    Raises:
        PlanError: they are too few.
    """
    n, fewest = answer.accelerators, answer.fewest_accelerators
    if n is not None and fewest is not None and median_of(fewest) > median_of(n):
        raise PlanError(
            f"{amount(float(median_of(answer.plan.number('params'))), 'count', digits=3)} parameters fill {median_of(fewest):,.0f} accelerators",
            hint=f"there are {median_of(n):,.0f}: give more",
        )


def _by_loss(ways: list[Way]) -> tuple[Way, ...]:
    """Sort by predicted loss, then cost; the first is marked."""
    ordered = sorted(ways, key=lambda way: (way.loss.median, _median(way, "cost_usd"), _median(way, "total_kgco2e")))
    return (_marked(ordered[0], ("lowest loss",)), *ordered[1:])


def _ranked(ways: list[Way], by: str) -> tuple[Way, ...]:
    """Sort ways to a loss by what is wanted, those within all budgets first; the best by each figure are marked."""
    times = "duration_s" if all(way.figures["duration_s"] is not None for way in ways) else "accelerator_hours_h"
    figure = {**MARKS, "fastest": times}
    within = [way for way in ways if not way.over]
    marks: dict[int, list[str]] = {}
    for mark, name in figure.items():
        known = [way for way in within if way.figures[name] is not None]
        if known:
            best = min(known, key=lambda way: (_median(way, name), _median(way, "cost_usd")))
            marks.setdefault(id(best), []).append(mark)
    ordered = sorted(ways, key=lambda way: (bool(way.over), _median(way, figure[by]), _median(way, "cost_usd")))
    return tuple(_marked(way, tuple(marks.get(id(way), ()))) for way in ordered)


def _marked(way: Way, marks: tuple[str, ...]) -> Way:
    return replace(way, marks=marks)


def _median(way: Way, name: str) -> float:
    interval = way.figures[name]
    return math.inf if interval is None else float(interval.median)


def _frontier(way: Way, task: _Task) -> tuple[Point, ...]:
    """Return what the best way reaches with less and more arithmetic, each size as the split has it."""
    points = []
    for multiple in _LADDER:
        size = task.split.of(multiple * way.size.compute_flop, task.law.law)
        answer = estimate(changed(way.plan, params=size.params, tokens=size.tokens), database=task.database, level=task.level)
        figures = intervals(figures_of(answer, chosen_money(answer, task.money)), task.level)
        points.append(Point(size.params, size.tokens, task.law.loss(size.params, size.tokens, level=task.level), figures))
    return tuple(points)
