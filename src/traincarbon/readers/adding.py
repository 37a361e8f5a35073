"""Add what files hold to a ledger."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

from traincarbon.ledger.store import Ledger
from traincarbon.readers.bills.importing import add_to_ledger
from traincarbon.readers.found import Found, ImportResult
from traincarbon.readers.on_demand import entries_of, fixed

_AT_ONCE = 5000
"""Runs that are made and written together: a thousand take a megabyte."""
_TELL_S = 2.0
"""How often the progress is told. [s]"""


def add_found(found: Found, store: str | os.PathLike[str] | None, *, dry_run: bool, progress: Callable[[str], None] | None) -> ImportResult:
    """Add runs and bills to the ledger of a store; runs that it holds already stay as they are.

    Args:
        found: What the files hold.
        store: The folder of the ledger.
        dry_run: Write nothing; only return what would be added.
        progress: Called with the number of runs now and then.

    Raises:
        CarbonError: the ledger cannot be written.
    """
    if found.charges:  # journals of their own state what runs cost, so that a newer bill replaces it
        found = found._replace(runs=fixed(found.runs, lambda run: replace(run, billed=None)))
    added: list[str] = []
    told_s = time.monotonic()
    with Ledger(store, progress=progress) as ledger:
        found = found.placed(ledger.store)
        entries = entries_of(found.runs)
        is_first = dry_run and not ledger.has_journals  # then all are new, and no record has to be made
        added += dict.fromkeys(entry.run_id for entry in entries) if is_first else ()
        for first in range(0, 0 if is_first else len(entries), _AT_ONCE):
            if progress is not None and time.monotonic() - told_s > _TELL_S:
                told_s = time.monotonic()
                progress(f"{first:,} of {len(entries):,} runs")
            added += ledger.add(found.runs[first : first + _AT_ONCE], dry_run=dry_run, are_as_read=True)
        bill = add_to_ledger(ledger, found.charges, found.hosts, new=found.runs if dry_run else (), dry_run=dry_run) if found.charges else None
        if len(added) > _AT_ONCE and not dry_run:  # here it is expected to take some time, in the next command it is not
            ledger.index.refresh()
    return ImportResult(found, tuple(added), dry_run, bill)
