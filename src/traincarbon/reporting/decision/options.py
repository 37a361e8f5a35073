"""What else would do: the alternatives that the first page shows, and the first that a committee should look at."""

from collections.abc import Sequence

from traincarbon.explore.advice.alternative import Advice, Alternative, Effort, Group

LEAST_SURE = 0.8
"""Chance of a saving from which an alternative counts as sure, if its facts were checked in their sources."""
_SAME_RESULT = (Group.SAME, Group.SIZE)
"""Groups whose alternatives give a model of the same predicted loss."""
_MOST_REUSE = 2
_COST = "cost_usd"


def is_sure(each: Alternative) -> bool:
    """Say whether an alternative saves money with a good chance, by facts that were checked in their sources."""
    saved = each.savings[_COST]
    return each.is_verified and saved is not None and saved.chance >= LEAST_SURE


def cheaper(advice: Advice) -> list[Alternative]:
    """Return the alternatives that likely cost less, by cost, the least first."""
    found = [each for each in advice.alternatives if (saved := each.savings[_COST]) is not None and saved.median > 0.0 and each.group != Group.LIFETIME]
    return sorted(found, key=lambda each: (_cost(each), each.id))


def first_option(advice: Advice | None, *, reuse: bool = False) -> Alternative | None:
    """Return the first cheaper option that keeps the result, or of *reuse* of an existing model: the least effort, then the least cost.

    It is likely to save, and needs no more cash than the plan; None where there is none.
    """
    if advice is None:
        return None
    groups = (Group.REUSE,) if reuse else _SAME_RESULT
    found = [each for each in cheaper(advice) if each.group in groups and not each.is_much_cash and _chance(each) >= LEAST_SURE and each.effort != Effort.HIGH]
    return min(found, key=lambda each: (not (reuse or each.is_verified), list(Effort).index(each.effort), _cost(each)), default=None)


def shown_options(advice: Advice | None, *, most: int) -> Sequence[Alternative]:
    """Return at most *most* alternatives for a chart, by cost: the first options, and then those that save most, few of them of reuse."""
    if advice is None:
        return ()
    chosen = [each for each in (first_option(advice), first_option(advice, reuse=True)) if each is not None]
    for each in cheaper(advice):
        is_one_more_reuse = each.group == Group.REUSE and sum(other.group == Group.REUSE for other in chosen) >= _MOST_REUSE
        if len(chosen) < most and each not in chosen and not is_one_more_reuse:
            chosen.append(each)
    return sorted(chosen, key=lambda each: (_cost(each), each.id))


def _cost(each: Alternative) -> float:
    found = each.results[_COST]
    return float("inf") if found is None else float(found.median)


def _chance(each: Alternative) -> float:
    saved = each.savings[_COST]
    return 0.0 if saved is None else saved.chance
