"""Ratios of a plan's numbers that the expected utilisation depends on, in the median."""

from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import Num, any_of, median_of


def params_per_active(plan: Plan) -> Num | None:
    """Return the parameters of a mixture of experts over those that a token passes through; None of other plans."""
    if plan.params is None or plan.active_params is None:
        return None
    total, active = median_of(plan.number("params")), median_of(plan.number("active_params"))
    return total / active if any_of(total != active) else None


def image_flop(plan: Plan, compute_flop: Num | None) -> Num | None:
    """Return the FLOP of the training for each image that it loads; None where it states no images, or its FLOP are unknown."""
    if plan.images is None or compute_flop is None:
        return None
    return median_of(compute_flop) / median_of(plan.number("images"))
