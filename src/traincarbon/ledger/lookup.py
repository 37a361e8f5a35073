"""Look runs up in a ledger that is open: those that match, and one by its id, each with what other runs say of the same hardware."""

from typing import NamedTuple

from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import group_of, times_of, with_second_opinions
from traincarbon.ledger.shared_boards import with_others
from traincarbon.ledger.since import instant_since
from traincarbon.ledger.store_access import unreadable_folders

_ROUNDS = 4
"""How often the time is widened in which records of the same energy are looked for."""


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
    (found,) = with_second_opinions(with_others([record], ledger.index.records_of_boards(record)), _of_the_same_energy(ledger, record))
    return found


def _of_the_same_energy(ledger: LedgerReader, record: Run) -> list[Run]:
    """Return the records among which those of the same energy as *record* are: all that ran while it did, and while those did."""
    times = times_of([record])
    if times is None or not (record.source or ledger.index.records_around(*times, of_other_programs=True)):
        return []  # two tracked runs are told apart by their devices
    around = list[Run]()
    for _ in range(_ROUNDS):
        around = ledger.index.records_around(*times)
        found = times_of(group_of(record, around)) or times
        wider = min(times[0], found[0]), max(times[1], found[1])
        if wider == times:
            break
        times = wider
    return around
