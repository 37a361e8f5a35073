"""Several alternatives combined: their savings do not add up, so they are estimated together."""

from collections.abc import Iterator, Sequence

from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Alternative, Change, Effort, Group
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.other_hardware import CHIP_SPREADS
from traincarbon.explore.advice.other_places import SITE_SPREADS
from traincarbon.explore.advice.other_prices import purchase_usd
from traincarbon.explore.advice.reuse import adapter_spread
from traincarbon.explore.advice.same_training import format_spread
from traincarbon.uncertain import Uncertain, median_of

_INDEPENDENT = {Change.PLACE: SITE_SPREADS, Change.HARDWARE: CHIP_SPREADS}
"""Spreads that are not shared with the plan, by what changes."""
_LEAST_GAIN = 0.98


def combined(context: AdviceContext, offered: Sequence[Alternative], by: str) -> Iterator[Outcome]:
    """Yield a combination of the *offered* alternatives that lowers the quantity *by*, chosen greedily, the largest saving first."""
    combinable = [each for each in offered if each.is_combinable and _share_saved(each, by)]
    fields: dict[str, object] = {}
    chosen: dict[Change, Alternative] = {}
    best: Estimate = context.base
    for each in sorted(combinable, key=lambda each: -_share_saved(each, by)):
        if each.change in chosen or each.plan is None:
            continue
        tried = {**fields, **_changed_fields(context.plan, each.plan)}
        try:
            answer = context.estimate(**tried)
        except CarbonError:
            continue
        before, after = context.results_of(best)[by], context.results_of(answer)[by]
        gains = before is not None and after is not None and median_of(after) <= _LEAST_GAIN * median_of(before)
        if gains and answer.fits and _is_offered(context, answer):
            fields, best = tried, answer
            chosen[each.change] = each
    if len(chosen) > 1:
        yield _combination(context, list(chosen.values()), best)


def _combination(context: AdviceContext, parts: list[Alternative], answer: Estimate) -> Outcome:
    evidence = list(dict.fromkeys(piece for part in parts for piece in part.evidence))
    return context.alternative(
        "together",
        Group.TOGETHER,
        Change.SEVERAL,
        ", ".join(part.short for part in parts),
        context.scaled(answer, _spread_of(context, parts)),
        lost="; ".join(dict.fromkeys(part.lost for part in parts)),
        effort=max((part.effort for part in parts), key=list(Effort).index),
        not_when="one of its parts does not apply",
        how=f"one estimate of all changes: {'; '.join(part.name for part in parts)}",
        evidence=(*evidence, *context.support("4m-all")),
        independent={name for part in parts for name in _INDEPENDENT.get(part.change, ())},
        plan=answer.plan,
        cash_usd=purchase_usd(context, answer) if context.money == "own" and any(part.change is Change.HARDWARE for part in parts) else None,
    )


def _spread_of(context: AdviceContext, parts: list[Alternative]) -> Uncertain:
    """Return one, with the spreads that the parts bring to hours and that the chain does not know."""
    factor = Uncertain(1.0)
    for part in parts:
        if part.change is Change.FORMAT and part.plan is not None and part.plan.precision is not None:
            factor = factor * format_spread(context, part.plan.precision)
        elif part.change is Change.ADAPTERS:
            factor = factor * adapter_spread(context)
    return factor


def _share_saved(alternative: Alternative, by: str) -> float:
    saved = alternative.savings[by]
    return max(0.0, saved.share) if saved is not None else 0.0


def _changed_fields(before: Plan, after: Plan) -> dict[str, object]:
    """Return the fields of *after* that differ from *before*, without those that follow from others."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name, field in FIELDS.items() if not field.uses & Use.PACE}
    return {name: new for name, (old, new) in pairs.items() if old is not new and old != new}


def _is_offered(context: AdviceContext, answer: Estimate) -> bool:
    """Say whether the chip has a price in the region, where one is named."""
    place = answer.facts.place
    rows = context.database.rows("prices", answer.facts.accelerator.id)
    return place is None or place.region is None or place == context.place or any(row["region"] == place.id for row in rows)
