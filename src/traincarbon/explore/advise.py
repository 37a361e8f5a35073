"""Advice on a plan: every cheaper or cleaner alternative that the data supports, computed and ranked."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Unpack

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.fields import Number, check_number
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.explore.advice import lifetime, other_hardware, other_places, other_prices, other_size, reuse, same_training
from traincarbon.explore.advice.alternative import GROUPS, Advice, Alternative, NotOffered
from traincarbon.explore.advice.combined import combined
from traincarbon.explore.advice.context import AdviceContext, Outcome, Service, goal_of
from traincarbon.explore.compared_results import chosen_money, intervals, is_many
from traincarbon.explore.compute_split import check_loss
from traincarbon.explore.scaling_law import FittedLaw, Size, read_law, size_of
from traincarbon.quantities import QUANTITIES, RANKED
from traincarbon.uncertain import Num

if TYPE_CHECKING:
    from traincarbon.estimation.plan_keywords import PlanFields

_LEAST_SHARE = 0.02
"""An alternative that saves a smaller share of every ranked quantity is not offered."""
_LEAST_CHANCE = 0.6
"""Nor is one that saves with a smaller probability."""

_BUILDERS: tuple[Callable[[AdviceContext], Iterator[Outcome]], ...] = (
    same_training.narrower_format,
    same_training.newer_software,
    same_training.free_layout,
    same_training.power_cap,
    other_prices.other_price,
    other_prices.own_instead,
    same_training.pause,
    same_training.better_hour,
    other_places.cleaner_place,
    other_places.better_building,
    other_hardware.newer_hardware,
    other_size.best_size,
    other_size.mixture,
    other_size.stop_early,
    reuse.existing_model,
    reuse.tuning,
    reuse.multitask,
    reuse.small_encoder,
    reuse.distillation,
)


def advise(
    plan: Plan | None = None,
    /,
    *,
    goal: str | None = None,
    loss: float | None = None,
    requests: Number = None,
    tokens_per_request: Number = None,
    finetune_tokens: Number = None,
    by: str = "usd",
    money: str | None = None,
    database: Database | None = None,
    level: float = 0.9,
    **fields: "Unpack[PlanFields]",
) -> Advice:
    """Return the alternatives to a training, each computed by the chain, with its evidence, ranked within its group.

    Args:
        plan: The plan, or None to give its fields by name.
        goal: What the model is for, as ``classification``; leaves out alternatives that do not serve it.
        loss: The loss to reach; by default the predicted loss of the plan. [nat/token]
        requests: Requests that the model will serve over its life; adds alternatives that save in serving. [1]
        tokens_per_request: Tokens of one request, prompt and answer. [1]
        finetune_tokens: Tokens of a fine-tuning instead of the training; by default 10 to 1,000 times fewer than planned. [1]
        by: The quantity that ranks them: ``usd``, ``kwh``, ``kgco2e`` or ``hours``.
        money: Whether cost is the cost to rent (``rent``) or to own (``own``); by default rent, where it is known.
        database: The facts; by default the built-in ones and the user's own.
        level: Confidence level of all intervals. [1]
        **fields: Fields of the plan; they override those of *plan*.

    Raises:
        CarbonError: the plan cannot be estimated, or an argument is impossible.

    Example:
        >>> advice = advise(params=530e9, tokens=270e9, hw="dgx-a100")
        >>> advice.in_group("size")[0].id
        'moe'
    """
    if by not in RANKED:
        raise PlanError(f"by is {by!r}", hint=f"it must be one of {', '.join(RANKED)}")
    database = database if database is not None else open_database()
    base = estimate(plan, database=database, level=level, **fields)
    if is_many(base):
        raise PlanError("the plan holds arrays: it is many plans", hint="ask for advice on each of them")
    law, asked = read_law(database), size_of(base.plan)
    size = asked if asked is not None and law.covers(asked) else None
    context = AdviceContext(
        base=base,
        database=database,
        money=chosen_money(base, money),
        law=law,
        size=size,
        loss=_wanted_loss(law, size, loss),
        goal=goal_of(goal),
        service=_service(requests, tokens_per_request),
        finetune_tokens=_amount("finetune_tokens", finetune_tokens),
    )
    quantity = RANKED[by] if context.results[RANKED[by]] is not None else "total_kgco2e"
    outcomes = [*(each for build in _BUILDERS for each in _tried(build, context)), *lifetime.over_the_lifetime(context, quantity)]
    offered, not_offered = _sifted(outcomes)
    offered += _sifted(list(combined(context, offered, quantity)))[0]
    whole = lifetime.lifetime_of(context)
    return Advice(
        plan=base.plan,
        by=quantity,
        money=context.money,
        results=intervals(context.results, level),
        lifetime=None if whole is None else intervals(whole, level),
        loss=None if size is None else law.loss(size.params, size.tokens, level=level),
        alternatives=_ranked(offered, quantity),
        not_offered=tuple(not_offered),
        notes=(*_of_small(law, asked), *_notes(context, loss), *_ranked_otherwise(by, quantity), *base.warnings),
        level=level,
    )


def _tried(build: Callable[[AdviceContext], Iterator[Outcome]], context: AdviceContext) -> Iterator[Outcome]:
    """Yield what *build* finds; where the changed plan cannot be estimated, yield the reason."""
    try:
        yield from build(context)
    except CarbonError as error:
        words = build.__name__.replace("_", " ")
        yield NotOffered(build.__name__.replace("_", "-"), words[0].upper() + words[1:], str(error))


def _wanted_loss(law: FittedLaw, size: Size | None, stated: float | None) -> float | None:
    """Return the loss to reach: the stated one, otherwise the predicted loss of the plan.

    Raises:
        OutOfRangeError: the stated loss is not finite, below what any model reaches, or that of an untrained model.
        PlanError: the law does not cover the plan.
    """
    if stated is None:
        return None if size is None else float(law.loss(size.params, size.tokens).median)
    if size is None:
        raise PlanError(
            "the scaling law does not cover this plan, so no loss can be asked for",
            hint=f"it covers dense decoders trained from scratch, fitted from {law.least} on",
        )
    check_loss(stated, law.law)
    return stated


def _of_small(law: FittedLaw, size: Size | None) -> Iterator[str]:
    """Yield that no loss is predicted for a model or data far below those that the law was fitted on."""
    if size is not None and not law.covers(size):
        yield f"no loss is predicted, and no other size is offered: the scaling law was fitted from {law.least} on, and this plan is far below"


def _notes(context: AdviceContext, stated_loss: float | None) -> Iterator[str]:
    """Yield what a reader should know about the loss and the goal that were stated."""
    if stated_loss is not None and context.size is not None:
        predicted = float(context.law.loss(context.size.params, context.size.tokens).median)
        if stated_loss < predicted:
            yield f"the plan is predicted to reach {predicted:.3f} nat/token, not {stated_loss:g}; alternatives of another size reach {stated_loss:g}"
    if context.goal is not None and not (context.goal.is_understanding or context.goal.is_generation):
        yield "the database has no evidence on that goal, so no alternative is left out for it"


def _ranked_otherwise(by: str, quantity: str) -> Iterator[str]:
    """Yield what the alternatives are ranked by, where that is not what was asked for."""
    if quantity != RANKED[by]:
        asked, found = QUANTITIES[RANKED[by]].phrase, QUANTITIES[quantity].phrase
        yield f"ranked by {found}: {asked} of this plan is not known"


def _service(requests: Number, tokens_per_request: Number) -> Service | None:
    """Return the stated volume of serving.

    Raises:
        PlanError: one of the two is given without the other.
    """
    if requests is None and tokens_per_request is None:
        return None
    if requests is None or tokens_per_request is None:
        missing = "requests" if requests is None else "tokens_per_request"
        raise PlanError(f"{missing} is not given", hint="give both requests and tokens_per_request")
    return Service(_amount("requests", requests), _amount("tokens_per_request", tokens_per_request))


def _amount(name: str, value: Number) -> Num | None:
    """Return a stated amount as a float or an uncertain number.

    Raises:
        CarbonError: it is not a positive number.
    """
    if value is None:
        return None
    checked = check_number(name, value, FIELDS["tokens"])
    return parse_uncertain(checked, name) if isinstance(checked, str) else checked


def _sifted(outcomes: list[Outcome]) -> tuple[list[Alternative], list[NotOffered]]:
    """Separate the alternatives that are likely to save something from the others."""
    offered, not_offered = [], []
    for each in outcomes:
        if isinstance(each, NotOffered):
            not_offered.append(each)
        elif any(saved is not None and saved.share >= _LEAST_SHARE and saved.chance >= _LEAST_CHANCE for saved in each.savings.values()):
            offered.append(each)
        else:
            not_offered.append(NotOffered(each.id, each.name, "it is not likely to save 2 % of cost, energy, CO2e or GPU-hours"))
    return offered, not_offered


def _ranked(offered: list[Alternative], by: str) -> tuple[Alternative, ...]:
    """Sort by group, then by the share saved of the quantity *by*, then by the sum of all shares."""
    groups = list(GROUPS)

    def rank(alternative: Alternative) -> tuple[int, float, float]:
        first = alternative.savings[by]
        total = sum(saved.share for saved in alternative.savings.values() if saved is not None)
        return groups.index(alternative.group), -round(first.share, 2) if first is not None else 0.0, -total

    return tuple(sorted(offered, key=rank))
