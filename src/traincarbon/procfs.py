"""Processes as Linux shows them in ``/proc``: state, parent, processor time, birth, children and name."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

PROC = "/proc"
_CHUNK_B = 1 << 14
_FIELDS = 20
"""Of the fields of a process, those up to its birth are read."""


class Stat(NamedTuple):
    """A process. Its birth tells it apart from a later one with the same id."""

    state: str
    """One letter of proc(5): ``R`` running, ``T`` stopped by a signal, ``Z`` ended and not waited for, and so on."""
    parent: int
    cpu_ticks: int
    """Processor time, with that of the children that it has waited for."""
    born: int
    """Clock ticks since the system started."""

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more and only waits to be removed."""
        return self.state in ("Z", "X")


def read_bytes(file: str) -> bytes:
    """Return what a file of the process file system holds, with half of the system calls of ``open``: the meter reads some of them every second.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        parts = []
        while part := os.read(descriptor, _CHUNK_B):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def stat_of(pid: int, *, proc: str = PROC) -> Stat | None:
    """Return the process *pid*, or None if it does not exist or the system does not show it."""
    try:
        fields = read_bytes(f"{proc}/{pid}/stat").rpartition(b")")[2].split(None, _FIELDS)
    except OSError:
        return None
    if len(fields) < 20:
        return None
    return Stat(fields[0].decode("ascii", "replace"), int(fields[1]), sum(map(int, fields[11:15])), int(fields[19]))


def holds_terminal(pid: int, *, proc: str = PROC) -> bool:
    """Return whether the process *pid* is in the foreground of its terminal, or has none; False if it does not exist."""
    try:
        fields = read_bytes(f"{proc}/{pid}/stat").rpartition(b")")[2].split(None, _FIELDS)
    except OSError:
        return False
    return len(fields) > 5 and int(fields[5]) in (-1, int(fields[2]))


def all_stats(*, proc: str = PROC) -> dict[int, Stat]:
    """Return every process of the machine by its id.

    Raises:
        OSError: the system does not show processes.
    """
    pids = (int(name) for name in os.listdir(proc) if name.isdigit())
    return {pid: stat for pid in pids if (stat := stat_of(pid, proc=proc)) is not None}


def descendants(roots: Iterable[int], stats: Mapping[int, Stat], *, belongs: Callable[[int], bool] = lambda _: True) -> set[int]:
    """Return *roots* and all processes that they started, directly or not.

    Args:
        roots: Ids of the first processes.
        stats: Every process, see :func:`all_stats`.
        belongs: Whether a process counts; the children of one that does not are left out too.
    """
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    found = set(roots)
    waiting = list(found)
    while waiting:
        new = [child for child in children.get(waiting.pop(), ()) if child not in found and belongs(child)]
        found.update(new)
        waiting += new
    return found


def children_of(pid: int, *, all_threads: bool = True, proc: str = PROC) -> Iterator[int]:
    """Yield the running children of a process, as far as this system lists them.

    Args:
        pid: The parent.
        all_threads: Whether to ask every thread of the parent, not only its first.
        proc: Where the system shows processes.
    """
    try:
        threads = os.listdir(f"{proc}/{pid}/task") if all_threads else (str(pid),)
        for thread in threads:
            yield from map(int, read_bytes(f"{proc}/{pid}/task/{thread}/children").split())
    except OSError:  # it has ended, or this system lists none
        return


def name_of(pid: int, *, proc: str = PROC) -> str:
    """Return what a process calls itself, safe to print, or ``?`` if that is unknown."""
    try:
        with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return "".join(letter if letter.isprintable() else "?" for letter in stream.read().strip())
    except OSError:
        return "?"
