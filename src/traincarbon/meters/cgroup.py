"""The processors and the memory that are reserved for a job by its control group or its affinity."""

import os
from typing import NamedTuple

ROOT = "/sys/fs/cgroup"
_UNLIMITED_B = 1 << 60
"""Version 1 writes the largest page-aligned number if there is no limit."""


class Allotment(NamedTuple):
    """Processors and memory that are reserved for a job, None if it shares those of the host."""

    threads: float | None
    memory_b: float | None


def allotment(pid: int | str = "self", *, root: str = ROOT, proc: str = "/proc") -> Allotment:
    """Return what is reserved for the process *pid*: the narrowest of its control groups and its affinity."""
    threads: list[float] = []
    memory_b: list[float] = []
    for folder in _folders(pid, root, proc):
        quota = _quota(folder)
        limit = _number(f"{folder}/memory.max") or _number(f"{folder}/memory.limit_in_bytes")
        threads += [quota] if quota else []
        memory_b += [limit] if limit and limit < _UNLIMITED_B else []
    pinned = _affinity(pid)
    threads += [pinned] if pinned else []
    return Allotment(min(threads, default=None), min(memory_b, default=None))


def _folders(pid: int | str, root: str, proc: str) -> list[str]:
    """Return the control groups of *pid* and their parents, of both versions."""
    found: list[str] = []
    try:
        with open(f"{proc}/{pid}/cgroup", encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, path = line.split(":", 2) if line.count(":") >= 2 else ("", "none", "")
        names = controllers.split(",")
        tops = [root] if not controllers else [f"{root}/{name}" for name in ("cpu", "memory") if name in names]
        for top in tops:
            parts = [part for part in path.split("/") if part]
            found += ["/".join([top, *parts[:depth]]) for depth in range(len(parts) + 1)]
    return found


def _quota(folder: str) -> float | None:
    """Return how many processors the group may use, None if there is no limit."""
    text = _text(f"{folder}/cpu.max").split()
    if len(text) == 2 and all(word.isdigit() and int(word) for word in text):
        return int(text[0]) / int(text[1])
    quota, period = _number(f"{folder}/cpu.cfs_quota_us"), _number(f"{folder}/cpu.cfs_period_us")
    return quota / period if quota and period else None


def _affinity(pid: int | str) -> float | None:
    """Return how many processors *pid* may run on, None if it may run on all."""
    try:
        allowed = len(os.sched_getaffinity(0 if pid == "self" else int(pid)))
    except (AttributeError, OSError):
        return None
    return float(allowed) if allowed < (os.cpu_count() or 1) else None


def _number(file: str) -> int | None:
    text = _text(file)
    return int(text) if text.isdigit() else None


def _text(file: str) -> str:
    try:
        with open(file, encoding="ascii", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""
