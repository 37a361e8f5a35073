"""Which runs are like a plan: models of like size, of the same family and kind of training."""

import math

from traincarbon.estimation.calibration import job_family
from traincarbon.estimation.plan import Plan

_LIKE_SIZE = 4.0


def is_like(params: float, other: float) -> bool:
    """Say whether two models are of like size: a factor of four apart at most.

    Example:
        >>> is_like(7e9, 13e9), is_like(7e9, 70e9)
        (True, False)
    """
    return abs(math.log(params / other)) <= math.log(_LIKE_SIZE)


def family_of_job(plan: Plan) -> str:
    """Return what a calibration calls the family and kind of a plan.

    Example:
        >>> family_of_job(Plan(params="7B", kind="lora"))
        'decoder lora'
    """
    return job_family(plan.family, plan.kind, is_moe=plan.is_moe)
