"""Axes of charts: where a value lies, and the round values that get a tick."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from traincarbon.quantities import H_PER_YEAR, S_PER_DAY, S_PER_H
from traincarbon.reporting.currency import Currency

MONTH_S = H_PER_YEAR * S_PER_H / 12.0
"""A month. [s]"""

_STEPS = (1.0, 2.0, 2.5, 3.0, 5.0, 10.0)
_LOG_STEPS: tuple[tuple[float, ...], ...] = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
"""Sets of ticks within a decade, the finest first."""
_TIMES = ((MONTH_S, "months"), (S_PER_DAY, "days"), (S_PER_H, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_LEAST_UNITS = 3.0
"""A time is shown in the largest unit of which it has so many."""
_ROOM = 0.04
"""Room at both ends of a logarithmic axis, as a share of its length."""
_LEAST_REACH = 1.05
"""Highest over lowest value of the shortest logarithmic axis."""


_UNITS = ((S_PER_DAY, "day"), (S_PER_H, "h"), (60.0, "min"), (1.0, "s"))
_ROUND_TIMES = (
    *(step * 10.0**decade for decade in (-6, -5, -4, -3, -2, -1, 0) for step in (1.0, 2.0, 5.0)),
    *(10.0, 20.0, *(60.0 * minutes for minutes in (1.0, 2.0, 5.0, 10.0, 20.0))),
    *(S_PER_H * hours for hours in (1.0, 2.0, 5.0, 10.0)),
    *(S_PER_DAY * step * 10.0**decade for decade in (0, 1, 2, 3, 4) for step in (1.0, 2.0, 5.0)),
)
_MOST_TIMES = 6


class Axis(NamedTuple):
    """An axis.

    Attributes:
        low: The value at its beginning.
        high: The value at its end.
        ticks: The values that have a tick.
        words: What stands beside a tick.
        title: What the axis shows, with the unit where the ticks lack it.
        is_log: Whether it is logarithmic.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    words: Callable[[float], str]
    title: str = ""
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return where *value* lies between the ends, 0 to 1; what lies outside is at the nearer end."""
        if self.is_log:
            return min(max(math.log(max(value, self.low) / self.low) / math.log(self.high / self.low), 0.0), 1.0)
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


UNIT = Axis(0.0, 1.0, (), str)
"""An axis from 0 to 1 without ticks, as of rows."""


def log_axis(values: Iterable[float], *, words: Callable[[float], str], title: str = "", most_ticks: int = 6) -> Axis:
    """Return the logarithmic axis that holds the positive *values*.

    Example:
        >>> log_axis([2.0, 80.0], words=str).ticks
        (2.0, 5.0, 10.0, 20.0, 50.0)
    """
    positive = [value for value in values if 0.0 < value < math.inf] or [1.0, 10.0]
    low, high = min(positive), max(positive)
    if high < low * _LEAST_REACH:
        low, high = low / _LEAST_REACH, high * _LEAST_REACH
    room = (high / low) ** _ROOM
    low, high = low / room, high * room
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [tuple(step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high) for steps in _LOG_STEPS]
    ticks = next((each for each in found if 2 <= len(each) <= most_ticks), None)
    if ticks is None:
        ticks = _thinned(found[-1], most_ticks) if len(found[-1]) >= 2 else tuple(linear_ticks(low, high, most_ticks))
    return Axis(low, high, ticks, words, title, is_log=True)


def linear_axis(high: float, *, words: Callable[[float], str], low: float = 0.0, title: str = "", most_ticks: int = 5) -> Axis:
    """Return the axis from *low* to the tick at or above *high*.

    Example:
        >>> linear_axis(7.3, words=str).ticks
        (0.0, 2.0, 4.0, 6.0, 8.0)
    """
    high = high if math.isfinite(high) and high > low else low + 1.0
    step = _step(high - low, most_ticks)
    end = math.ceil((high - 1e-9 * step) / step) * step
    return Axis(low, end, tuple(linear_ticks(low, end, most_ticks)), words, title)


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values from *low* to *high*.

    Example:
        >>> linear_ticks(0.0, 10.0, 5)
        [0.0, 2.5, 5.0, 7.5, 10.0]
    """
    step = _step(high - low, most)
    first = math.ceil(low / step - 1e-9)
    return [round(step * at, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def money_axis(usd: Iterable[float], currency: Currency, *, title: str = "") -> Axis:
    """Return the logarithmic axis of amounts in dollars, with ticks that are round in the *currency*."""
    axis = log_axis([value * currency.per_usd for value in usd], words=quantity_words("$", currency), title=title)
    return axis._replace(low=axis.low / currency.per_usd, high=axis.high / currency.per_usd, ticks=tuple(tick / currency.per_usd for tick in axis.ticks))


def linear_money(most_usd: float, currency: Currency, *, title: str = "") -> Axis:
    """Return the linear axis of amounts in dollars from 0, with ticks that are round in the *currency*."""
    axis = linear_axis(most_usd * currency.per_usd, words=in_one_scale(most_usd, "$", currency), title=title)
    return axis._replace(high=axis.high / currency.per_usd, ticks=tuple(tick / currency.per_usd for tick in axis.ticks))


def time_axis(duration_s: float, *, since: str = "") -> tuple[Axis, float]:
    """Return the axis of a time from 0, in the unit in which it is easiest to read, and the seconds of that unit.

    Args:
        duration_s: The time at its end. [s]
        since: When it begins, for the title of the axis.

    Example:
        >>> axis, unit_s = time_axis(7200.0)
        >>> axis.title, unit_s, axis.ticks
        ('minutes', 60.0, (0.0, 30.0, 60.0, 90.0, 120.0))
    """
    unit_s, name = next((each for each in _TIMES if duration_s >= _LEAST_UNITS * each[0]), _TIMES[-1])
    end = duration_s / unit_s
    axis = linear_axis(end, words=lambda value: f"{value:g}", title=f"{name} since {since}" if since else name)
    return axis._replace(high=max(end, 1e-9), ticks=tuple(tick for tick in axis.ticks if tick <= end)), unit_s


def quantity_axis(values: Iterable[float], unit: str, currency: Currency, *, title: str = "") -> Axis:
    """Return the logarithmic axis of a quantity, with ticks that are round as they are written: in the currency, or in minutes, hours and days.

    Example:
        >>> axis = quantity_axis([8e4, 5e6], "s", Currency("USD", 1.0))
        >>> [axis.words(tick) for tick in axis.ticks]
        ['1 day', '2 days', '5 days', '10 days', '20 days', '50 days']
    """
    values = list(values)
    if unit == "$":
        return money_axis(values, currency, title=title)
    axis = log_axis(values, words=quantity_words(unit, currency), title=title)
    if unit != "s":
        return axis
    within = [tick for tick in _ROUND_TIMES if axis.low <= tick <= axis.high]
    ticks = within if len(within) <= _MOST_TIMES else within[:: math.ceil(len(within) / _MOST_TIMES)]
    return axis._replace(ticks=tuple(ticks), words=_time) if len(ticks) >= 2 else _evenly_timed(axis)


def quantity_words(unit: str, currency: Currency) -> Callable[[float], str]:
    """Return the function that writes a tick of a quantity in its own scale, as $10M or 500 t."""
    return lambda value: currency.amount(value, unit) if value else "0"


def in_one_scale(most: float, unit: str, currency: Currency) -> Callable[[float], str]:
    """Return the function that writes a tick in the scale of the largest value: $0, $5M, $10M."""
    scale = currency.scale(most, unit)
    return lambda value: scale.text(f"{value / scale.size:,.12g}") if value else f"{scale.prefix}0"


def _evenly_timed(axis: Axis) -> Axis:
    """Return a short axis of times with evenly spaced ticks that are round in the largest unit that its beginning fills."""
    size, name = _unit_of(axis.low)
    ticks = tuple(size * tick for tick in linear_ticks(axis.low / size, axis.high / size, _MOST_TIMES))
    return axis._replace(ticks=ticks, words=lambda duration_s: _counted(duration_s / size, name))


def _unit_of(duration_s: float) -> tuple[float, str]:
    """Return the largest unit that a time fills, in seconds, with its name."""
    return next((each for each in _UNITS if duration_s >= each[0] * (1.0 - 1e-9)), _UNITS[-1])


def _time(duration_s: float) -> str:
    """Return a round time in the largest unit that it fills."""
    size, name = _unit_of(duration_s)
    return _counted(duration_s / size, name)


def _counted(n: float, name: str) -> str:
    """Return so many units of time as words."""
    n = float(f"{n:.12g}")
    return f"{n:g} {name}{'s' if name == 'day' and n != 1.0 else ''}"


def _step(span: float, most: int) -> float:
    """Return the smallest round step that makes at most *most* ticks over *span*."""
    rough = span / (most - 1)
    decade = 10.0 ** math.floor(math.log10(rough))
    return decade * next(step for step in _STEPS if step * decade >= rough * (1.0 - 1e-9))


def _thinned(ticks: tuple[float, ...], most: int) -> tuple[float, ...]:
    every = math.ceil(len(ticks) / most)
    return ticks[::every]
