"""Runs whose records are made when they are asked for, so that an import of a million takes the memory of their names, times and energies."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias, overload

from traincarbon.ledger.run import Run
from traincarbon.readers.alike import LikeRun

Entry: TypeAlias = Run | LikeRun
"""A record, or what it is made from."""
_FEW = 10_000
"""So many records are made at once, as they take no more than 10 MB."""


class OnDemand(Sequence[Run]):
    """Records, each made anew whenever it is asked for.

    Args:
        entries: What they are made from.
        change: What becomes of each, if anything.
    """

    def __init__(self, entries: Sequence[Entry], change: Callable[[Run], Run] | None = None) -> None:
        self.entries = entries
        self._change = change

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, at: int) -> Run: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Run]: ...
    def __getitem__(self, at: int | slice) -> Run | Sequence[Run]:
        return list(map(self._made, self.entries[at])) if isinstance(at, slice) else self._made(self.entries[at])

    def __iter__(self) -> Iterator[Run]:
        return map(self._made, self.entries)

    def changed(self, change: Callable[[Run], Run]) -> "OnDemand":
        """Return the records, each changed."""
        before = self._change
        return OnDemand(self.entries, change if before is None else lambda record: change(before(record)))

    def chosen(self, entries: Sequence[Entry]) -> "OnDemand":
        """Return the records of some of its entries."""
        return OnDemand(entries, self._change)

    def _made(self, entry: Entry) -> Run:
        record = made(entry)
        return record if self._change is None else self._change(record)


def made(entry: Entry) -> Run:
    """Return the record of an entry."""
    return entry.record() if isinstance(entry, LikeRun) else entry


def runs_of(entries: Sequence[Entry]) -> Sequence[Run]:
    """Return the records of *entries*: a list of them if they are few, else they are made on demand."""
    records = OnDemand(entries)
    return list(records) if len(entries) <= _FEW else records


def entries_of(records: Sequence[Run]) -> Sequence[Entry]:
    """Return what records are made from; those that are made already are their own entries."""
    return records.entries if isinstance(records, OnDemand) else records


def fixed(records: Sequence[Run], change: Callable[[Run], Run] | None = None) -> Sequence[Run]:
    """Return the records so that none can be added, each changed."""
    if isinstance(records, OnDemand):
        return records if change is None else records.changed(change)
    return tuple(records if change is None else map(change, records))


def of_names(records: Sequence[Run], run_ids: Collection[str]) -> Sequence[Run]:
    """Return those records that have one of these names."""
    entries = [entry for entry in entries_of(records) if entry.run_id in run_ids]
    return records.chosen(entries) if isinstance(records, OnDemand) else tuple(map(made, entries))
