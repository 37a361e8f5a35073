"""Times of a file whose column does not say whether they are wall-clock time or those of all accelerators, judged by the utilisation that they imply."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.published.counted_hardware import with_counts
from traincarbon.published.reported_runs import PublishedRun, chip_of
from traincarbon.published.runs_file import read_runs

_LEAST_MFU = 0.01
"""Few whole trainings are slower."""


class Judged(NamedTuple):
    """Rows with wall-clock time, a count of accelerators and known work.

    Attributes:
        rows: How many they are.
        too_slow: How many imply a utilisation below 1 %, but one that can be if their time is that of all accelerators.
    """

    rows: int
    too_slow: int

    @property
    def are_accelerator_hours(self) -> bool:
        """Whether most rows look like accelerator-hours."""
        return self.too_slow > self.rows / 2.0


def judge_times(file: str, database: Database) -> Judged:
    """Return how many rows of a CSV *file* have times that look like those of all accelerators.

    Raises:
        DatabaseError: the file cannot be read.
    """
    runs, _ = with_counts(read_runs(file)[0], database)
    judged = [is_slow for run in runs if (is_slow := _is_too_slow(run, database)) is not None]
    return Judged(len(judged), sum(judged))


def _is_too_slow(run: PublishedRun, database: Database) -> bool | None:
    """Return whether the wall-clock time of *run* must be that of all its accelerators, None where nothing tells."""
    if run.is_bench or run.wallclock_days is None or run.accelerators is None:
        return None
    try:
        mfu = run.implied_mfu(chip_of(run, database).peak_flop_per_s)
    except CarbonError:
        return None
    return None if mfu is None else mfu < _LEAST_MFU <= mfu * run.accelerators <= 1.0
