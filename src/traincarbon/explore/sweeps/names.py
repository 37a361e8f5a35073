"""A look at the names of a grid before its sweep: hardware, regions and other texts that do not exist are no part of any plan."""

from itertools import islice
from typing import Any

from traincarbon.database.load import Database
from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.sweeps.grid import Grid

_MOST_LOOKED_AT = 2_000


def check_names(grid: Grid, database: Database) -> None:
    """Refuse a grid of which a name is unknown, or none of whose first plans can be estimated.

    Raises:
        CarbonError: a name is unknown, or no plan can be estimated.
    """
    first = {axis.name: axis.values[0] if axis.values else axis.low for axis in (*grid.names, *grid.numbers)}
    tried = [first, *({**first, axis.name: value} for axis in grid.names for value in axis.values[1:])]
    refused: CarbonError | None = None
    is_any_possible = False
    for values in islice(tried, _MOST_LOOKED_AT):
        error = _error_of(grid.fixed | values, database)
        if isinstance(error, (NotFoundError, AmbiguousError)):
            raise error
        refused, is_any_possible = refused or error, is_any_possible or error is None
    if refused is not None and not is_any_possible and _all_refused(grid, database):
        raise refused


def _all_refused(grid: Grid, database: Database) -> bool:
    """Say whether the last plan, and that in the middle of every list, are refused too."""
    ends = [{axis.name: axis.values[-1] if axis.values else axis.high for axis in (*grid.names, *grid.numbers)}]
    ends += [{axis.name: axis.values[len(axis.values) // 2] if axis.values else axis.high for axis in (*grid.names, *grid.numbers)}]
    return all(_error_of(grid.fixed | values, database) is not None for values in ends)


def _error_of(fields: dict[str, Any], database: Database) -> CarbonError | None:
    try:
        estimate(Plan.from_dict(fields), database=database)
    except CarbonError as error:
        return error
    return None
