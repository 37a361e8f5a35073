"""The processors and the memory that are reserved for a job by its control group or its affinity."""

import os
import re
from typing import NamedTuple

ROOT = "/sys/fs/cgroup"
_JOB = re.compile(r"/job_[0-9]+$")
"""The control group of a job of Slurm, which holds those of its steps."""
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
        quota = quota_of(folder)
        limit_b = memory_limit_b(folder)
        threads += [quota] if quota else []
        memory_b += [limit_b] if limit_b is not None else []
    pinned = _affinity(pid)
    threads += [pinned] if pinned else []
    return Allotment(min(threads, default=None), min(memory_b, default=None))


def job_folders(*, root: str = ROOT, proc: str = "/proc") -> list[str]:
    """Return the control groups of this process and their parents, up to that of its job: a step of Slurm has less than its job."""
    found = _folders("self", root, proc)
    jobs = [folder for folder in found if _JOB.search(folder)]
    return [folder for folder in found if not any(folder != job and folder.startswith(f"{job}/") for job in jobs)]


def listed_cpus(folder: str) -> float | None:
    """Return how many hardware threads a control group lists, None if it lists none."""
    text = _text(f"{folder}/cpuset.cpus.effective") or _text(f"{folder}/cpuset.cpus")
    ranges = [re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", part) for part in text.split(",")]
    counts = [int(each[2] or each[1]) - int(each[1]) + 1 for each in ranges if each is not None]
    return float(sum(counts)) if len(counts) == len(ranges) and min(counts) > 0 else None


def memory_limit_b(folder: str) -> float | None:
    """Return the memory that a control group may use, None if there is no limit [B]."""
    limit = _number(f"{folder}/memory.max") or _number(f"{folder}/memory.limit_in_bytes")
    return limit if limit and limit < _UNLIMITED_B else None


def usage_s(folder: str) -> float | None:
    """Return the processor time that a control group has used, None if it does not state it [s]."""
    for line in _text(f"{folder}/cpu.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "usage_usec" and value.isdigit():
            return int(value) / 1e6
    used_ns = _number(f"{folder}/cpuacct.usage")
    return None if used_ns is None else used_ns / 1e9


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
        tops = [root] if not controllers else [f"{root}/{name}" for name in ("cpu", "cpuacct", "cpuset", "memory") if name in names]
        for top in tops:
            parts = [part for part in path.split("/") if part]
            found += ["/".join([top, *parts[:depth]]) for depth in range(len(parts) + 1)]
    return found


def quota_of(folder: str) -> float | None:
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
