"""The processes of a training: those that carry its mark, and those that they started, whatever these have made of their environment."""

import time
from collections.abc import Iterable

from traincarbon.procfs import PROC, all_stats, children_of, descendants, name_of, stat_of
from traincarbon.tracking.sidecar.job import MARK, Left, left_behind

_SHARE = 2e-4
"""Of the time: so much at most goes into looking."""


class Kin:
    """Tells who belongs to a training.

    A program that writes a title over its environment, as workers of Ray and vLLM do, loses the mark, and so does what it forks: these are known by who
    started them, as long as that was seen. A process with the mark of another training is that one's, and so is what it starts.

    Args:
        session: Value of the mark.
        first: The process in which all others began; None where only the mark counts.
        proc: Where the system shows processes.
    """

    def __init__(self, session: str, *, first: int | None, proc: str = PROC) -> None:
        self._session = session
        self._proc = proc
        self._known: dict[int, int] = {}
        """Number to birth of those that were seen to belong to it."""
        self._by_descent = first is not None
        self._again_s = 0.0
        if first is not None and (seen := stat_of(first, proc=proc)) is not None:
            self._known[first] = seen.born

    def look(self) -> None:
        """Remember what those known have started since, as far as Linux lists it without every process being asked."""
        if time.monotonic() < self._again_s:
            return
        began_s = time.process_time()
        waiting = list(self._known)
        while waiting:
            pid = waiting.pop()
            seen = stat_of(pid, proc=self._proc)
            if seen is None or seen.has_ended or self._known.setdefault(pid, seen.born) != seen.born:
                self._known.pop(pid, None)
                continue
            waiting += [child for child in children_of(pid, proc=self._proc) if child not in self._known and not self._is_anothers(child)]
        self._again_s = time.monotonic() + (time.process_time() - began_s) / _SHARE

    def left(self, *, but: Iterable[int] = ()) -> list[Left]:
        """Return those that are still there, wherever they have gone since, but for some; none where the system does not show.

        Args:
            but: Processes that are not meant.
        """
        found = {each.pid for each in left_behind(self._session, proc=self._proc)}
        found.update(pid for pid, born in self._known.items() if self._is_still(pid, born))
        if found and self._by_descent:
            self._add_descendants(found)
        return [Left(pid, name_of(pid, proc=self._proc)) for pid in sorted(found.difference(but))]

    def _add_descendants(self, found: set[int]) -> None:
        """Add what those *found* have started, and remember all."""
        stats = all_stats(proc=self._proc)
        found.update(descendants(found, stats, belongs=lambda pid: not stats[pid].has_ended and not self._is_anothers(pid)))
        self._known |= {pid: stats[pid].born for pid in found if pid in stats}

    def _is_still(self, pid: int, born: int) -> bool:
        """Say whether one that was known is still there, and still belongs to the training: while it was being started, it showed no mark."""
        seen = stat_of(pid, proc=self._proc)
        return seen is not None and seen.born == born and not seen.has_ended and not self._is_anothers(pid)

    def _is_anothers(self, pid: int) -> bool:
        try:
            with open(f"{self._proc}/{pid}/environ", "rb") as stream:
                marks = [entry for entry in stream.read().split(b"\0") if entry.startswith(f"{MARK}=".encode())]
        except OSError:
            return False
        return bool(marks) and f"{MARK}={self._session}".encode() not in marks
