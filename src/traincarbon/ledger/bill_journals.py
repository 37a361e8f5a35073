"""Write what runs cost by the bills of their clouds into journals of their own, beside those of the runs."""

import json
import os
import zlib
from collections.abc import Mapping, Sequence

from traincarbon.errors import CarbonError
from traincarbon.ledger.bills import KIND, Part
from traincarbon.ledger.journal import Journal, run_folder

_MOST_PARTS = 1000
"""Parts in one line: a journal keeps as many items of a list."""
_NODE = "import"


def add_bills(store: str, bills: Mapping[str, Sequence[Part]], *, dry_run: bool) -> list[str]:
    """Write what each run has of charges, unless the store has exactly that already, and return the runs that are new in this.

    Raises:
        CarbonError: the store cannot be written.
    """
    added = []
    for run_id, parts in bills.items():
        ordered = sorted(parts)
        text = json.dumps([list(part) for part in ordered]).encode("ascii")
        mark = f"{KIND}-{zlib.crc32(text):08x}{zlib.adler32(text):08x}"
        file = os.path.join(run_folder(store, run_id), f"{mark}.jsonl")
        if os.path.lexists(file):
            continue
        added.append(run_id)
        if not dry_run:
            _write(file, run_id, ordered)
    return added


def _write(file: str, run_id: str, parts: Sequence[Part]) -> None:
    journal = Journal(file, run_id=run_id, node=_NODE, process=0)
    for first in range(0, len(parts), _MOST_PARTS):
        written = journal.write(KIND, {"parts": [list(part) for part in parts[first : first + _MOST_PARTS]]})
        if not written:
            journal.close()
            raise CarbonError(f"cannot write {file}: {journal.fault}", hint="choose another store: --store DIR")
    journal.close()
