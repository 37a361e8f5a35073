"""How many servers: the fewest that hold the model, and what more of them do to the duration."""

import math
from typing import NamedTuple

from traincarbon.formulas import memory
from traincarbon.uncertain import Num, Uncertain
from traincarbon.units import H_PER_DAY

_DAYS = (365.0, 180.0, 90.0, 30.0, 14.0, 7.0, 1.0, 0.25)
"""Durations that people plan with; the table of counts aims at these."""
_MOST_ROWS = 5


class Count(NamedTuple):
    """A number of servers with the duration and the price of the cluster that go with it."""

    servers: int
    accelerators: int
    duration_s: Num
    purchase_usd: Num | None


def fewest_accelerators(*, params: Num, trainable_params: Num, memory_b: Num, usable_share: Num) -> Num:
    """Return the accelerators, not rounded, that the training's state fills when it is divided over all of them.

    A rule of thumb: it leaves a fixed share of the memory to activations and asks nothing of the layout.
    """
    state_b = memory.training_state_b(params=params, trainable_params=trainable_params)
    return memory.fewest_accelerators(training_state_b=state_b, memory_b=memory_b, usable_share=usable_share)


def counts(*, accelerator_hours_h: Num, accelerator_count: float, fewest: float, purchase_usd_each: Num | None) -> list[Count]:
    """Return a few round numbers of servers, from the fewest that hold the model to those that finish in days.

    Utilisation is taken to be the same at every count.

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        accelerator_count: Accelerators in a server. [1]
        fewest: Accelerators that hold the training's state. [1]
        purchase_usd_each: Price of an accelerator with server and network, or None. [$]
    """
    median_h = accelerator_hours_h.median if isinstance(accelerator_hours_h, Uncertain) else accelerator_hours_h
    least = max(1, math.ceil(fewest / accelerator_count))
    wanted = {least} | {round_up(median_h / (days * H_PER_DAY * accelerator_count)) for days in _DAYS}
    chosen = sorted(servers for servers in wanted if servers >= least)[:_MOST_ROWS]
    found = []
    for servers in chosen:
        n = servers * accelerator_count
        purchase = None if purchase_usd_each is None else purchase_usd_each * n
        found.append(Count(servers, int(n), accelerator_hours_h * (3600.0 / n), purchase))
    return found


def round_up(number: float) -> int:
    """Return the next whole number of one or two significant digits that is no smaller.

    Example:
        >>> round_up(0.3), round_up(7.2), round_up(234.0), round_up(1010.0)
        (1, 8, 240, 1100)
    """
    if number <= 10.0:
        return max(1, math.ceil(number))
    scale: int = 10 ** (math.floor(math.log10(number)) - 1)
    return int(math.ceil(number / scale) * scale)
