"""What ``carbon doctor`` says of the journals of a store and their packs."""

from traincarbon.cli import output
from traincarbon.ledger.packs.automatic import VARIABLE, journals_of_store

_MB = 1e6


def journal_rows(store: str | None) -> list[tuple[str, str]]:
    """Return how large the journals of a store are, and above which size some are packed automatically; nothing where there is no index."""
    found = None if store is None else journals_of_store(store)
    if found is None:
        return []
    sizes = f"{output.counted(found.journals, 'journal')}, {found.size_b / _MB:,.1f} MB; {output.counted(found.packs, 'pack')}"
    if found.problem:
        return [("journals", f"{sizes}; not packed automatically: {found.problem}")]
    if found.above_b is None:
        return [("journals", f"{sizes}; packed by carbon runs compact alone, as {VARIABLE} says")]
    return [("journals", f"{sizes}; above {found.above_b / _MB:,.0f} MB carbon runs list packs some of those that have ended ({VARIABLE})")]


def journal_dict(store: str | None) -> dict[str, object] | None:
    """Return the same for JSON, None where there is no index."""
    found = None if store is None else journals_of_store(store)
    return None if found is None else {**found._asdict(), "is_due": found.is_due}
