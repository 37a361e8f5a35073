"""The processor time and the memory of a process with all its descendants, or of the whole machine."""

import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from traincarbon.procfs import PROC, Stat, all_stats, children_of, descendants, read_bytes, stat_of

_SHARE = 1e-4
"""Share of the time that may be spent on reading every process of the host."""
_LONGEST_S = 30.0


class Usage(NamedTuple):
    """Processor time of all threads since the first look, and memory now."""

    cpu_s: float
    memory_b: float
    alive: bool = True


class Source(Protocol):
    """Something whose usage can be read."""

    def usage(self) -> Usage:
        """Return the usage now. Processor time never falls."""
        ...

    def settle(self, cpu_s: float) -> None:
        """Take the processor time of a job that has ended as the system states it. It is more than was last seen."""
        ...

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Count another process too, with its use until now if *since_birth*."""
        ...


class ProcessTree:
    """A process and its descendants in ``/proc``. Those that have ended count through the parent that waited for them, orphans as last seen.

    Memory is the sum of what each holds for itself, plus the largest shared part once. Known processes, and the children of their
    first threads, are read every time. Other descendants are looked for now and then, as that means reading every process of the host.

    Args:
        pid: The process.
        since_birth: Whether its use before the first look counts too.
        proc: Where the system shows processes.
        clock: Returns the time.
    """

    def __init__(self, pid: int, *, since_birth: bool = False, proc: str = PROC, clock: Callable[[], float] = time.monotonic) -> None:
        self._proc = proc
        self._clock = clock
        self._tick_s = 1.0 / os.sysconf("SC_CLK_TCK")
        self._page_b = os.sysconf("SC_PAGE_SIZE")
        first = stat_of(pid, proc=proc)
        self._known: dict[int, Stat] = {} if first is None else {pid: first}
        self._look_again_s = -math.inf
        self._first_s: float | None = 0.0 if since_birth else None
        self._cpu_s = 0.0
        self._ended_ticks = 0

    def usage(self) -> Usage:
        """Return processor time since the first look and memory now."""
        before = self._known
        if self._clock() >= self._look_again_s:
            self._look_for_all()
        else:
            self._known = self._same({pid: stat_of(pid, proc=self._proc) for pid in self._known})
            self._look_for_children()
        self._ended_ticks += sum(stat.cpu_ticks for pid, stat in before.items() if self._is_lost(pid, stat))
        cpu_s = (self._ended_ticks + sum(stat.cpu_ticks for stat in self._known.values())) * self._tick_s
        if self._first_s is None:
            self._first_s = cpu_s
        self._cpu_s = max(self._cpu_s, cpu_s - self._first_s)
        return Usage(self._cpu_s, self._memory_b(list(self._known)), alive=bool(self._known))

    def settle(self, cpu_s: float) -> None:
        """Count the use of the process until its end, with the children that it waited for, if that is more than was seen."""
        self._cpu_s = max(self._cpu_s, cpu_s - (self._first_s or 0.0))

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Count another process and its descendants too; one that is known already counts once."""
        stat = stat_of(pid, proc=self._proc)
        if stat is None or pid in self._known:
            return
        self._known[pid] = stat
        if not since_birth:
            self._first_s = (self._first_s or 0.0) + stat.cpu_ticks * self._tick_s

    def _is_lost(self, pid: int, stat: Stat) -> bool:
        """Return whether a process has ended and no known process can have waited for it, so that no other process holds its time."""
        now = self._known.get(pid)
        return (now is None or now.born != stat.born) and stat.parent not in self._known

    def _look_for_all(self) -> None:
        """Find the process and its descendants, including those that lost their parent since they were first seen."""
        began_s = time.process_time()
        stats = all_stats(proc=self._proc)
        self._known = {pid: stats[pid] for pid in descendants(self._same(stats), stats)}
        self._look_again_s = self._clock() + min((time.process_time() - began_s) / _SHARE, _LONGEST_S)

    def _look_for_children(self) -> None:
        """Find new children of known processes, as far as Linux lists them."""
        waiting = list(self._known)
        while waiting:
            pid = waiting.pop()
            for child in children_of(pid, all_threads=False, proc=self._proc):
                stat = stat_of(child, proc=self._proc) if child not in self._known else None
                if stat is not None and stat.parent == pid:
                    self._known[child] = stat
                    waiting.append(child)

    def _same(self, stats: Mapping[int, Stat | None]) -> dict[int, Stat]:
        """Return the known processes that are still the same."""
        return {pid: stat for pid, known in self._known.items() if (stat := stats.get(pid)) is not None and stat.born == known.born}

    def _memory_b(self, family: list[int]) -> float:
        own, shared = 0, 0
        for pid in family:
            try:
                resident, common = map(int, read_bytes(f"{self._proc}/{pid}/statm").split()[1:3])
            except (OSError, ValueError):
                continue
            own += resident - common
            shared = max(shared, common)
        return float((own + shared) * self._page_b)


class Machine:
    """All processors and all memory of a Linux machine."""

    def __init__(self, *, proc: str = PROC) -> None:
        self._proc = proc
        self._tick_s = 1.0 / os.sysconf("SC_CLK_TCK")
        self._first_s = self._busy_s()

    def usage(self) -> Usage:
        """Return processor time since the first look and all memory."""
        with open(f"{self._proc}/meminfo", encoding="ascii") as stream:
            memory_b = int(stream.readline().split()[1]) * 1024
        return Usage(self._busy_s() - self._first_s, float(memory_b))

    def settle(self, cpu_s: float) -> None:
        """Do nothing: the time of the machine includes every job."""

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Do nothing: the machine includes every process."""

    def _busy_s(self) -> float:
        with open(f"{self._proc}/stat", encoding="ascii") as stream:
            user, nice, system, _, _, irq, soft, *_ = (int(field) for field in stream.readline().split()[1:])
        return (user + nice + system + irq + soft) * self._tick_s


class Portable:
    """The same through ``psutil``, for systems without ``/proc``."""

    def __init__(self, psutil: Any, pid: int | None, *, since_birth: bool = False) -> None:
        self._psutil = psutil
        self._pid = pid
        self._ended_s = 0.0
        self._running: dict[int, float] = {}
        self._first_s: float | None = 0.0 if since_birth and pid is not None else None

    def usage(self) -> Usage:
        """Return processor time since the first look and memory now."""
        if self._pid is None:
            times = self._psutil.cpu_times()
            return self._since_first(times.user + times.system, self._psutil.virtual_memory().total, alive=True)
        now: dict[int, float] = {}
        memory_b = 0.0
        try:
            root = self._psutil.Process(self._pid)
            family = [root, *root.children(recursive=True)]
        except self._psutil.Error:
            family = []
        for process in family:
            try:
                times, memory = process.cpu_times(), process.memory_info().rss
            except self._psutil.Error:
                continue
            now[process.pid] = times.user + times.system
            memory_b += memory
        self._ended_s += sum(spent for pid, spent in self._running.items() if pid not in now)
        self._running = now
        return self._since_first(self._ended_s + sum(now.values()), memory_b, alive=bool(now))

    def settle(self, cpu_s: float) -> None:
        """Count the use of the process until its end, if that is more than was seen."""
        self._ended_s = max(self._ended_s, cpu_s - sum(self._running.values()))

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Do nothing: where there is no ``/proc`` each process meters by itself."""

    def _since_first(self, cpu_s: float, memory_b: float, *, alive: bool) -> Usage:
        if self._first_s is None:
            self._first_s = cpu_s
        return Usage(cpu_s - self._first_s, memory_b, alive=alive)


def source(pid: int | None, *, since_birth: bool = False, proc: str = PROC) -> Source | None:
    """Return the source of the usage of *pid*, or of the machine if that is None, or None if it cannot be read.

    Args:
        pid: The job.
        since_birth: Whether its processor time counts from its start, not from the first look.
        proc: Where Linux shows processes.
    """
    if sys.platform.startswith("linux") and os.path.exists(f"{proc}/self/stat"):
        return Machine(proc=proc) if pid is None else ProcessTree(pid, since_birth=since_birth, proc=proc)
    try:
        import psutil
    except ImportError:
        return None
    return Portable(psutil, pid, since_birth=since_birth)
