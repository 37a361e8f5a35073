"""What the ledger has of the jobs of SLURM, for servers that name them by their numbers."""

import os

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of
from traincarbon.ledger.store import Ledger


class RecordedJobs:
    """The jobs of SLURM in the ledger of a store, which is opened when the first one is asked for.

    Args:
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
    """

    def __init__(self, store: str | os.PathLike[str] | None) -> None:
        self._store = store
        self._ledger: Ledger | None = None
        self._ids: dict[str, list[str]] = {}

    def __call__(self, number: str) -> Run | None:
        """Return what the ledger has of a job, a record without energy before others; None if it has nothing.

        Raises:
            CarbonError: the ledger cannot be read.
        """
        if self._ledger is None:
            self._ledger = Ledger(self._store)
            for id in self._ledger.index.ids("slurm-"):
                self._ids.setdefault(job_of(id), []).append(id)
        found = [self._ledger.run(id) for id in self._ids.get(number, ())]
        return min(found, key=lambda record: any(record.energy_j.values()), default=None)

    def close(self) -> None:
        """Close the ledger. It is safe to call twice."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
