"""A typical week of a grid: the mean of each hour of the week, from hours that are over."""

import math
from collections.abc import Mapping

H_PER_DAY, H_PER_WEEK = 24, 168
_THURSDAY = 72
"""The hour of the week, from Monday, at which 1970 began."""
_LEAST_DAYS = 7


def hour_of_week(hour: int) -> int:
    """Return the hour of the week, from Monday 0:00 UTC, of an hour since 1970.

    Example:
        >>> hour_of_week(0), hour_of_week(96)
        (72, 0)
    """
    return (hour + _THURSDAY) % H_PER_WEEK


def typical_week(g_per_kwh: Mapping[int, float]) -> tuple[float, ...] | None:
    """Return the mean intensity of each hour of the week; None where fewer than a week's hours are known. [g/kWh].

    An hour of the week of which none is known has the mean of that hour of the day.

    Args:
        g_per_kwh: Hour since 1970 to intensity. [g/kWh]
    """
    if len({hour // H_PER_DAY for hour in g_per_kwh}) < _LEAST_DAYS or len(g_per_kwh) < H_PER_WEEK // 2:
        return None
    by_week: dict[int, list[float]] = {}
    by_day: dict[int, list[float]] = {}
    for hour, value in g_per_kwh.items():
        by_week.setdefault(hour_of_week(hour), []).append(value)
        by_day.setdefault(hour_of_week(hour) % H_PER_DAY, []).append(value)
    if len(by_day) < H_PER_DAY:
        return None
    return tuple(_mean(by_week.get(at) or by_day[at % H_PER_DAY]) for at in range(H_PER_WEEK))


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
