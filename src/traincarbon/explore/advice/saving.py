"""What one figure saves against another, both uncertain and, as far as they rest on the same things, uncertain together."""

import math
from collections.abc import Callable, Collection
from typing import NamedTuple

from traincarbon.fitting.solve import bisect
from traincarbon.uncertain import Num, Uncertain

_POINTS = 72
_REACH = 6.0
"""Standard deviations over which a normal is summed; beyond them is less than 1e-8 of it."""
_SAME = 1e-3
"""Log-spread of a quotient below which both figures are one but for a factor."""
_LEAST_SPREAD = 0.02
_HALVINGS = 30
_OWN = "of the alternative"


class Saving(NamedTuple):
    """What is saved of a figure: the amount, its share of the figure, and how likely anything is saved."""

    low: float
    median: float
    high: float
    """The amount and the bounds of its interval, in the figure's unit; negative where it costs more."""
    share_low: float
    share: float
    share_high: float
    """The same over the figure itself, minus infinity where that is nothing. [1]"""
    chance: float
    """Probability that anything is saved. [1]"""

    def to_dict(self) -> dict[str, float | None]:
        """Return the saving fit for JSON; a share of nothing is None."""
        return {name: value if math.isfinite(value) else None for name, value in self._asdict().items()}


def saving(old: Num, new: Num, *, level: float = 0.9, apart: Collection[str] = ()) -> Saving:
    """Return what *new* saves against *old*.

    Both are log-normal, so that their quotient is, and the share saved has closed bounds. The amount is a difference of two
    correlated log-normals: its distribution is summed over the one and closed in the other.

    Args:
        old: The figure as planned; any unit.
        new: The figure of the alternative, in the same unit.
        level: Confidence level of the bounds. [1]
        apart: Names of spreads that both have but not in common: another chip's utilisation is not that of the first.

    Example:
        >>> halved = saving(Uncertain(100.0, {"mfu": 0.3}), Uncertain(50.0, {"mfu": 0.3}))
        >>> halved.share_low, halved.share, halved.share_high, halved.chance
        (0.5, 0.5, 0.5, 1.0)
        >>> round(halved.low, 1), halved.median, round(halved.high, 1)
        (30.5, 50.0, 81.9)
    """
    before, after = _uncertain(old), parted(_uncertain(new), apart)
    if before.median == 0.0 or after.median == 0.0:
        low, high = before.interval(level) if after.median == 0.0 else (-bound for bound in reversed(after.interval(level)))
        share = 0.0 if before.median == after.median else 1.0 if after.median == 0.0 else -math.inf
        return Saving(low, before.median - after.median, high, share, share, share, float(before.median > after.median))
    quotient = after / before
    least, most = quotient.interval(level)
    sigma = float(quotient.sigma)
    chance = _normal(-math.log(quotient.median) / sigma) if sigma > 0.0 else float(quotient.median < 1.0)
    low, high = _difference(before, after, sigma, level)
    return Saving(low, before.median - after.median, high, 1.0 - most, 1.0 - quotient.median, 1.0 - least, chance)


def parted(value: Uncertain, apart: Collection[str]) -> Uncertain:
    """Return *value* with the spreads named in *apart* under a name of their own, so that they are independent of others' of that name."""
    return Uncertain(value.median, {f"{name} {_OWN}" if name in apart else name: spread for name, spread in value.spreads.items()})


def _difference(before: Uncertain, after: Uncertain, sigma: float, level: float) -> tuple[float, float]:
    """Return the bounds of *before* − *after*, the log-spread of whose quotient is *sigma*."""
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
    """Return where *below* reaches *share*, by halving on a scale that is even around zero and logarithmic far from it."""
    low, high = bisect(lambda middle: below(scale * math.sinh(middle)) < share, -most, most, rounds=_HALVINGS)
    return scale * math.sinh((low + high) / 2.0)


def _uncertain(value: Num) -> Uncertain:
    return value if value.__class__ is Uncertain else Uncertain(float(value))


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
