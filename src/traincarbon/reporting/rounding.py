"""Columns of numbers on one scale that add up as they are shown."""

import math
from collections.abc import Sequence

from traincarbon.formatting import is_negligible, median_and_interval, significant
from traincarbon.reporting.currency import Currency
from traincarbon.uncertain import Interval

_DIGITS = 4


def column(parts: Sequence[float], total: float, unit: str, currency: Currency, *, digits: int = _DIGITS) -> tuple[list[str], str]:
    """Return *parts* and then their *total* on one scale, and the unit of the scale.

    Args:
        parts: The parts of the total, in *unit*.
        total: Their sum; it sets the scale.
        unit: The unit of both, as ``kWh`` or ``$``.
        currency: The currency of money.
        digits: Significant digits of the total; the parts are rounded at the same place.

    Example:
        >>> column([2e-6, 0.0], 2e-6, "kWh", Currency("USD", 1.0)), column([1.0, 2.0], 3.0, "kWh", Currency("USD", 1.0), digits=2)
        ((['<1', '0', '<1'], 'Wh'), (['1.0', '2.0', '3.0'], 'kWh'))
    """
    scale = currency.scale(total, unit)
    if is_negligible(total, unit):
        least = currency.amount(total, unit).removesuffix(f" {scale.unit}")
        return [least if part > 0.0 else "0" for part in (*parts, total)], scale.unit
    whole = total / scale.size
    decimals = digits - 1 - math.floor(math.log10(whole)) if whole > 0.0 else 0
    shown = [*adding_up([part / scale.size for part in parts], decimals), round(whole, decimals)]
    return [scale.around(f"{value:,.{max(decimals, 0)}f}") for value in shown], scale.unit


def bounds_of(interval: Interval, unit: str) -> str:
    """Return the bounds of an interval in one unit, "exact" where it has none, nothing where they are too small to be written.

    Example:
        >>> bounds_of(Interval(140e3, 390e3, 1100e3), "kg CO2e"), bounds_of(Interval(4.4e6, 12e6, 32e6), "$"), bounds_of(Interval(2.0, 2.0, 2.0), "s")
        ('140 – 1,100 t', '$4.4M – $32M', 'exact')
    """
    _, scale, bounds = median_and_interval(interval, unit)
    return "exact" if interval.is_exact else f"{bounds} {scale}".rstrip() if bounds else ""


def part_of(part: float, whole: float, *, digits: int = 3) -> str:
    """Return a *part* to the place that the *whole* has with so many significant digits; one that is too small for it is below that place.

    Example:
        >>> part_of(12.345, 40.6), part_of(0.000158, 40.6), part_of(0.0, 40.6)
        ('12.3', '< 0.1', '0.0')
    """
    decimals = max(digits - 1 - math.floor(math.log10(whole)), 0) if whole > 0.0 else 0
    step: float = 10.0**-decimals
    return f"< {step:.{decimals}f}" if 0.0 < part < step / 2.0 else f"{part:,.{decimals}f}"


def adding_up(values: Sequence[float], decimals: int) -> list[float]:
    """Return *values* rounded so that they add up to their rounded sum: the largest remainders are rounded up.

    Example:
        >>> adding_up([0.4, 0.4, 0.4], 0)
        [1.0, 0.0, 0.0]
    """
    scale = 10.0**decimals
    scaled = [value * scale for value in values]
    floors = [math.floor(value) for value in scaled]
    missing = round(math.fsum(scaled)) - sum(floors)
    raised = set(sorted(range(len(values)), key=lambda at: (floors[at] - scaled[at], at))[:missing])
    return [(floor + (at in raised)) / scale for at, floor in enumerate(floors)]


def relative_change(share: float) -> str:
    """Return a relative change in percent, or as a factor where it is large.

    Example:
        >>> relative_change(1.47), relative_change(-0.2), relative_change(24.0)
        ('+147 %', '−20 %', '× 25')
    """
    if share >= 9.0:
        return f"× {significant(share + 1.0, 2)}"
    return f"{'+' if share >= 0.0 else '−'}{significant(100.0 * abs(share), 3)} %"
