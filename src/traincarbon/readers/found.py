"""What files of other programs hold, and what an import of them added."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.ledger.run import Run
from traincarbon.readers.bills.charge import Charge
from traincarbon.readers.bills.joining import Joined
from traincarbon.readers.hosts import with_hosts
from traincarbon.readers.on_demand import of_names


class Found(NamedTuple):
    """Runs read from files, each once.

    Attributes:
        runs: The runs.
        left_out: Parts of the files that are no runs, each with its place and the reason.
        notes: Remarks on the rest.
    """

    runs: Sequence[Run]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    charges: tuple[Charge, ...] = ()
    """Charges of bills."""
    hosts: Mapping[str, Sequence[str]] = {}
    """Hosts by the id of their run: of those from servers, and of jobs of SLURM if there are charges."""

    def placed(self, store: str) -> "Found":
        """Return it with the names of hosts that they have in the ledger of *store*."""
        return self._replace(runs=with_hosts(self.runs, self.hosts, store)) if self.hosts else self


class ImportResult(NamedTuple):
    """The result of an import.

    Attributes:
        found: What the files hold.
        added: Ids of the runs that were new to the ledger.
        dry_run: Whether nothing was written.
        bill: How the bills among the files were joined to runs, None if there were none.
    """

    found: Found
    added: tuple[str, ...]
    dry_run: bool
    bill: Joined | None = None

    @property
    def new(self) -> Sequence[Run]:
        """The runs that were new to the ledger."""
        return of_names(self.found.runs, set(self.added))

    def to_dict(self) -> dict[str, object]:
        """Return the result fit for JSON."""
        answer: dict[str, object] = {"read": len(self.found.runs), "added": self.added, "faults": self.found.left_out, "notes": self.found.notes}
        if self.bill is not None:
            answer["bill"] = self.bill.to_dict()
        return {**answer, "dry_run": True} if self.dry_run else answer
