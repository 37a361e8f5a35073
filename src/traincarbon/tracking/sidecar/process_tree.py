"""Find every process of a tracked run: by its environment mark, or as a descendant of one that had it."""

import os
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from traincarbon.meters.process_usage import stat_of
from traincarbon.tracking.sidecar.job import MARK, PROC, LiveProcess, marked_processes, name_of

_SHARE = 2e-4
"""Largest share of the time for scans."""
_ENDED = (b"Z", b"X")


class _Seen(NamedTuple):
    """A process as the system shows it; the start time tells it from a later one of the same number."""

    state: bytes
    parent: int
    born: bytes


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
        self._known: dict[int, bytes] = {}
        """Number to start time of the processes seen so far."""
        self._by_descent = first is not None
        self._next_scan_s = 0.0
        if first is not None and (seen := self._read(first)) is not None:
            self._known[first] = seen.born

    def scan(self) -> None:
        """Remember the children of known processes, as far as Linux lists them without reading every process."""
        if time.monotonic() < self._next_scan_s:
            return
        began_s = time.process_time()
        waiting = list(self._known)
        while waiting:
            pid = waiting.pop()
            seen = self._read(pid)
            if seen is None or seen.state in _ENDED or self._known.setdefault(pid, seen.born) != seen.born:
                self._known.pop(pid, None)
                continue
            waiting += [child for child in self._children(pid) if child not in self._known and not self._has_other_mark(child)]
        self._next_scan_s = time.monotonic() + (time.process_time() - began_s) / _SHARE

    def alive(self, *, but: Iterable[int] = ()) -> list[LiveProcess]:
        """Return the live processes of the training; none if the system does not show processes.

        Args:
            but: Processes to leave out.
        """
        found = {each.pid for each in marked_processes(self._session, proc=self._proc)}
        found.update(pid for pid, born in self._known.items() if self._is_alive(pid, born))
        if found and self._by_descent:
            self._add_descendants(found)
        return [LiveProcess(pid, name_of(f"{self._proc}/{pid}")) for pid in sorted(found.difference(but))]

    def _add_descendants(self, found: set[int]) -> None:
        """Add the descendants of those *found*, and remember them all."""
        table = {int(name): seen for name in os.listdir(self._proc) if name.isdigit() and (seen := self._read(int(name))) is not None}
        children: dict[int, list[int]] = {}
        for pid, seen in table.items():
            if seen.state not in _ENDED:
                children.setdefault(seen.parent, []).append(pid)
        waiting = list(found)
        while waiting:
            new = [child for child in children.get(waiting.pop(), ()) if child not in found and not self._has_other_mark(child)]
            found.update(new)
            waiting += new
        self._known |= {pid: table[pid].born for pid in found if pid in table}

    def _children(self, pid: int) -> Iterator[int]:
        """Yield the children of a process that it has not waited for."""
        try:
            for thread in os.listdir(f"{self._proc}/{pid}/task"):
                with open(f"{self._proc}/{pid}/task/{thread}/children", "rb") as stream:
                    yield from map(int, stream.read().split())
        except OSError:  # it has ended, or the system does not list children
            return

    def _is_alive(self, pid: int, born: bytes) -> bool:
        """Return whether a known process is alive and still belongs to the training: a new one shows no mark until it has started."""
        seen = self._read(pid)
        return seen is not None and seen.born == born and seen.state not in _ENDED and not self._has_other_mark(pid)

    def _has_other_mark(self, pid: int) -> bool:
        try:
            with open(f"{self._proc}/{pid}/environ", "rb") as stream:
                marks = [entry for entry in stream.read().split(b"\0") if entry.startswith(f"{MARK}=".encode())]
        except OSError:
            return False
        return bool(marks) and f"{MARK}={self._session}".encode() not in marks

    def _read(self, pid: int) -> _Seen | None:
        fields = stat_of(pid, proc=self._proc)
        return None if fields is None else _Seen(fields[0], int(fields[1]), fields[19])
