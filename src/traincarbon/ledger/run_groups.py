"""Which runs of many have something to do with each other, by boards, energy, job or name: all others can be read one by one."""

from array import array
from collections.abc import Iterable, Iterator

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of, may_repeat, pairs_of
from traincarbon.ledger.shared_boards import boards_of


class RunGroups:
    """Takes runs one by one, and keeps of each its id, its boards and between which instants it metered them."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._above: dict[str, str] = {}
        self._first_of_job: dict[str, str] = {}
        self._sources: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._boards, self._runs, self._from_s, self._to_s = array("q"), array("q"), array("d"), array("d")

    def take(self, record: Run) -> None:
        """Take the next run."""
        self._sources.add(record.source)
        for other in (*record.shared_with, record.counted_in):
            if other:
                self._unite(record.run_id, other)
        if job := job_of(record.run_id):
            self._unite(record.run_id, self._first_of_job.setdefault(job, record.run_id))
        for board, from_s, to_s in boards_of(record):
            self._boards.append(self._numbers.setdefault(board, len(self._numbers)))
            self._runs.append(len(self._ids))
            self._from_s.append(from_s)
            self._to_s.append(to_s)
        self._ids.append(record.run_id)

    @property
    def may_repeat(self) -> bool:
        """Whether some of the runs may state the same energy, so that :meth:`take_energies` has to look."""
        return may_repeat(self._sources)

    def take_energies(self, records: Iterable[Run]) -> None:
        """Look through the same runs once more for those that state the same energy."""
        for one, other in pairs_of(records):
            self._unite(one, other)

    def groups(self) -> list[list[str]]:
        """Return the groups of several runs in the order in which they were taken. A run that was named but not taken is in none."""
        for one, other in self._on_one_board():
            self._unite(self._ids[one], self._ids[other])
        found: dict[str, dict[str, None]] = {}
        for run_id in self._ids:
            if run_id in self._above:
                found.setdefault(self._top(run_id), {})[run_id] = None
        return [list(group) for group in found.values() if len(group) > 1]

    def _on_one_board(self) -> Iterator[tuple[int, int]]:
        """Yield two runs, by their places, that metered a board at the same time, or are joined by such runs."""
        import numpy as np

        boards, runs, from_s, to_s = np.array(self._boards), np.array(self._runs), np.array(self._from_s), np.array(self._to_s)
        order = np.lexsort((to_s, from_s, boards))
        edges = np.flatnonzero(np.diff(boards[order], prepend=-1, append=-1))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            mine = order[low:high]
            reached_s = np.maximum.accumulate(to_s[mine])
            for at in np.flatnonzero(from_s[mine][1:] < reached_s[:-1]).tolist():
                yield int(runs[mine[at]]), int(runs[mine[at + 1]])

    def _top(self, run_id: str) -> str:
        above = self._above.setdefault(run_id, run_id)
        while above != run_id:
            self._above[run_id] = self._above[above]
            run_id, above = above, self._above[above]
        return run_id

    def _unite(self, one: str, other: str) -> None:
        if one != other:
            self._above[self._top(other)] = self._top(one)
