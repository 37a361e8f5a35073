"""The frameworks that other processes have loaded: by the libraries that they have mapped, and the version that stands beside these on disk."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice

from traincarbon.procfs import PROC, read_bytes

_LIBRARIES = {"torch": b"/torch/lib/libtorch", "jax": b"/jaxlib/", "tensorflow": b"/tensorflow/libtensorflow", "mxnet": b"/mxnet/libmxnet"}
"""A part of the path of a library that each framework cannot do without, as it is installed by pip and conda."""
_LOOKS, _MOST_PROCESSES = 12, 16
"""Greatest number of looks, and of processes at each."""
_LONGEST = 64


class FrameworkWatch:
    """Looks for frameworks in the processes of a command, ever more seldom, until one is found.

    Args:
        known: The versions that are known already; where a framework is among them, nothing is looked for.
        proc: The process file system.
    """

    def __init__(self, known: Mapping[str, str], *, proc: str = PROC) -> None:
        self._proc = proc
        self._left = 0 if _LIBRARIES.keys() & known.keys() else _LOOKS
        self._calls, self._next = 0, 1

    def look(self, pids: Iterable[int]) -> dict[str, str]:
        """Return the frameworks that one of the processes has loaded with their versions, once; nothing where it is not time to look."""
        if not self._left:
            return {}
        self._calls += 1
        if self._calls < self._next:
            return {}
        self._next, self._left = 2 * self._next, self._left - 1
        for pid in islice(pids, _MOST_PROCESSES):
            if found := mapped_frameworks(pid, proc=self._proc):
                self._left = 0
                return found
        return {}


def mapped_frameworks(pid: int, *, proc: str = PROC) -> dict[str, str]:
    """Return the frameworks that a process has loaded with their versions; none of one that cannot be read, or of an unknown version."""
    try:
        maps = read_bytes(f"{proc}/{pid}/maps")
    except OSError:
        return {}
    found = {}
    for name, library in _LIBRARIES.items():
        at = maps.find(library)
        if at < 0:
            continue
        begin = maps.rfind(b" /", maps.rfind(b"\n", 0, at) + 1, at + 1) + 1
        if version := _version(os.fsdecode(maps[begin:at]), name):
            found[name] = version
    return found


def _version(folder: str, name: str) -> str:
    """Return the version of a package by the name of its metadata in a *folder* of packages, empty where there is none."""
    begin, end = f"{name}-", ".dist-info"
    try:
        with os.scandir(folder) as entries:
            return next((each.name[len(begin) : -len(end)] for each in entries if each.name.startswith(begin) and each.name.endswith(end)), "")[:_LONGEST]
    except OSError:
        return ""
