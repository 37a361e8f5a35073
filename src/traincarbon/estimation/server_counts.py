"""Numbers of servers worth comparing: the fewest that hold the model, and round numbers that finish in usual times."""

import math

from traincarbon.estimation.fields import MOST_COUNT
from traincarbon.quantities import H_PER_DAY

_DAYS = (365.0, 180.0, 90.0, 30.0, 14.0, 7.0, 1.0, 0.25)
"""Durations that people plan with. [d]"""
_MOST_COUNTS = 5
_ROUND = (10, 12, 15, 16, 20, 24, 30, 32, 40, 48, 50, 60, 64, 80, 90, 100)
"""Two-digit numbers that people build clusters of."""


def server_counts(*, accelerator_hours_h: float, accelerator_count: float, fewest: float) -> list[int]:
    """Return at most five numbers of servers, from the fewest that hold the model to those that finish in days; none that a plan may not state.

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        accelerator_count: Accelerators in a server. [1]
        fewest: Accelerators that hold the training's state. [1]

    Example:
        >>> server_counts(accelerator_hours_h=2.18e6, accelerator_count=8.0, fewest=152.0)
        [19, 32, 64, 150, 400]
    """
    least = max(1, math.ceil(fewest / accelerator_count))
    wanted = {round_up(accelerator_hours_h / (days * H_PER_DAY * accelerator_count)) for days in _DAYS}
    counts = sorted({least} | {servers for servers in wanted if servers > least})[:_MOST_COUNTS]
    return [servers for servers in counts if servers * accelerator_count <= MOST_COUNT]


def round_up(number: float) -> int:
    """Return the next round number, of one or two digits and zeros, that is no smaller.

    Example:
        >>> round_up(0.3), round_up(7.2), round_up(234.0), round_up(1010.0)
        (1, 8, 240, 1200)
    """
    if number <= _ROUND[0]:
        return max(1, math.ceil(number))
    scale: int = 10 ** (math.floor(math.log10(number)) - 1)
    return scale * next(digits for digits in _ROUND if digits * scale >= number)
