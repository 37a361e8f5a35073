"""Ranks of one run that each metered the whole machine: their files are one run."""

from collections.abc import Sequence
from dataclasses import replace

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import rank_groups
from traincarbon.readers.on_demand import Entry, made

_MOST_NAMED = 8


def united_ranks(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the records, of ranks that metered the same machine only the best one, with a note that names the others."""
    dropped: set[str] = set()
    noted: dict[str, str] = {}
    for best, *others in rank_groups(entry for entry in entries if isinstance(entry, Run)):
        names = sorted(other.run_id[:60] for other in others)
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        noted[best.run_id] = (
            f"{len(others) + 1} records state the same {best.accelerators} accelerators at the same time, as each rank metered the whole machine;"
            f" this one counts, without {', '.join(names[:_MOST_NAMED])}{more}"
        )
        dropped.update(other.run_id for other in others)
    if not noted:
        return entries
    kept = [entry for entry in entries if entry.run_id not in dropped]
    return [replace(made(entry), notes=(*entry.notes, noted[entry.run_id])) if entry.run_id in noted else entry for entry in kept]
