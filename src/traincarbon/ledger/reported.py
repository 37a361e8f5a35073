"""What the script of a run reported of its progress: what it did in the run, and what it said last."""

from collections.abc import Iterable, Mapping

from traincarbon.decode import amount, number, table

LATEST = ("loss", "accelerator_flop_per_s")
"""What is no count: the last value stands for the run. The speed is that of each accelerator. [1/s]"""
_COUNTS = ("steps", "samples", "tokens")
PROGRESS = (*_COUNTS, *LATEST)


def latest_in(stated: object) -> dict[str, float]:
    """Return the last values that a line of a journal states, without those that are not numbers."""
    return {name: value for name in LATEST if (value := number(table(stated).get(name))) is not None}


def progress_of(counts: Mapping[str, float], latest: Iterable[Mapping[str, float]]) -> dict[str, float] | None:
    """Return the progress of a run; None if its script reported nothing.

    Args:
        counts: What it did in all of its sessions.
        latest: The last values of each process, in the order of their time.
    """
    found = {name: counts[name] for name in _COUNTS if name in counts}
    for values in latest:
        found |= values
    return found or None


def checked_progress(stated: object) -> dict[str, float] | None:
    """Return the progress in a record that was read from a file; None if it states nothing valid."""
    counts = {name: count for name in _COUNTS if (count := amount(table(stated).get(name))) is not None}
    return progress_of(counts, [latest_in(stated)])
