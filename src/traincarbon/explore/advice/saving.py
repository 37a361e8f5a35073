"""The saving of one uncertain value over another, with the uncertainty that the two share cancelled."""

import math
from collections.abc import Callable, Collection
from typing import NamedTuple

from traincarbon.fitting.solve import bisect
from traincarbon.uncertain import Num, Uncertain

_POINTS = 72
_REACH = 6.0
"""Standard deviations over which a normal distribution is summed; less than 1e-8 of it lies beyond."""
_SAME = 1e-3
"""Log-spread of a quotient below which the two values differ only by a factor."""
_LEAST_SPREAD = 0.02
_HALVINGS = 30
_OF_ALTERNATIVE = "of the alternative"
SPREADS_OF_HARDWARE = ("mfu", "power", "host", "rent_price", "purchase_price")
"""Spreads that two plans on different hardware do not share."""


class Saving(NamedTuple):
    """A saving: its amount, its share of the original value, and its probability.

    Attributes:
        low: Lower bound of the amount, in the unit of the quantity; negative where the alternative takes more.
        median: Difference of the two medians. The bounds hold it at every level, also where the median of the difference is another.
        high: Upper bound of the amount.
        share_low: Lower bound of the share saved of the original value. [1]
        share: The share saved, minus infinity where the original value is zero. [1]
        share_high: Upper bound of the share saved. [1]
        chance: Probability that anything is saved. [1]
    """

    low: float
    median: float
    high: float
    share_low: float
    share: float
    share_high: float
    chance: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the saving fit for JSON; an infinite share is None."""
        return {name: value if math.isfinite(value) else None for name, value in self._asdict().items()}


def saving_of(old: Num, new: Num, *, level: float = 0.9, independent: Collection[str] = ()) -> Saving:
    """Return what *new* saves against *old*.

    Both are log-normal, so their quotient is log-normal and the bounds of the share have a closed form.
    The amount is a difference of two correlated log-normals: its distribution is summed over one of them.

    Args:
        old: The value of the plan, in any unit.
        new: The value of the alternative, in the same unit.
        level: Confidence level of the bounds. [1]
        independent: Names of spreads that both values have but do not share, as the utilisation of two different GPUs.

    Example:
        >>> halved = saving_of(Uncertain(100.0, {"mfu": 0.3}), Uncertain(50.0, {"mfu": 0.3}))
        >>> halved.share_low, halved.share, halved.share_high, halved.chance
        (0.5, 0.5, 0.5, 1.0)
        >>> round(halved.low, 1), halved.median, round(halved.high, 1)
        (30.5, 50.0, 81.9)
    """
    before, after = _uncertain(old), with_independent(_uncertain(new), independent)
    if before.median == 0.0 or after.median == 0.0:
        low, high = before.interval(level) if after.median == 0.0 else (-bound for bound in reversed(after.interval(level)))
        share = 0.0 if before.median == after.median else 1.0 if after.median == 0.0 else -math.inf
        return Saving(low, before.median - after.median, high, share, share, share, float(before.median > after.median))
    quotient = after / before
    least, most = quotient.interval(level)
    sigma = float(quotient.sigma)
    chance = _normal(-math.log(quotient.median) / sigma) if sigma > 0.0 else float(quotient.median < 1.0)
    median = before.median - after.median
    low, high = _difference(before, after, sigma, level)
    return Saving(min(low, median), median, max(high, median), 1.0 - most, 1.0 - quotient.median, 1.0 - least, chance)


def with_independent(value: Uncertain, names: Collection[str]) -> Uncertain:
    """Return *value* with the spreads in *names* renamed, so that they are independent of spreads of those names elsewhere."""
    return Uncertain(value.median, {f"{name} {_OF_ALTERNATIVE}" if name in names else name: spread for name, spread in value.spreads.items()})


def _difference(before: Uncertain, after: Uncertain, sigma: float, level: float) -> tuple[float, float]:
    """Return the bounds of *before* − *after*, where their quotient has the log-spread *sigma*."""
    width = float(before.sigma)
    if sigma < _SAME or width < _SAME:
        quotient = (after / before).interval(level) if width < _SAME else None
        bounds = (
            [before.median * (1.0 - bound) for bound in quotient] if quotient else [b * (1.0 - after.median / before.median) for b in before.interval(level)]
        )
        return min(bounds), max(bounds)
    common = sum(spread * after.spreads.get(name, 0.0) for name, spread in before.spreads.items()) / width
    own = math.sqrt(max(float(after.sigma) ** 2 - common**2, _LEAST_SPREAD**2))
    step = 2.0 * _REACH / _POINTS
    grid = [-_REACH + step * k for k in range(_POINTS + 1)]
    weights = [step * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) for z in grid]
    firsts = [before.median * math.exp(width * z) for z in grid]
    middles = [math.log(after.median) + common * z for z in grid]

    def below(bound: float) -> float:
        """Probability that the difference is below *bound*."""
        total = 0.0
        for weight, first, middle in zip(weights, firsts, middles, strict=True):
            left = first - bound
            total += weight * (1.0 if left <= 0.0 else 1.0 - _normal((math.log(left) - middle) / own))
        return total

    scale = max(before.median, after.median)
    most = math.asinh(math.exp(_REACH * max(width, float(after.sigma))))
    return _quantile(below, (1.0 - level) / 2.0, scale, most), _quantile(below, (1.0 + level) / 2.0, scale, most)


def _quantile(below: Callable[[float], float], share: float, scale: float, most: float) -> float:
    """Return where *below* reaches *share*, by bisection on a scale that is linear near zero and logarithmic far from it."""
    low, high = bisect(lambda middle: below(scale * math.sinh(middle)) < share, -most, most, rounds=_HALVINGS)
    return scale * math.sinh((low + high) / 2.0)


def _uncertain(value: Num) -> Uncertain:
    return value if value.__class__ is Uncertain else Uncertain(float(value))


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
