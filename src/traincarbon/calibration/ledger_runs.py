"""The runs of a ledger for a calibration, read a few at a time: of each only what a calibration looks at, and of very many only the latest."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from traincarbon.calibration.joined_records import TAKEN, joined
from traincarbon.ledger.index_file import tested
from traincarbon.ledger.listed_runs import AROUND_IN_SQLITE, long_before
from traincarbon.ledger.run import Run, timestamp, wall_clock_s
from traincarbon.ledger.run_groups import RunGroups
from traincarbon.ledger.same_energy import group_of, times_of, with_second_opinions
from traincarbon.ledger.shared_boards import with_others
from traincarbon.ledger.source import RunSource

MOST_RUNS = 100_000
"""Runs of a ledger that are fitted, one for each hardware if there are more kinds than that: more runs would change an effect by less than it differs from month to month."""
_AT_A_TIME = 500
_ROUNDS = 4
"""How often the time is widened in which runs of the same energy are looked for."""
_ALL = "SELECT run_id FROM runs ORDER BY started_at DESC, run_id"
_COUNTS = "SELECT count(*) FROM runs GROUP BY hw"
_RECORDS = f"SELECT run_id, record, {tested('runs')} FROM runs WHERE run_id IN ({{}})"  # noqa: S608  no value in it
_LATEST = """
SELECT run_id FROM (SELECT run_id, started_at, row_number() OVER (PARTITION BY hw ORDER BY started_at DESC, run_id) AS place FROM runs)
WHERE place <= ? ORDER BY started_at DESC, run_id
"""
_OF_ALL = ("run_id", "state", "started_at", "duration_s", "energy_j", "how", "counted_in", "shared_with", "source")
_ALONE = frozenset({*_OF_ALL, *TAKEN, "by_device", "gaps_s", "energy_covers", "unread_gpu", "hosts"})
_BOARDS = frozenset({*_OF_ALL, "by_device", "attempts"})
_ENERGIES = frozenset({*_OF_ALL, "by_device", "gaps_s", "unread_gpu", "hosts", "project", "hw", "accelerators"})
_TOGETHER = _ALONE | _BOARDS
_NEEDED: Mapping[str, Any] = {"missing": {}, "versions": {}, "counts": {}}
"""What a record cannot be without."""
_CHANGED = ("shared_with", "counted_in", "state", *TAKEN)
"""What other runs change in a record."""


class LedgerRuns:
    """Runs of a ledger, as often as they are asked for, each with what others of the ledger say of it.

    Args:
        index: The index of the ledger, up to date.
        runs: Ids of runs of the ledger, or records that replace those of the ledger; None for all runs.

    Attributes:
        total: How many runs there are to choose from.
    """

    def __init__(self, index: RunSource, runs: Sequence[Run | str] | None = None) -> None:
        self._index = index
        self._given: dict[str, Run] = {}
        for run in runs or ():
            if not isinstance(run, str):
                self._given.setdefault(run.run_id, run)
        known, self.total = latest(index)
        self._ids = known if runs is None else [run if isinstance(run, str) else run.run_id for run in runs]
        self._is_part = runs is None and len(known) < self.total
        self._changes = self._changed_by_others(list(dict.fromkeys([*known, *self._ids, *self._neighbours(known)])))

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Run]:
        for record in self._read(self._ids, _ALONE):
            changes = self._changes.get(record.run_id)
            yield replace(record, **changes) if changes else record

    @property
    def remarks(self) -> list[str]:
        """What a reader should know of the choice; empty if all were chosen."""
        return [f"fitted to {len(self):,} of the {self.total:,} runs of the ledger: the latest of each hardware"] if self._is_part else []

    def _neighbours(self, known: Sequence[str]) -> list[str]:
        """Return the runs of the ledger, beside those that are *known*, that ran at the time of a run that is not known, or of one that states its energy too."""
        if len(known) == self.total:
            return []
        beside, found = set(known), dict[str, None]()
        for run in self._read([run_id for run_id in self._ids if run_id not in beside], _TOGETHER):
            times, wider = None, _times_of([run])
            for _ in range(_ROUNDS):
                if wider is None or wider == times:
                    break
                times = wider
                around = self._around(*times)
                found.update(dict.fromkeys(around))
                wider = _times_of([run, *group_of(run, self._read(around, _TOGETHER))])
        return [run_id for run_id in found if run_id not in beside]

    def _around(self, begin: str, end: str) -> list[str]:
        """Return the ids of runs that ran, or run still, between two instants."""
        return [run_id for (run_id,) in self._index.rows(AROUND_IN_SQLITE, begin, end, long_before(begin))]

    def _changed_by_others(self, among: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what other runs change in records, by run: those that shared its boards, state its energy or are of its job."""
        groups, wanted = RunGroups(), set(self._ids)
        for record in self._read(among, _BOARDS):
            groups.take(record)
        if groups.may_repeat:
            groups.take_energies(self._read(among, _ENERGIES))
        found = dict[str, dict[str, Any]]()
        for group in groups.groups():
            members = list(self._read(group, _TOGETHER))
            before = [record for record in members if record.run_id in wanted]
            after = joined(with_second_opinions(with_others(before, members), members))
            found |= {one.run_id: changes for one, other in zip(before, after, strict=True) if (changes := _changes(one, other))}
        return found

    def _read(self, ids: Sequence[str], names: frozenset[str]) -> Iterator[Run]:
        """Yield records with some of their fields."""
        for first in range(0, len(ids), _AT_A_TIME):
            batch = ids[first : first + _AT_A_TIME]
            rows = self._index.rows(_RECORDS.format(", ".join("?" * len(batch))), *batch)
            stored = {run_id: text for run_id, text, _ in rows}
            for run_id in batch:
                if run_id in self._given:
                    yield self._given[run_id]
                elif run_id in stored:
                    yield Run.from_stored({**_NEEDED, **{name: value for name, value in json.loads(stored[run_id]).items() if name in names}})


def _times_of(group: Sequence[Run]) -> tuple[str, str] | None:
    """Return between which instants runs ran, those of devices or energies that are compared; None if no time is known."""
    spans = [(timestamp(each.began_s), timestamp(each.ended_s)) for run in group for each in run.attempts]
    spans += [(timestamp(began_s), timestamp(began_s + run.duration_s)) for run in group if (began_s := wall_clock_s(run.started_at)) is not None]
    of_energies = times_of(group)
    spans += [of_energies] if of_energies else []
    return (min(begin for begin, _ in spans), max(end for _, end in spans)) if spans else None


def latest(index: RunSource) -> tuple[list[str], int]:
    """Return the ids of the runs to fit, the latest first, and the number of all.

    Of more than :data:`MOST_RUNS`, it is the latest of each hardware, as many of each as there is room for: hardware with few runs keeps all.
    """
    counts = sorted(count for (count,) in index.rows(_COUNTS))
    total = sum(counts)
    if total <= MOST_RUNS:
        return [run_id for (run_id,) in index.rows(_ALL)], total
    return [run_id for (run_id,) in index.rows(_LATEST, _most_of_each(counts, MOST_RUNS))], total


def _most_of_each(counts: Sequence[int], room: int) -> int:
    """Return how many of each there may be so that all together are no more than there is *room* for.

    Example:
        >>> _most_of_each([1, 10, 100], 31)
        20
    """
    for at, count in enumerate(counts):
        share = room // (len(counts) - at)
        if count > share:
            return max(share, 1)
        room -= count
    return max(counts, default=1)


def _changes(before: Run, after: Run) -> dict[str, Any]:
    return {name: value for name in _CHANGED if (value := getattr(after, name)) is not getattr(before, name)}


def for_prices(record: Run) -> Run:
    """Return of a record what its price is judged by."""
    plan, site = ({name: each[name] for name in ("hw", "region") if name in each} for each in (record.plan or {}, record.site or {}))
    return replace(record, plan=plan, site=site, by_device=(), energy_j={}, how={}, versions={}, counts={}, warm_up=None, hosts=())
