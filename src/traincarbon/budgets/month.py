"""A calendar month where its budgets say that it begins: its two ends, and its days."""

import re
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.zones import zone_of

_HINT = "write 2026-12"


class Month(NamedTuple):
    """A month.

    Attributes:
        name: As ``2026-11``.
        time_zone: The time zone in which it begins and ends, as the budgets name it.
        begin_s: When it begins, on the wall clock. [s]
        end_s: When the next one begins, on the wall clock. [s]
        day_ends_s: When each of its days ends, on the wall clock; a day may have 23 or 25 hours. [s]
    """

    name: str
    time_zone: str
    begin_s: float
    end_s: float
    day_ends_s: tuple[float, ...]

    def day_of(self, wall_s: float) -> int:
        """Return the number of the day within the month, from 0; the nearest one for an instant outside."""
        return next((at for at, end_s in enumerate(self.day_ends_s) if wall_s < end_s), len(self.day_ends_s) - 1)


def check_month(name: str) -> None:
    """Refuse what is no month.

    Raises:
        CarbonError: it is not written as ``2026-12``.
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", name) or not 1970 <= int(name[:4]) < 9999:
        raise CarbonError(f"month is {name[:40]!r}", hint=_HINT)


def month_named(name: str = "", *, time_zone: str = "", now_s: float | None = None) -> Month:
    """Return a month, by default the present one.

    Args:
        name: As ``2026-11``; "" for the one that goes on.
        time_zone: Where it begins, by name or offset; "" for UTC.
        now_s: Now, on the wall clock; None asks it. [s]

    Raises:
        CarbonError: it is no month, or there is no such time zone.

    Example:
        >>> month_named("2026-03", time_zone="Europe/Paris").end_s - month_named("2026-03").end_s
        -7200.0
    """
    zone = zone_of(time_zone) or UTC
    if name:
        check_month(name)
        year, month = int(name[:4]), int(name[5:])
    else:
        now = datetime.fromtimestamp(time.time() if now_s is None else now_s, zone)
        year, month = now.year, now.month
    begin, end = _midnight(year, month, zone), _midnight(year + month // 12, month % 12 + 1, zone)
    days = (datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - datetime(year, month, 1, tzinfo=UTC)).days
    first = datetime(year, month, 1, tzinfo=zone)
    ends = tuple((first + timedelta(days=day)).timestamp() for day in range(1, days))
    return Month(f"{year:04d}-{month:02d}", time_zone or "UTC", begin, end, (*ends, end))


def _midnight(year: int, month: int, zone: tzinfo) -> float:
    return datetime(year, month, 1, tzinfo=zone).timestamp()
