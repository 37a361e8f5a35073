"""The inverse question: the best model within a budget, or the cheapest, cleanest or fastest way to a loss."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, Unpack

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, OutOfRangeError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.families import family_of
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.budget import Budget, budget_of
from traincarbon.explore.compare import axes_of, axis_values
from traincarbon.explore.compared_results import chosen_money, intervals, results_of
from traincarbon.explore.comparison import MARKS, SetAside, Where, fastest_by, marks_of, median_or_inf
from traincarbon.explore.compute_split import ComputeSplit, split_of
from traincarbon.explore.optimum import Optimum, Point, Way
from traincarbon.explore.scaling_law import SPREAD, FittedLaw, Size, read_law
from traincarbon.explore.variant import PRICES, changed
from traincarbon.formatting import amount
from traincarbon.uncertain import Uncertain, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.plan_keywords import FixedFields

_FIRST_FLOP = 1e21
_MOST_LOG_FLOP = 90.0
_LEAST_PARAMS, _LEAST_TOKENS = 1e3, 1e3
_STEPS = 60
_CLOSE = 1e-10
_MULTIPLES = tuple(2.0**k for k in range(-6, 4))
"""Multiples of the compute at which the frontier is shown."""
_MOST = 500


class _Question(NamedTuple):
    """What is asked of every combination; *prices* hold for all hardware."""

    split: ComputeSplit
    budget: Budget
    target_loss: float | None
    law: FittedLaw
    money: str | None
    database: Database
    level: float
    prices: Mapping[str, object]


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
    **fields: "Unpack[FixedFields]",
) -> Optimum:
    """Return the model of the lowest predicted loss within a budget, or the ways to a loss, on each of the hardware given.

    The scaling law splits compute between size and data, unless ``params``, ``tokens`` or *tokens_per_param* is fixed.

    Args:
        plan: A plan that states hardware, servers, region and prices, or None to give fields by name.
        hw: Hardware to choose from.
        region: Regions to choose from.
        rent: Price models to choose from: ``on_demand``, ``spot``, ``reserved_1y``, ``reserved_3y``.
        start: Starts to choose from.
        budget_usd: Most that the training may cost. [$]
        budget_kgco2e: Most that it may emit, embodied emissions included. [kg CO2e]
        budget_kwh: Most energy that the facility may use. [kWh]
        budget_days: Longest that it may take; needs servers or accelerators. [days]
        target_loss: The loss to reach; each way is then compared with the budgets. [nat/token]
        tokens_per_param: Tokens for each parameter, instead of the best by the scaling law. [1]
        sure: Probability of staying within each budget; at 0.5 the median meets it. [1]
        by: Which way to a loss comes first: ``cheapest``, ``fastest`` or ``cleanest``.
        money: Whether cost is the cost to rent (``rent``) or to own (``own``); by default rent, where it is known.
        database: The facts; by default the built-in ones and the user's own.
        level: Confidence level of the intervals. [1]
        **fields: Fields of the plan; they override those of *plan*. A price among them holds for all hardware.

    Raises:
        CarbonError: neither a budget nor a loss is given, an argument is impossible, or no combination can be answered.

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
    prices = {name: value for name, value in fields.items() if name in PRICES}
    question = _Question(_split(base, tokens_per_param), budget, target_loss, read_law(database), money, database, level, prices)
    if target_loss is not None:
        question.split.for_loss(target_loss, question.law.law)
    axes = [axis_values(axis) for axis in (hw, region, rent, start)]
    combinations = [Where("", *combination) for combination in product(*axes)]
    if len(combinations) > _MOST:
        raise PlanError(f"{len(combinations):,} combinations", hint=f"name at most {_MOST} of hardware, regions and prices")
    ways: list[Way] = []
    set_aside: list[SetAside] = []
    last: CarbonError | None = None
    for where in combinations:
        try:
            ways.append(_way(base, where, question))
        except CarbonError as error:
            set_aside.append(SetAside.because(where, error))
            last = error
    if not ways and last is not None:
        raise last
    ranked = _ranked(ways, by) if target_loss is not None else _by_loss(ways)
    answer = estimate(ranked[0].plan, database=database, level=level)
    return Optimum(
        question="target loss" if target_loss is not None else "lowest loss",
        target_loss=target_loss,
        bounds=budget.bounds,
        sure=sure,
        money=chosen_money(answer, money),
        ways=ranked,
        set_aside=tuple(set_aside),
        frontier=_frontier(ranked[0], question),
        law=question.law,
        level=level,
    )


def _split(plan: Plan, tokens_per_param: float | None) -> ComputeSplit:
    """Return how compute is split between size and data.

    Raises:
        PlanError: the scaling law does not cover the plan, or the plan holds arrays.
    """
    if plan.kind not in (None, "pretrain") or not family_of(plan.family).has_scaling_law or plan.active_params is not None:
        raise PlanError("the scaling law covers only dense decoders trained from scratch", hint="leave out kind, family and active_params")
    if plan.accelerator_hours is not None:
        raise PlanError("accelerator_hours are given", hint="leave them out; they follow from the budget")
    fixed = {name: plan.number(name) for name in ("params", "tokens")}
    if any(hasattr(median_of(value), "shape") for value in fixed.values()):
        raise PlanError("params or tokens hold arrays", hint="give one number")
    floats = {name: None if value is None else float(median_of(value)) for name, value in fixed.items()}
    return split_of(**floats, tokens_per_param=tokens_per_param)


def _way(base: Plan, where: Where, question: _Question) -> Way:
    """Return the answer of one combination.

    Raises:
        CarbonError: it cannot be answered.
    """
    plan = changed(base, **axes_of(base, where, question.database), **question.prices)
    notes: list[str] = []
    if question.target_loss is not None:
        size = question.split.for_loss(question.target_loss, question.law.law)
        sized = changed(plan, params=size.params, tokens=Uncertain(size.tokens, {SPREAD: question.split.spread(question.target_loss, question.law)}))
        answer = estimate(sized, database=question.database, level=question.level)
        _refuse_too_large(answer)
        binding = ""
    else:
        size, binding = _within(plan, question, notes)
        answer = estimate(changed(plan, params=size.params, tokens=size.tokens), database=question.database, level=question.level)
    if question.law.is_beyond(size):
        notes.append(
            f"an extrapolation: the law was fitted on at most {amount(question.law.most.params, 'count', digits=3)} parameters and {amount(question.law.most.tokens, 'count', digits=3)} tokens"
        )
    results = results_of(answer, chosen_money(answer, question.money))
    over = {name: math.exp(ln) for name, ln in question.budget.excess(results).items() if ln > _CLOSE * _STEPS}
    return Way(
        where=where,
        plan=answer.plan,
        hardware=answer.facts.hardware.name,
        size=size,
        loss=question.law.loss(size.params, size.tokens, level=question.level),
        results=intervals(results, question.level),
        binding=binding,
        over=over,
        marks=(),
        notes=tuple(notes),
    )


def _within(plan: Plan, question: _Question, notes: list[str]) -> tuple[Size, str]:
    """Return the largest training within the budget, and the quantity whose budget it uses up."""
    size, binding, answer = _largest(plan, question, question.split)
    n, fewest = answer.stated_accelerators, answer.fewest_accelerators
    if answer.fits:
        return size, binding
    if question.split != ComputeSplit():
        _refuse_too_large(answer)
    fitting = size.params * float(median_of(n) / median_of(fewest))
    notes.append(
        f"limited by memory: {amount(size.params, 'count', digits=3)} parameters would be best, {amount(fitting, 'count', digits=3)} fit on these accelerators"
    )
    size, binding, _ = _largest(plan, question, ComputeSplit(params=fitting))
    return size, binding


def _largest(plan: Plan, question: _Question, split: ComputeSplit) -> tuple[Size, str, Estimate]:
    """Return the training that just meets the tightest budget; all quantities grow about in proportion to compute.

    Raises:
        OutOfRangeError: the budget buys next to nothing.
        PlanError: a bounded quantity is unknown.
    """
    log_flop = math.log(_FIRST_FLOP)
    for _ in range(_STEPS):
        if log_flop > _MOST_LOG_FLOP:
            raise OutOfRangeError("the budget buys more compute than is plausible", hint="is the exponent right?")
        size = split.of(math.exp(log_flop), question.law.law)
        if size.params < _LEAST_PARAMS or size.tokens < _LEAST_TOKENS:
            raise OutOfRangeError("the budget is too small for any training", hint="give a larger budget")
        answer = estimate(changed(plan, params=size.params, tokens=size.tokens), database=question.database, level=question.level)
        excess = question.budget.excess(results_of(answer, chosen_money(answer, question.money)))
        binding = max(excess, key=excess.__getitem__)
        if excess[binding] == -math.inf:
            raise PlanError(f"{binding} is 0 for every training", hint="that budget limits nothing; give another")
        if abs(excess[binding]) < _CLOSE:
            break
        log_flop -= excess[binding]
    return size, binding, answer


def _refuse_too_large(answer: Estimate) -> None:
    """Refuse a model that does not fit on the given accelerators.

    Raises:
        PlanError: they are too few.
    """
    if not answer.fits:
        raise PlanError(
            f"{amount(float(median_of(answer.plan.number('params'))), 'count', digits=3)} parameters need {median_of(answer.fewest_accelerators):,.0f} accelerators",
            hint=f"there are {median_of(answer.stated_accelerators):,.0f}: give more",
        )


def _by_loss(ways: list[Way]) -> tuple[Way, ...]:
    """Sort by predicted loss, then cost, and mark the first."""
    ordered = sorted(ways, key=lambda way: (way.loss.median, median_or_inf(way.results, "cost_usd"), median_or_inf(way.results, "total_kgco2e")))
    return (replace(ordered[0], marks=("lowest loss",)), *ordered[1:])


def _ranked(ways: list[Way], by: str) -> tuple[Way, ...]:
    """Sort ways to a loss, those within all budgets first, and mark the best of these."""
    time = fastest_by([way.results for way in ways])
    quantity = time if by == "fastest" else MARKS[by].quantity
    ordered = sorted(ways, key=lambda way: (bool(way.over), median_or_inf(way.results, quantity), median_or_inf(way.results, "cost_usd")))
    within = [way for way in ordered if not way.over]
    marks = marks_of([way.results for way in within], time)
    return (*(replace(way, marks=marked) for way, marked in zip(within, marks, strict=True)), *ordered[len(within) :])


def _frontier(way: Way, question: _Question) -> tuple[Point, ...]:
    """Return what the best way reaches with less and more compute, each size by the split."""
    points = []
    for multiple in _MULTIPLES:
        size = question.split.of(multiple * way.size.compute_flop, question.law.law)
        answer = estimate(changed(way.plan, params=size.params, tokens=size.tokens), database=question.database, level=question.level)
        results = intervals(results_of(answer, chosen_money(answer, question.money)), question.level)
        points.append(Point(size.params, size.tokens, question.law.loss(size.params, size.tokens, level=question.level), results))
    return tuple(points)
