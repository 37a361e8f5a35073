"""Look runs up in a ledger that is open: those that match, and one by its id, each with what other runs say of the same hardware."""

from typing import NamedTuple

from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import times_around, with_second_opinions
from traincarbon.ledger.shared_boards import with_others
from traincarbon.ledger.since import instant_since
from traincarbon.ledger.store_access import unreadable_folders


class Listing(NamedTuple):
    """Runs that match a search.

    Attributes:
        runs: The runs, the latest first.
        total: How many match, shown or not.
        faults: Parts of journals that cannot be read, each with its place.
        store: The folder of the ledger.
    """

    runs: tuple[Run, ...]
    total: int
    faults: tuple[str, ...]
    store: str


def find_in(ledger: LedgerReader, *, project: str = "", state: str = "", since: str = "", limit: int = 0) -> Listing:
    """Return what :func:`traincarbon.runs.find` does, of a ledger that is open."""
    runs, total = ledger.index.records(project=project, state=state, since=instant_since(since), limit=limit)
    return Listing(tuple(with_second_opinions(with_others(runs))), total, (*ledger.index.faults(), *unreadable_folders(ledger.store)), ledger.store)


def load_from(ledger: LedgerReader, id: str = "last") -> Run:
    """Return what :func:`traincarbon.runs.load` does, from a ledger that is open."""
    record = ledger.run(id)
    times = times_around(record)
    around = ledger.index.records(since=times[0], until=times[1])[0] if times else []
    (found,) = with_second_opinions(with_others([record], ledger.index.records_of_boards(record)), around)
    return found
