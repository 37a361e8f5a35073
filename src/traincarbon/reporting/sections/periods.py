"""The periods by which runs are summed: months, or quarters or years where there are too many months."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

MONTHS_A_YEAR = 12


class Period(NamedTuple):
    """A period: its name, and how many months it has."""

    name: str
    months: int

    def of(self, month: str) -> str:
        """Return the period in which a month lies.

        Example:
            >>> [each.of("2026-05") for each in PERIODS]
            ['2026-05', '2026 Q2', '2026']
        """
        year, number = month[:4], int(month[5:])
        return {"month": month, "quarter": f"{year} Q{(number + 2) // 3}", "year": year}[self.name]

    def between(self, months: Sequence[str]) -> list[str]:
        """Return every period from the first to the last of *months*, also those in which nothing ran.

        Example:
            >>> PERIODS[1].between(["2026-01", "2025-05"])
            ['2025 Q2', '2025 Q3', '2025 Q4', '2026 Q1']
        """
        return list(dict.fromkeys(map(self.of, months_between(months))))


PERIODS = (Period("month", 1), Period("quarter", 3), Period("year", MONTHS_A_YEAR))
"""The periods, the shortest first."""


def period_for(months: Sequence[str], *, most: int) -> Period | None:
    """Return the shortest period of which at most so many lie between the first and the last of *months*; None where years are too many.

    Example:
        >>> period_for(["2026-01", "2026-05"], most=36).name, period_for(["2021-01", "2026-05"], most=36).name, period_for(["1900-01", "2026-05"], most=36)
        ('month', 'quarter', None)
    """
    return next((each for each in PERIODS if len(each.between(months)) <= most), None)


def is_month(text: str) -> bool:
    """Say whether *text* is a month, as 2026-03.

    Example:
        >>> is_month("2026-03"), is_month("no date"), is_month("2026-13")
        (True, False, False)
    """
    year, dash, month = text.partition("-")
    return bool(dash) and len(year) == 4 and len(month) == 2 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= MONTHS_A_YEAR


def months_between(months: Sequence[str]) -> list[str]:
    """Return every month from the first to the last of *months*, also those without an entry.

    Example:
        >>> months_between(["2026-02", "2025-12"])
        ['2025-12', '2026-01', '2026-02']
    """
    if not months:
        return []
    first, last = (int(month[:4]) * MONTHS_A_YEAR + int(month[5:]) - 1 for month in (min(months), max(months)))
    return [f"{at // MONTHS_A_YEAR:04d}-{at % MONTHS_A_YEAR + 1:02d}" for at in range(first, last + 1)]


def sums_so_far(by_month: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return each month from the first to the last with the sum of all amounts up to its end.

    Example:
        >>> sums_so_far({"2026-01": 5.0, "2026-03": 2.0})
        [('2026-01', 5.0), ('2026-02', 5.0), ('2026-03', 7.0)]
    """
    months = months_between([month for month in by_month if is_month(month)])
    return list(zip(months, accumulate(by_month.get(month, 0.0) for month in months), strict=True))
