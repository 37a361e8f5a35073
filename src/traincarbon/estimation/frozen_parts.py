"""The frozen part of a training: what of it a token is multiplied with, whose weight gradients are not computed."""

from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.links import WITH_FROZEN
from traincarbon.estimation.trace import FlopCounts, Trace
from traincarbon.uncertain import Num, any_of, median_of, where


def freeze_rest(trace: Trace, *, whole: Num) -> None:
    """Take what is not trained of the *whole* as frozen where the plan states the parameters that are."""
    trainable = trace.plan.number("trainable_params")
    if trainable is None or trace.plan.frozen_params is not None:
        return
    if any_of(median_of(trainable) < median_of(whole)):
        reason = "all but trainable_params: gradients pass through it; of what lies below all that is trained, half of its FLOP are too many"
        trace.values["frozen_params"] = trace.assume("frozen_params", whole - trainable, reason)


def add_frozen(trace: Trace, counts: FlopCounts, *, whole: Num) -> None:
    """Take away the weight gradients of what is frozen of the *whole*."""
    frozen, active, tokens = trace.values["frozen_params"], trace.values["active_params"], trace.plan.number("tokens")
    if active is whole:
        multiplied = frozen
    elif trace.plan.active_params is None:
        multiplied = _beyond_looked_up(frozen, active=active, whole=whole)
        if any_of(median_of(multiplied) < median_of(frozen)):
            reason = "of frozen_params: tables that are looked up are taken to be frozen first, and nothing is multiplied with them"
            trace.assume("multiplied_frozen_params", multiplied, reason)
    else:
        multiplied = multiplied_share(frozen, active=active, whole=whole)
        if any_of(median_of(multiplied) < median_of(frozen)):
            reason = "of frozen_params: a token is taken to pass through as large a share of them as of all parameters"
            trace.assume("multiplied_frozen_params", multiplied, reason)
    trace.values["multiplied_frozen_params"] = multiplied = _at_most(multiplied, active)
    trace.walk((WITH_FROZEN,))
    counts.parts["model"] -= 6.0 * multiplied * tokens
    counts.parts["frozen"] = 4.0 * multiplied * tokens


def check_frozen(trace: Trace) -> None:
    """Refuse more frozen parameters than a plan has active ones where it does not say how many there are beside them.

    Raises:
        PlanError: there are more.
    """
    plan = trace.plan
    frozen, active = median_of(trace.values["frozen_params"]), median_of(plan.number("active_params"))
    if plan.params is None and active is not None and any_of(frozen > active):
        hint = "give params too: it counts all experts, active_params those that a token passes through"
        raise PlanError(f"frozen_params {shown(plan.frozen_params)} exceed active_params {shown(plan.active_params)}", hint=hint)


def multiplied_share(frozen: Num, *, active: Num, whole: Num) -> Num:
    """Return those of *frozen* parameters that a token passes through, if it passes through as large a share of them as of the *whole*.

    Example:
        >>> multiplied_share(10e9, active=13e9, whole=52e9)
        2500000000.0
    """
    return _at_most(frozen * active / median_of(whole), active)


def _beyond_looked_up(frozen: Num, *, active: Num, whole: Num) -> Num:
    """Return those of *frozen* parameters that are multiplied, if those of the *whole* that are looked up are frozen first."""
    looked_up = median_of(whole) - median_of(active)
    looked_up = where(looked_up > 0.0, looked_up, 0.0)
    return where(median_of(frozen) > looked_up, frozen - looked_up, 0.0)


def _at_most(value: Num, limit: Num) -> Num:
    return where(median_of(value) > median_of(limit), limit, value)
