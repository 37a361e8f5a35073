"""The trend of a cumulative quantity, and how certain it makes the further rise."""

import math
from bisect import bisect_left
from itertools import pairwise
from typing import NamedTuple

from traincarbon.fitting.solve import t_over_normal

_MOST_POINTS = 256
_MOST_BATCHES = 16
_FEW_BATCHES = 4
_MOST_CORRELATION = 0.7
_LEAST_EFFECTIVE = 2.0
_LEAST_FREEDOM = 1.5
_SIGMA_UNSEEN = 0.3
"""Log-spread of a rate if too little was seen to know its scatter."""


class Points:
    """A cumulative quantity over time, thinned so that a run of months needs no more memory than one of minutes.

    It keeps the first and the last point, and between them at most 256 points at about even distances in time.
    """

    def __init__(self) -> None:
        self.xs: list[float] = []
        self.ys: list[float] = []
        self._apart = 0.0

    def add(self, x: float, y: float) -> None:
        """Add a point; one that goes back in time or value is ignored."""
        xs, ys = self.xs, self.ys
        if xs and (x < xs[-1] or y < ys[-1]):
            return
        if len(xs) > 1 and (x - xs[-2] < self._apart or x == xs[-1]):
            xs[-1], ys[-1] = x, y
            return
        xs.append(x)
        ys.append(y)
        if len(xs) > _MOST_POINTS:
            del xs[1:-1:2], ys[1:-1:2]
            self._apart = 2.0 * (xs[-1] - xs[0]) / _MOST_POINTS

    def slope(self, *, window: float = math.inf, until: float = -math.inf) -> float | None:
        """Return the mean rise over the last *window* of time or slightly more, None before the second point.

        Args:
            window: The time over which to take the mean.
            until: When it ends if that is after the last point: nothing has risen since.
        """
        xs, ys = self.xs, self.ys
        if len(xs) < 2 or xs[-1] <= xs[0]:
            return None
        end = max(until, xs[-1])
        first = max(min(bisect_left(xs, end - window), len(xs) - 2), 0)
        return (ys[-1] - ys[first]) / (end - xs[first])


class Trend(NamedTuple):
    """A mean slope, and its scatter from batch to batch."""

    slope: float
    """Mean rise of one quantity over the other."""
    sigma: float
    """Log-spread of the slope from batch to batch."""
    batches: int
    correlation: float
    """Of the slope of a batch with that of the next: 0 to 0.7."""
    span: float
    """How much of the other quantity was seen."""

    def sigma_ahead(self, ahead: float) -> float:
        r"""Return the log-spread of the mean slope over the next *ahead* around the mean slope so far.

        The slopes of batches are modelled as a first-order autoregression. The variance of a mean of n of them is that of
        \( n (1 - \rho) / (1 + \rho) \) independent ones. The variances of what was seen and of what is ahead add up, and the quantile of
        Student's t for so few batches widens the sum.

        References:
            Law 2015, *Simulation modeling and analysis*, section 9.5.3, for batch means; Abramowitz and Stegun 1964,
            *Handbook of mathematical functions*, 26.7.5, for the quantile.
        """
        if self.batches < _FEW_BATCHES:
            return _SIGMA_UNSEEN
        independent = (1.0 - self.correlation) / (1.0 + self.correlation)
        seen = max(self.batches * independent, _LEAST_EFFECTIVE)
        unbiased = (1.0 - 1.0 / self.batches) / (1.0 - 1.0 / seen)
        to_come = max(ahead / self.span * self.batches * independent, 0.25)
        return self.sigma * math.sqrt(unbiased * (1.0 / seen + 1.0 / to_come)) * t_over_normal(max(seen - 1.0, _LEAST_FREEDOM))


def trend_of(xs: list[float], ys: list[float]) -> Trend | None:
    """Return the trend of *ys* over *xs*, both rising, from up to 16 batches of equal span; None if nothing rose."""
    span = xs[-1] - xs[0] if xs else 0.0
    if span <= 0.0 or ys[-1] <= ys[0]:
        return None
    batches = min(_MOST_BATCHES, len(xs) - 1)
    edges = [_at(xs, ys, xs[0] + span * part / batches) for part in range(batches + 1)]
    rises = [max(after - before, 0.0) for before, after in pairwise(edges)]
    least = 0.01 * (ys[-1] - ys[0]) / batches
    logs = [math.log(max(rise, least)) for rise in rises]
    mean = sum(logs) / batches
    deviations = [log - mean for log in logs]
    squares = sum(deviation * deviation for deviation in deviations)
    slope = (ys[-1] - ys[0]) / span
    if batches < 2 or squares == 0.0:
        return Trend(slope, 0.0, batches, 0.0, span)
    lagged = sum(one * other for one, other in pairwise(deviations)) / squares
    correlation = lagged + (1.0 + 3.0 * lagged) / batches
    return Trend(slope, math.sqrt(squares / (batches - 1)), batches, min(max(correlation, 0.0), _MOST_CORRELATION), span)


def _at(xs: list[float], ys: list[float], x: float) -> float:
    """Return the value at *x*, by linear interpolation."""
    index = min(max(bisect_left(xs, x), 1), len(xs) - 1)
    left, right = xs[index - 1], xs[index]
    share = min(max((x - left) / (right - left), 0.0), 1.0) if right > left else 1.0
    return ys[index - 1] + share * (ys[index] - ys[index - 1])
