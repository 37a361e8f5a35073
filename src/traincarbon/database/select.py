"""Choose a row of a table: the nearest in time, or the prior of a scope."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.errors import DatabaseError
from traincarbon.uncertain import Uncertain


class Prior(NamedTuple):
    """A row of priors.csv and the quantity that it states; its spread has the prior's name."""

    row: Row
    value: Uncertain


def prior(database: Database, name: str, scope: str) -> Prior | None:
    """Return the prior *name* for *scope*, None if there is none."""
    for row in database.rows("priors", name, scope):
        sigma = float(row["sigma_ln"] or 0.0)
        return Prior(row, Uncertain(float(row["median"]), {name: sigma} if sigma else None))
    return None


def need_prior(database: Database, name: str, *scopes: str) -> Prior:
    """Return the prior *name* for the first of *scopes* that has one.

    Raises:
        DatabaseError: none has.
    """
    for scope in scopes:
        if (found := prior(database, name, scope)) is not None:
            return found
    raise DatabaseError(f"priors.csv has no {name},{scopes[-1]}", hint="carbon db check lists what is missing")


def sigma_of(database: Database, name: str, scope: str) -> float:
    """Return the log-spread of the prior *name* for *scope*.

    Raises:
        DatabaseError: there is none.
    """
    return float(need_prior(database, name, scope).value.sigma)


def nearest(rows: Iterable[Row], start: str | None) -> Row | None:
    """Return the row whose year or date is nearest to *start*; without a start, and of two equally near, the newest.

    The user's own rows come first and win over others of the same date.
    """
    column: str = ""
    best: Row | None = None
    best_rank: tuple[float, float] = (math.inf, 0.0)
    for row in rows:
        column = column or ("date" if "date" in row else "year")
        at = time_of(row[column])
        rank = (abs(at - time_of(start)) if start is not None else -at, -at)
        if rank < best_rank or best is None:
            best, best_rank = row, rank
    return best


def grid_of(database: Database, region: str, zone: str) -> str:
    """Return the zone of the grid that *region* is on: that of the region, else of its *zone*, else the zone itself.

    An intensity of the zone that is the user's own wins over the grid that our facts say it is on.
    """
    rows = database.rows("region_grids", region) or database.rows("region_grids", zone)
    if not rows:
        return zone
    order = {root: at for at, root in enumerate(database.roots)}
    is_own = any(order.get(row["origin"], 0) > order.get(rows[-1]["origin"], 0) for row in database.rows("grid", zone))
    return zone if is_own else rows[-1]["grid"]


@lru_cache(maxsize=4096)
def time_of(date: str) -> float:
    """Return a year, a month or a day as a number of years.

    Example:
        >>> time_of("2020"), time_of("2020-07")
        (2020.0, 2020.5)
    """
    year, month, day = (int(part) for part in [*date.split("-"), "1", "1"][:3])
    return year + (month - 1 + (day - 1) / 31.0) / 12.0


def year_of(date: str) -> int:
    """Return the year of a date."""
    return int(date[:4])
