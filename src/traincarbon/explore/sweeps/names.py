"""A look at the names of a grid before its sweep: hardware, regions and other texts that do not exist are no part of any plan."""

from itertools import islice
from typing import Any

from traincarbon.database.load import Database
from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.sweeps.grid import Grid

_MOST_LOOKED_AT, _MOST_TRIED = 2_000, 1_000


def check_names(grid: Grid, database: Database) -> None:
    """Refuse a grid of which a name is unknown, or of which no plan that is looked at can be estimated.

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
    """Say whether all plans of a small grid are refused, and of a large one as many that lie evenly in it."""
    return all(_error_of(grid.plan(place), database) is not None for place in grid.spread(_MOST_TRIED))


def _error_of(fields: dict[str, Any], database: Database) -> CarbonError | None:
    try:
        estimate(Plan.from_dict(fields), database=database)
    except CarbonError as error:
        return error
    return None
