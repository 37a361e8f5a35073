"""Solve for a number without NumPy: bisection, golden section, quantiles of data, and Student's t over a normal."""

import math
from collections.abc import Callable, Sequence

from traincarbon.uncertain import Z_90

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def bisect(is_below: Callable[[float], bool], low: float, high: float, *, rounds: int = 200) -> tuple[float, float]:
    """Return the ends of an interval around the point where *is_below* turns from true to false.

    Args:
        is_below: Whether a number lies below that point.
        low: A number below it.
        high: A number above it.
        rounds: How often to halve the interval at most; it also ends where floats end.

    Example:
        >>> round(bisect(lambda x: x * x < 2.0, 0.0, 2.0)[0], 6)
        1.414214
    """
    for _ in range(rounds):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if is_below(middle):
            low = middle
        else:
            high = middle
    return low, high


def least_by_golden_section(function: Callable[[float], float], low: float, high: float, *, width: float = 0.0, rounds: int = 200) -> float:
    """Return where a *function* with one valley is least.

    Args:
        function: It may be infinite below some number.
        low: Left end of the interval to search.
        high: Right end of it.
        width: Width of the interval at which to stop.
        rounds: How often to shorten the interval at most.

    Example:
        >>> round(least_by_golden_section(lambda x: (x - 1.0) ** 2, 0.0, 3.0, width=1e-6), 5)
        1.0
    """
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(rounds):
        if not high - low > width:
            break
        if at_left > at_right or at_left == math.inf:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
    return 0.5 * (low + high)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the number below which a *share* of the *ordered* ones lies, with a straight line between neighbours.

    Example:
        >>> quantile([1.0, 2.0, 4.0], 0.75)
        3.0
    """
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def t_over_normal(freedom: float, *, order: int = 3) -> float:
    """Return the 95th percentile of Student's t over that of a normal: how much wider a spread is that was estimated from little.

    Args:
        freedom: Degrees of freedom, whole or not.
        order: Terms of the Cornish-Fisher expansion: two are within 1 % from four degrees on, three within 4 % from one and a half.

    Example:
        >>> round(t_over_normal(5.0), 3), round(t_over_normal(1e6), 3)
        (1.225, 1.0)

    References:
        Abramowitz and Stegun 1964, *Handbook of mathematical functions*, 26.7.5.
    """
    z2 = Z_90**2
    terms = ((z2 + 1.0) / 4.0, (5.0 * z2**2 + 16.0 * z2 + 3.0) / 96.0, (3.0 * z2**3 + 19.0 * z2**2 + 17.0 * z2 - 15.0) / 384.0)
    return 1.0 + sum(term / freedom**power for power, term in enumerate(terms[:order], 1))
