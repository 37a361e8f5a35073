"""Find what is out of date in the database: things whose newest value is old."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row


class Limit(NamedTuple):
    """How old the newest value of a thing in a table may be.

    Attributes:
        table: The table.
        key: The columns that name the thing.
        most_months: The largest age of its newest value. [months]
        what: What the things are called.
    """

    table: str
    key: tuple[str, ...]
    most_months: int
    what: str


LIMITS = (
    Limit("prices", ("server", "provider", "purchase"), 6, "prices of instances"),
    Limit("grid", ("zone",), 24, "grids"),
    Limit("facilities", ("operator", "scope"), 24, "facilities"),
    Limit("electricity", ("zone",), 24, "prices of electricity"),
)
"""A figure of a year is as old as the end of that year."""


class Stale(NamedTuple):
    """What is out of date in a table.

    Attributes:
        limit: The limit that it exceeds.
        known: How many things the table has.
        old: Those that exceed the limit, each with the date of its newest value, the oldest first.
    """

    limit: Limit
    known: int
    old: tuple[tuple[str, str], ...]


def stale(database: Database, today: date) -> list[Stale]:
    """Return for each table with a limit the things whose newest value exceeds it."""
    return [_of_table(limit, database.unchecked_rows(limit.table), today) for limit in LIMITS]


def _of_table(limit: Limit, rows: Iterable[Row], today: date) -> Stale:
    newest: dict[tuple[str, ...], str] = {}
    for row in rows:
        thing = tuple(row[column] for column in limit.key)
        newest[thing] = max(newest.get(thing, ""), row.get("date") or row["year"])
    old = sorted((dated, " ".join(thing)) for thing, dated in newest.items() if months_since(dated, today) > limit.most_months)
    return Stale(limit, len(newest), tuple((name, dated) for dated, name in old))


def months_since(dated: str, today: date) -> int:
    """Return the whole months from a year, a month or a day to *today*; a year counts from its end, a month from its own.

    Example:
        >>> months_since("2024", date(2026, 11, 29)), months_since("2026-05", date(2026, 11, 29)), months_since("2026-11-01", date(2026, 11, 29))
        (22, 6, 0)
    """
    year, month, *_ = [*(int(part) for part in dated.split("-")), 12]
    return max((today.year - year) * 12 + today.month - month - (1 if "-" not in dated else 0), 0)
