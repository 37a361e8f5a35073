"""Validate estimates: predict what real trainings reported."""

import os
from collections.abc import Callable

from traincarbon.database.load import Database
from traincarbon.validation.accuracy import Backtest


def validate(runs: str | os.PathLike[str] | None = None, *, database: Database | None = None, progress: Callable[[int, int], object] | None = None) -> Backtest:
    """Return how far estimates are from what real trainings reported, each predicted by constants that were fitted without its organisation.

    Args:
        runs: A CSV file of runs in the columns of ``published_runs.csv``; by default the published runs.
        database: The facts to rest on; by default ours with the user's own.
        progress: Called with the number of organisations done, and of all.

    Raises:
        CarbonError: the file cannot be read or holds no runs.
    """
    from traincarbon.validation.backtest import backtest

    return backtest(None if runs is None else os.fspath(runs), database=database, progress=progress)
