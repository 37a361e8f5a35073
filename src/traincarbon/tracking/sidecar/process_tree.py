"""Find every process of a tracked run: by its environment mark, or as a descendant of one that had it."""

import time
from collections.abc import Iterable

from traincarbon.procfs import PROC, all_stats, children_of, descendants, name_of, read_bytes, stat_of
from traincarbon.tracking.sidecar.job import MARK, LiveProcess, marked_processes

_SHARE = 1e-4
"""Largest share of the time for scans."""


class ProcessTree:
    """All processes of a training.

    A program that overwrites its environment with a title, as workers of Ray and vLLM do, loses the mark, and so do its children. These are found
    as descendants of processes seen before. A process with the mark of another training belongs to that one, and so do its children.

    Args:
        session: Value of the mark.
        first: The root of the tree; None if only the mark counts.
        proc: The process file system.
    """

    def __init__(self, session: str, *, first: int | None, proc: str = PROC) -> None:
        self._session = session
        self._proc = proc
        self._known: dict[int, int] = {}
        """Number to start time of the processes seen so far."""
        self._by_descent = first is not None
        self._next_scan_s = 0.0
        if first is not None and (seen := stat_of(first, proc=proc)) is not None:
            self._known[first] = seen.born

    def scan(self) -> None:
        """Remember the children of known processes, as far as Linux lists them without reading every process."""
        if time.monotonic() < self._next_scan_s:
            return
        began_s = time.process_time()
        waiting = list(self._known)
        while waiting:
            pid = waiting.pop()
            seen = stat_of(pid, proc=self._proc)
            if seen is None or seen.has_ended or self._known.setdefault(pid, seen.born) != seen.born:
                self._known.pop(pid, None)
                continue
            waiting += [child for child in children_of(pid, proc=self._proc) if child not in self._known and not self._has_other_mark(child)]
        self._next_scan_s = time.monotonic() + (time.process_time() - began_s) / _SHARE

    @property
    def pids(self) -> set[int]:
        """The numbers of the processes seen so far."""
        return set(self._known)

    def alive(self, *, but: Iterable[int] = ()) -> list[LiveProcess]:
        """Return the live processes of the training; none if the system does not show processes.

        Args:
            but: Processes to leave out.
        """
        found = {each.pid for each in marked_processes(self._session, proc=self._proc)}
        found.update(pid for pid, born in self._known.items() if self._is_alive(pid, born))
        if found and self._by_descent:
            self._add_descendants(found)
        return [LiveProcess(pid, name_of(pid, proc=self._proc)) for pid in sorted(found.difference(but))]

    def _add_descendants(self, found: set[int]) -> None:
        """Add the descendants of those *found*, and remember them all."""
        stats = all_stats(proc=self._proc)
        found.update(descendants(found, stats, belongs=lambda pid: not stats[pid].has_ended and not self._has_other_mark(pid)))
        self._known |= {pid: stats[pid].born for pid in found if pid in stats}

    def _is_alive(self, pid: int, born: int) -> bool:
        """Return whether a known process is alive and still belongs to the training: a new one shows no mark until it has started."""
        seen = stat_of(pid, proc=self._proc)
        return seen is not None and seen.born == born and not seen.has_ended and not self._has_other_mark(pid)

    def _has_other_mark(self, pid: int) -> bool:
        try:
            entries = read_bytes(f"{self._proc}/{pid}/environ").split(b"\0")
        except OSError:
            return False
        marks = [entry for entry in entries if entry.startswith(f"{MARK}=".encode())]
        return bool(marks) and f"{MARK}={self._session}".encode() not in marks
