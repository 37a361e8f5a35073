"""Several alternatives at once: their savings do not add, so they are estimated together."""

from collections.abc import Iterator, Sequence
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import FIELDS, Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Alternative
from traincarbon.explore.advice.other_places import CHIP_SPREADS, SITE_SPREADS
from traincarbon.explore.advice.reuse import adapter_spread
from traincarbon.explore.advice.same_training import format_spread
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import figures_of, scaled
from traincarbon.uncertain import Uncertain, median_of

_PARTS = {"compute-optimal": "size", "fp8": "format", "half-precision": "format", "pue": "place", "region": "place", "hardware": "hardware", "lora": "tuning"}
"""Alternatives that are plans of the same end, and what of the plan each changes; of one kind only one is taken. Adapters are where tuning is planned."""
_APART = {"place": SITE_SPREADS, "hardware": CHIP_SPREADS}
_LEAST_GAIN = 0.98


def together(at: Situation, offered: Sequence[Alternative], figure: str) -> Iterator[Found]:
    """Yield those of the *offered* alternatives that go together and lower *figure*, taken one by one, the one that saves most first."""
    same_end = [each for each in offered if _kind(each) and (each.id != "lora" or at.kind == "finetune")]
    ranked = sorted((each for each in same_end if _saves(each, figure)), key=lambda each: -_saves(each, figure))
    fields: dict[str, Any] = {}
    taken: dict[str, Alternative] = {}
    best: Estimate = at.base
    for each in ranked:
        if _kind(each) in taken or each.plan is None:
            continue
        tried = {**fields, **_changes(at.plan, each.plan)}
        try:
            answer = at.estimate(**tried)
        except CarbonError:
            continue
        before, after = figures_of(best, at.money)[figure], figures_of(answer, at.money)[figure]
        gains = before is not None and after is not None and median_of(after) <= _LEAST_GAIN * median_of(before)
        if gains and _fits(answer) and _is_offered(at, answer):
            fields, best = tried, answer
            taken[_kind(each)] = each
    if len(taken) > 1:
        yield _joined(at, list(taken.values()), best)


def _joined(at: Situation, parts: list[Alternative], answer: Estimate) -> Found:
    evidence = list(dict.fromkeys(piece for part in parts for piece in part.evidence))
    pace = Uncertain(1.0)
    for part in parts:
        if _kind(part) == "format" and part.plan is not None and part.plan.precision is not None:
            pace = pace * format_spread(at, part.plan.precision)
        elif _kind(part) == "tuning":
            pace = pace * adapter_spread(at)
    return at.alternative(
        "together",
        "together",
        ", ".join(_short(part) for part in parts),
        scaled(answer, at.money, hours=pace, accelerator_energy=pace),
        lost="; ".join(dict.fromkeys(part.lost for part in parts)),
        effort=max((part.effort for part in parts), key=("low", "medium", "high").index),
        not_when="one of its parts does not apply",
        how=f"one estimate of all of it: {'; '.join(part.name for part in parts)}",
        evidence=(*evidence, *at.support("4m-all")),
        apart={name for part in parts for name in _APART.get(_kind(part), ())},
        plan=answer.plan,
    )


def _kind(alternative: Alternative) -> str:
    """Return what of the plan an alternative changes, empty where it is no plan of the same end."""
    return _PARTS.get(alternative.id) or _PARTS.get(alternative.id.partition("-")[0], "")


def _saves(alternative: Alternative, figure: str) -> float:
    saved = alternative.savings[figure]
    return max(0.0, saved.share) if saved is not None else 0.0


def _changes(before: Plan, after: Plan) -> dict[str, Any]:
    """Return the fields in which *after* differs, but for the pace, which follows from the others."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name, field in FIELDS.items() if not field.uses & Use.PACE}
    return {name: new for name, (old, new) in pairs.items() if old is not new and old != new}


def _fits(answer: Estimate) -> bool:
    n, fewest = answer.accelerators, answer.fewest_accelerators
    return n is None or fewest is None or bool(median_of(fewest) <= median_of(n))


def _is_offered(at: Situation, answer: Estimate) -> bool:
    """Say whether the chip is priced in the region, where one is named."""
    place = answer.facts.place
    rows = at.database.rows("prices", answer.facts.accelerator.id)
    return place is None or place.region is None or place == at.base.facts.place or any(row["region"] == place.id for row in rows)


def _short(alternative: Alternative) -> str:
    """Return an alternative in a word or two."""
    if alternative.plan is not None and alternative.id == "compute-optimal":
        return alternative.name.partition(" parameters")[0]
    if alternative.id == "lora":
        return "LoRA"
    if alternative.id in ("fp8", "half-precision"):
        return str(alternative.plan.precision) if alternative.plan is not None else alternative.id
    if alternative.id == "pue" and alternative.plan is not None:
        return f"PUE {alternative.plan.pue:.2f}"
    return alternative.id.partition("-")[2]
