"""The ledger of a team on a server, and which ledger a list, a page or a report reads."""

import os
from collections.abc import Iterator

from traincarbon.ledger.index_progress import Tell
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.run import Run
from traincarbon.ledger.server.address import server_address, shown
from traincarbon.ledger.server.answers import ServerRuns
from traincarbon.ledger.store import Ledger


class TeamLedger(LedgerReader):
    """The runs that all stores sent to a server.

    Args:
        address: The address of the server, see :mod:`traincarbon.ledger.server.address`.

    Raises:
        CarbonError: the address cannot be read.
    """

    def __init__(self, address: str) -> None:
        self.store = shown(address)
        self._address = address
        self._index: ServerRuns | None = None

    @property
    def index(self) -> ServerRuns:
        """What the server answers, asked for when first used."""
        if self._index is None:
            self._index = ServerRuns(self._address)
        return self._index

    def each_run(self) -> Iterator[Run]:
        """Yield all runs, the latest first, some at a time."""
        yield from self.index.each_record()

    def close(self) -> None:
        """Close the connection. It is safe to call twice."""
        if self._index is not None:
            self._index.close()
            self._index = None


def open_ledger(store: str | os.PathLike[str] | None = None, *, progress: Tell | None = None) -> LedgerReader:
    """Return the ledger to read: of a *store* that is named, else of the server in ``$CARBON_LEDGER``, else of the store of this user.

    Raises:
        CarbonError: the store does not answer, or the address of the server cannot be read.
    """
    address = "" if store is not None else server_address()
    return TeamLedger(address) if address else Ledger(store, progress=progress)
