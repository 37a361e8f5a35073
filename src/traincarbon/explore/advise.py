"""Is there a cheaper or cleaner way to the same end: every alternative that the data carries, computed and ranked."""

from collections.abc import Callable, Iterator
from typing import Any, Unpack

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.fields import Number, check_number
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.estimation.plan import FIELDS, Plan, PlanFields
from traincarbon.explore.advice import lifetime, other_places, other_size, reuse, same_training
from traincarbon.explore.advice.alternative import GROUPS, SAVED, Advice, Alternative, NotOffered
from traincarbon.explore.advice.combined import together
from traincarbon.explore.advice.situation import Found, Service, Situation, goal_of
from traincarbon.explore.compared_results import chosen_money, intervals, is_many
from traincarbon.explore.compute_split import check_loss
from traincarbon.explore.law import FittedLaw, Size, read_law, size_of

BY = {"usd": "cost_usd", "kwh": "facility_energy_kwh", "kgco2e": "total_kgco2e", "hours": "accelerator_hours_h"}
"""What alternatives are ranked by, and the figure that it means."""
_LEAST_SHARE = 0.02
"""An alternative that saves less of every figure is not worth a line."""
_LEAST_CHANCE = 0.6
"""Nor one that saves with less probability."""

_BUILDERS: tuple[Callable[[Situation], Iterator[Found]], ...] = (
    same_training.narrower_format,
    same_training.newer_software,
    same_training.free_layout,
    same_training.power_cap,
    same_training.other_price,
    same_training.own_instead,
    same_training.pause,
    same_training.better_hour,
    other_places.cleaner_place,
    other_places.better_building,
    other_places.newer_hardware,
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
    **fields: Unpack[PlanFields],
) -> Advice:
    """Return the alternatives to a training, each computed by the chain and resting on evidence, ranked within their group.

    Args:
        plan: The plan, or None to give its fields by name.
        goal: What the model is for, as ``classification``; leaves out what does not serve it.
        loss: The loss that is enough; by default the one predicted of the plan. [nat/token]
        requests: Requests that the model will serve over its life: adds what saves in service. [1]
        tokens_per_request: Tokens of one request, prompt and answer. [1]
        finetune_tokens: Tokens of a fine-tuning in place of the training; by default 10 to 1,000 times fewer than planned. [1]
        by: What they are ranked by: ``usd``, ``kwh``, ``kgco2e`` or ``hours``.
        money: Whether money is that of renting (``rent``) or of owning (``own``); by default rent, where it is known.
        database: The facts to rest on; by default ours with the user's own.
        level: Confidence level of all intervals. [1]
        **fields: Fields of the plan; they win over those of *plan*.

    Raises:
        CarbonError: the plan cannot be answered, or an argument is not possible; the message says why and the hint what to do.

    Example:
        >>> advice = advise(params=530e9, tokens=270e9, hw="dgx-a100")
        >>> advice.in_group("size")[0].id
        'moe'
    """
    if by not in BY:
        raise PlanError(f"by is {by!r}", hint=f"it must be one of {', '.join(BY)}")
    database = database if database is not None else open_database()
    base = estimate(plan, database=database, level=level, **fields)
    if is_many(base):
        raise PlanError("the plan holds arrays: it is many plans", hint="ask for advice on each of them")
    law = read_law(database)
    size = size_of(base.plan)
    notes: list[str] = []
    at = Situation(
        base,
        database,
        money=chosen_money(base, money),
        law=law,
        size=size,
        loss=_loss(law, size, loss, notes),
        goal=goal_of(goal),
        service=_service(requests, tokens_per_request),
        finetune_tokens=_number("finetune_tokens", finetune_tokens),
    )
    if at.goal is not None and not (at.goal.is_understanding or at.goal.is_generation):
        notes.append("no evidence in the database speaks of that goal: nothing is left out for it")
    figure = BY[by] if at.figures[BY[by]] is not None else "total_kgco2e"
    found = [*(each for build in _BUILDERS for each in _tried(build, at)), *lifetime.over_the_lifetime(at, figure)]
    offered, left = _sifted(found)
    offered += _sifted(list(together(at, offered, figure)))[0]
    whole = lifetime.lifetime_of(at)
    return Advice(
        plan=base.plan,
        by=figure,
        money=at.money,
        figures=intervals(at.figures, level),
        lifetime=None if whole is None else intervals(whole, level),
        loss=None if size is None else law.loss(size.params, size.tokens, level=level),
        alternatives=_ranked(offered, figure),
        not_offered=tuple(left),
        notes=(*notes, *base.warnings),
        level=level,
    )


def _tried(build: Callable[[Situation], Iterator[Found]], at: Situation) -> Iterator[Found]:
    """Yield what *build* finds; what cannot be estimated is left out with the reason."""
    try:
        yield from build(at)
    except CarbonError as error:
        words = build.__name__.replace("_", " ")
        yield NotOffered(build.__name__.replace("_", "-"), words[0].upper() + words[1:], str(error))


def _loss(law: FittedLaw, size: Size | None, stated: float | None, notes: list[str]) -> float | None:
    """Return the loss to be reached: the one stated, else that predicted of the plan.

    Raises:
        OutOfRangeError: the stated one is not finite, below what any model reaches, or that of a guess.
        PlanError: the law does not speak of such a plan.
    """
    predicted = None if size is None else float(law.loss(size.params, size.tokens).median)
    if stated is None:
        return predicted
    if predicted is None:
        raise PlanError("a loss is stated, but the scaling law does not speak of such a plan", hint="it is of dense decoders trained from scratch")
    check_loss(stated, law.law)
    if stated < predicted:
        notes.append(f"by the law the plan reaches {predicted:.3f} nat/token, not {stated:g}: alternatives of another size reach {stated:g}")
    return stated


def _service(requests: Any, tokens_per_request: Any) -> Service | None:
    """Return the stated volume of service.

    Raises:
        PlanError: one of the two is given without the other.
    """
    if requests is None and tokens_per_request is None:
        return None
    if requests is None or tokens_per_request is None:
        missing = "requests" if requests is None else "tokens_per_request"
        raise PlanError(f"{missing} is not given", hint="a service is requests and tokens_per_request")
    return Service(_number("requests", requests), _number("tokens_per_request", tokens_per_request))


def _number(name: str, value: Any) -> Any:
    """Return a stated amount as float or uncertain number, by the rules of a plan's tokens.

    Raises:
        CarbonError: it is no positive number.
    """
    if value is None:
        return None
    checked = check_number(name, value, FIELDS["tokens"])
    return parse_uncertain(checked, name) if isinstance(checked, str) else checked


def _sifted(found: list[Found]) -> tuple[list[Alternative], list[NotOffered]]:
    """Part what saves something from what does not."""
    offered, left = [], []
    for each in found:
        if isinstance(each, NotOffered):
            left.append(each)
        elif not any(saved is not None and saved.share >= _LEAST_SHARE and saved.chance >= _LEAST_CHANCE for saved in each.savings.values()):
            left.append(NotOffered(each.id, each.name, "it is not likely to save 2 % of cost, energy, CO2e or hours"))
        else:
            offered.append(each)
    return offered, left


def _ranked(offered: list[Alternative], figure: str) -> tuple[Alternative, ...]:
    """Sort by group, then by the share saved of *figure*, then of the other figures together."""
    groups = list(GROUPS)

    def rank(alternative: Alternative) -> tuple[int, float, float]:
        shares = [saved.share if saved is not None else 0.0 for saved in (alternative.savings[name] for name in SAVED)]
        first = alternative.savings[figure]
        return groups.index(alternative.group), -round(first.share, 2) if first is not None else 0.0, -sum(shares)

    return tuple(sorted(offered, key=rank))
