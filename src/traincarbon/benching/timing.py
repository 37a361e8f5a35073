"""How fast a piece of work runs when it is done over and over: warmed up, in bursts, the median with what it varies by."""

import math
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

Clock = Callable[[], float]

_BURST_S = 0.05
"""Long beside what it takes to look at a clock, short beside what it takes a chip to heat up."""
_FEWEST = 5
_THROTTLED = 0.93
_NOISY = 1.15


class Rate(NamedTuple):
    """What was done each second: the median of all bursts, and between which rates nine in ten of them lie."""

    median: float
    low: float
    high: float
    bursts: int
    trend: float
    """Median of the last third of the bursts over that of the first."""

    @property
    def is_throttled(self) -> bool:
        """Whether it became slower and stayed so, as a chip that grows hot does."""
        return self.trend < _THROTTLED

    @property
    def is_noisy(self) -> bool:
        """Whether bursts differ by more than a machine that does nothing else lets them."""
        return self.high / self.low > _NOISY


def sustained(
    work: Callable[[int], None],
    *,
    amount: float,
    window_s: float,
    clock: Clock = time.perf_counter,
    between: Callable[[], None] | None = None,
) -> Rate:
    """Return the rate at which *work* is done for *window_s*, after a warm-up of a quarter of that.

    Args:
        work: Does its work so many times.
        amount: What one time is: FLOP or bytes.
        window_s: How long to measure, at least five bursts. [s]
        clock: What tells the time.
        between: Called after each burst, outside of what is timed, as to read meters.
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
    """Return the first of *least*, 2 × *least*, … for which one time of the work takes *long_s*, *most* where none does."""
    size = least
    while size < most:
        work = make(size)
        work(1)
        if _timed(work, 1, clock) >= long_s:
            break
        size *= 2
    return min(size, most)


def _warmed_up(work: Callable[[int], None], least_s: float, clock: Clock) -> int:
    """Run *work* until it is warm; return how many times make a burst."""
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
