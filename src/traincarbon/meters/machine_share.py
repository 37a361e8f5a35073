"""The part of the energy of a machine's processors and memory that belongs to a job which has some of them."""

import os
import re
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from traincarbon.meters.base import Reading
from traincarbon.meters.cgroup import ROOT, job_folders, listed_cpus, memory_limit_b, quota_of, usage_s
from traincarbon.quantities import EnergySource, Part

_SHARED = (Part.CPU, Part.DRAM, Part.OTHER)
_SLURM = "SLURM_CPUS_ON_NODE"
_BATCH = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "OAR_JOB_ID", "SGE_TASK_ID", "FLUX_JOB_ID", "KUBERNETES_SERVICE_HOST")
"""Variables of systems that give several jobs a machine."""
_IDLE_FIELDS = (3, 4)
"""Fields of the first line of ``/proc/stat`` in which processors did nothing."""
_STAT_FIELDS = 8
_AGAIN_S = 0.5
"""Processor time comes in ticks of 10 ms, so a shorter time says nothing."""

BusyTimes = Callable[[], tuple[float, float] | None]
"""Returns the processor time of the job and of the machine so far, None if the system does not state both. [s]"""


class JobPart(NamedTuple):
    """What a job has of its machine."""

    threads: float
    """Hardware threads that it may use."""
    of_threads: float
    memory: float
    """Its share of the memory, that of the threads if no limit is stated."""
    said_by: str

    @property
    def note(self) -> str:
        """What the record says of it."""
        return (
            f"this job has {self.threads:g} of {self.of_threads:g} hardware threads of its machine ({self.said_by}): "
            "of the energy of processors and memory its part counts, by processor time"
        )


class MachineShare:
    """Counts the job's part of what the sensors of its machine measure.

    The energy between two readings is shared as the model of processors shares it: busy threads by their processor time, idle threads by who has them.

    Args:
        part: What the job has of its machine.
        idle_over_busy: Power of an idle hardware thread over that of a busy one. [1]
        sigma_ln: Log-spread of the share.
        busy: Returns the processor time of job and machine.
        clock: Returns the time.
    """

    def __init__(self, part: JobPart, *, idle_over_busy: float, sigma_ln: float, busy: BusyTimes, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._idle_over_busy = idle_over_busy
        self._sigma_ln = sigma_ln
        self._busy = busy
        self._clock = clock
        self._share = part.threads / part.of_threads
        self._before = (clock(), busy())
        self._counted_j: dict[str, tuple[float, float]] = {}
        """Device to the joules that its sensor has counted, and those of the job."""

    def of(self, reading: Reading) -> Reading:
        """Return the job's part of a reading: that of sensors of processors and memory, and all of any other."""
        if reading.part not in _SHARED or not reading.how.is_measured:
            return reading
        share = self._part.memory if reading.part is Part.DRAM else self._of_processors()
        known = self._counted_j.get(reading.device)
        own_j = share * reading.energy_j if known is None else known[1] + share * max(reading.energy_j - known[0], 0.0)
        self._counted_j[reading.device] = (reading.energy_j, own_j)
        return reading._replace(
            energy_j=own_j,
            power_w=None if reading.power_w is None else share * reading.power_w,
            how=EnergySource.MODELLED,
            sigma_ln=self._sigma_ln,
            counter_j=None,
            is_shared=True,
        )

    def _of_processors(self) -> float:
        """Return the share of the time since the last call, or the same as then if that is too short."""
        (before_s, before), now_s = self._before, self._clock()
        if now_s - before_s < _AGAIN_S:
            return self._share
        busy = self._busy()
        self._before = (now_s, busy)
        if busy is not None and before is not None:
            own_s, all_s = (max(now - then, 0.0) for now, then in zip(busy, before, strict=True))
            idle, part, took_s = self._idle_over_busy, self._part, now_s - before_s
            own = own_s + idle * max(part.threads * took_s - own_s, 0.0)
            whole = all_s + idle * max(part.of_threads * took_s - all_s, 0.0)
            self._share = min(own / max(whole, own), 1.0) if own > 0.0 else self._share
        return self._share


def job_part(*, env: Mapping[str, str] = os.environ, root: str = ROOT, proc: str = "/proc", of_threads: int | None = None) -> JobPart | None:
    """Return what the job of this process has of its machine, None if that is all of it, or if nothing says.

    Args:
        env: The environment.
        root: The folder of control groups.
        proc: The process file system.
        of_threads: Hardware threads of the machine.
    """
    whole = float(of_threads or os.cpu_count() or 1)
    folders = job_folders(root=root, proc=proc)
    stated = [(count, "control group") for folder in folders for count in (listed_cpus(folder), quota_of(folder)) if count]
    slurm = env.get(_SLURM, "")
    stated += [(float(slurm), _SLURM)] if re.fullmatch(r"[1-9][0-9]{0,5}", slurm) else []
    threads, said_by = min(stated, default=(whole, ""))
    if threads >= whole:
        return None
    memory_b, limit_b = _memory_b(proc), min((limit for folder in folders if (limit := memory_limit_b(folder))), default=None)
    memory = min(limit_b / memory_b, 1.0) if limit_b and memory_b else threads / whole
    return JobPart(threads, whole, memory, said_by)


def may_be_shared(*, env: Mapping[str, str] = os.environ) -> bool:
    """Return whether others may have jobs on this machine, and nothing says what this one has: there is no statement that it has all of it."""
    return any(env.get(name) for name in _BATCH) and not env.get(_SLURM)


def busy_times(*, root: str = ROOT, proc: str = "/proc") -> tuple[float, float] | None:
    """Return the processor time of the job and of the machine so far, None if the system does not state both [s]."""
    own_s = next((used for folder in job_folders(root=root, proc=proc)[::-1] if (used := usage_s(folder)) is not None), None)
    try:
        with open(f"{proc}/stat", encoding="ascii") as stream:
            fields = [int(word) for word in stream.readline().split()[1 : 1 + _STAT_FIELDS]]
    except (OSError, ValueError):
        return None
    if own_s is None or len(fields) <= max(_IDLE_FIELDS):
        return None
    ticks = sum(value for index, value in enumerate(fields) if index not in _IDLE_FIELDS)
    return own_s, ticks / os.sysconf("SC_CLK_TCK")


def _memory_b(proc: str) -> float | None:
    try:
        with open(f"{proc}/meminfo", encoding="ascii") as stream:
            return 1024.0 * int(next(line for line in stream if line.startswith("MemTotal:")).split()[1])
    except (OSError, ValueError, StopIteration, IndexError):
        return None
