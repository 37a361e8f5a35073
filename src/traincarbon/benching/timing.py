"""Time repeated work: after a warm-up, in bursts, with the median and the spread of its rate."""

import math
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

Clock = Callable[[], float]

_BURST_S = 0.05
"""Much longer than reading a clock, much shorter than heating up a chip."""
_FEWEST = 5
_THROTTLED = 0.93
_NOISY = 1.15


class Rate(NamedTuple):
    """Work per second: the median of all bursts, and the range of nine in ten of them."""

    median: float
    low: float
    high: float
    bursts: int
    trend: float
    """Median of the last third of the bursts over that of the first."""

    @property
    def is_throttled(self) -> bool:
        """Whether it became slower and stayed so, as a hot chip does."""
        return self.trend < _THROTTLED

    @property
    def is_noisy(self) -> bool:
        """Whether bursts differ by more than on an idle machine."""
        return self.high / self.low > _NOISY


def sustained(
    work: Callable[[int], None],
    *,
    amount: float,
    window_s: float,
    clock: Clock = time.perf_counter,
    between: Callable[[], None] | None = None,
) -> Rate:
    """Return the rate of *work* over *window_s*, after a warm-up of a quarter of that.

    Args:
        work: Does its work a given number of times.
        amount: FLOP or bytes of one time.
        window_s: How long to measure, at least five bursts. [s]
        clock: Returns the time.
        between: Called after each burst, outside the timed work; to read meters, for instance.
    """
    times = _warmed_up(work, window_s / 4.0, clock)
    rates: list[float] = []
    end_s = clock() + window_s
    while clock() < end_s or len(rates) < _FEWEST:
        took_s = _timed(work, times, clock)
        rates.append(times * amount / took_s)
        if between is not None:
            between()
    return _rate(rates)


def fitting_size(make: Callable[[int], Callable[[int], None]], *, least: int, most: int, long_s: float = 0.02, clock: Clock = time.perf_counter) -> int:
    """Return the first of *least*, 2 × *least*, … at which the work takes *long_s*, or *most* if none does."""
    size = least
    while size < most:
        work = make(size)
        work(1)
        if _timed(work, 1, clock) >= long_s:
            break
        size *= 2
    return min(size, most)


def _warmed_up(work: Callable[[int], None], least_s: float, clock: Clock) -> int:
    """Run *work* until it is warm. Return how many times fill a burst."""
    start_s, times = clock(), 1
    while True:
        took_s = _timed(work, times, clock)
        if took_s >= _BURST_S and clock() - start_s >= least_s:
            return times
        if took_s < _BURST_S:
            times = max(times + 1, min(10 * times, math.ceil(times * 1.2 * _BURST_S / took_s)))


def _timed(work: Callable[[int], None], times: int, clock: Clock) -> float:
    start_s = clock()
    work(times)
    return max(clock() - start_s, 1e-9)


def _rate(rates: list[float]) -> Rate:
    ordered, third = sorted(rates), max(len(rates) // 3, 1)
    edge = len(rates) // 20
    trend = median(rates[-third:]) / median(rates[:third])
    return Rate(median(rates), ordered[edge], ordered[-1 - edge], len(rates), trend)
