"""A model of processor and memory: the job's processor time and memory times watts from published measurements."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.database.select import prior
from traincarbon.extras import install_command
from traincarbon.meters import process_usage
from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.meters.cgroup import Allotment, allotment
from traincarbon.meters.power import PowerIntegral
from traincarbon.quantities import EnergySource, Part

_INTERVAL_S = 10.0
_TICKS_S = 0.2
"""Processor time comes in ticks of 10 ms, so the power over a shorter time means nothing."""
_GB = 1e9
_CPUINFO = "/proc/cpuinfo"
_VENDORS = {"GenuineIntel": "Intel", "AuthenticAMD": "AMD"}


class Curve(NamedTuple):
    """Watts per hardware thread, idle and busy, and per gigabyte of memory, with their log-spreads."""

    idle_w: float
    busy_w: float
    busy_sigma_ln: float
    memory_w_per_gb: float
    memory_sigma_ln: float


class CpuModel(SensorMeter):
    """Charges a job for its use: busy watts for its processor time, idle watts for its own threads that it leaves idle, and its memory.

    Args:
        usage: Returns processor time and memory.
        curve: Watts of these.
        threads: Hardware threads that are reserved for the job; none on a shared host.
        memory_b: Memory that is reserved for the job; without such a limit, the memory that it holds counts.
        parts: ``cpu``, ``dram`` or both: those that no sensor measures.
        clock: Returns the time.
        born_s: When the job began, if what it used before the first read counts too.
    """

    name = "cpu_model"
    max_interval_s = _INTERVAL_S

    def __init__(
        self,
        usage: process_usage.Source,
        curve: Curve,
        *,
        threads: float,
        memory_b: float | None,
        parts: Sequence[Part],
        clock: Callable[[], float],
        born_s: float | None = None,
    ) -> None:
        super().__init__(clock)
        self._usage = usage
        self._curve = curve
        self._threads = threads
        self._memory_b = memory_b
        self._parts = parts
        self._cpu_j = 0.0
        self._cpu_w: float | None = None
        self._memory = PowerIntegral()
        self._has_seen_memory = False
        """Whether the job was there at a reading: the memory of one that had ended before is unknown, not zero."""
        self._before = None if born_s is None else (born_s, 0.0)
        self.read()

    def settle(self, cpu_s: float) -> bool:
        """Charge a job that has ended for all its processor time. The next read includes it."""
        self._usage.settle(cpu_s)
        return True

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Charge the processor time and the memory of another process too."""
        self._usage.include(pid, since_birth=since_birth)

    def _read(self) -> Iterable[Reading]:
        try:
            return [reading for reading in self._charge() if reading.part in self._parts]
        except (OSError, ValueError) as error:
            self.notes.append(f"cpu:model: {error}")
            return self._last

    def _charge(self) -> tuple[Reading, ...]:
        now, used = self._clock(), self._usage.usage()
        curve, utilisation = self._curve, None
        if self._before is not None and now > self._before[0]:
            took_s, busy_s = now - self._before[0], max(used.cpu_s - self._before[1], 0.0)
            step_j = busy_s * curve.busy_w + max(self._threads * took_s - busy_s, 0.0) * curve.idle_w
            self._cpu_j += step_j
            self._cpu_w = step_j / took_s if took_s >= _TICKS_S else self._cpu_w
            utilisation = min(busy_s / took_s / (self._threads or os.cpu_count() or 1), 1.0)
        self._before = (now, used.cpu_s)
        memory_b = (self._memory_b if used.alive else None) or used.memory_b
        memory_w = memory_b / _GB * curve.memory_w_per_gb
        self._memory.add(memory_w, time_s=now)
        self._has_seen_memory = self._has_seen_memory or memory_b > 0.0
        cpu = Reading("cpu:model", Part.CPU, self._cpu_j, now, EnergySource.MODELLED, self._cpu_w, utilisation, sigma_ln=curve.busy_sigma_ln)
        if not self._has_seen_memory:
            return (cpu,)
        energy_j, sigma_ln = self._memory.energy_j, curve.memory_sigma_ln
        return cpu, Reading("dram:model", Part.DRAM, energy_j, now, EnergySource.MODELLED, memory_w, memory_used_b=memory_b, sigma_ln=sigma_ln)


def probe(
    *,
    pid: int | None = None,
    parts: Sequence[Part] = (Part.CPU, Part.DRAM),
    database: Database | None = None,
    allotted: Allotment | None = None,
    usage: process_usage.Source | None = None,
    clock: Callable[[], float] = time.monotonic,
    born_s: float | None = None,
) -> Meter | Unavailable:
    """Return a model of the power of the process tree of *pid*, or of the whole machine, or the reason why there is none.

    Args:
        pid: The job; None means everything on this machine.
        parts: Parts that no sensor measures.
        database: Source of the watts; the built-in one unless given.
        allotted: Resources reserved for the job; read from the system unless given.
        usage: Returns processor time and memory; read from the system unless given.
        clock: Returns the time.
        born_s: When the job began on that clock, to charge it from its beginning. [s]
    """
    usage = usage or process_usage.source(pid, since_birth=born_s is not None)
    if usage is None:
        return Unavailable("cpu_model", "processor time cannot be read without psutil here", install_command(package="psutil"))
    curve = power_curve(database or open_database())
    if curve is None:
        return Unavailable("cpu_model", "priors.csv has no cpu_busy_w, cpu_idle_w or memory_w_per_gb", "see what is missing with: carbon db check")
    if pid is None:
        return CpuModel(usage, curve, threads=float(os.cpu_count() or 1), memory_b=None, parts=parts, clock=clock)
    allotted = allotted or allotment(pid)
    return CpuModel(usage, curve, threads=allotted.threads or 0.0, memory_b=allotted.memory_b, parts=parts, clock=clock, born_s=born_s)


def power_curve(database: Database) -> Curve | None:
    """Return the watts for the vendor of this processor, or those of all vendors if it is an unknown one."""
    rows = []
    for name, scope in (("cpu_idle_w", f"vendor={_vendor()}"), ("cpu_busy_w", f"vendor={_vendor()}"), ("memory_w_per_gb", "*")):
        found = prior(database, name, scope) or prior(database, name, "vendor=*")
        if found is None:
            return None
        rows.append(found[1])
    idle, busy, memory = rows
    return Curve(float(idle.median), float(busy.median), float(busy.sigma), float(memory.median), float(memory.sigma))


def _vendor() -> str:
    try:
        with open(_CPUINFO, encoding="utf-8", errors="replace") as stream:
            words = next((line.split()[-1] for line in stream if line.startswith("vendor_id")), "")
    except OSError:
        return "*"
    return _VENDORS.get(words, "*")
