"""Benchmark this machine: sustained matrix products, memory bandwidth, and power idle and loaded."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from traincarbon.benching.idle import OtherLoad, busy_gpu
from traincarbon.benching.mean_power import MeanPower, PowerMonitor, mean_powers
from traincarbon.benching.timing import Rate, fitting_size, sustained
from traincarbon.benching.workload import Workload, open_workload
from traincarbon.decode import encode
from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.meters import process_usage
from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.cgroup import allotment

SCHEMA = "traincarbon/bench/1"

_LEAST_SIZE = 256
_MOST_SIZE = {"gpu": 16384, "cpu": 4096}
_MATRICES_SHARE = 0.25
"""Greatest share of the memory for the three matrices of a product."""
_SWEEP_SHARE = 0.125
_SWEEP_B = {"gpu": 3e9, "cpu": 7.5e8}
"""Bytes of a sweep, far beyond any cache."""
_LEAST_BUSY = 0.8

Progress = Callable[[str], None]


class Pace(NamedTuple):
    """Seconds for each part of a benchmark."""

    check_s: float
    """To check that nothing else is running."""
    idle_s: float
    main_s: float
    other_s: float
    sweep_s: float


THOROUGH = Pace(1.0, 4.0, 8.0, 2.5, 2.0)
QUICK = Pace(0.4, 1.0, 1.5, 0.6, 0.5)


class GemmRate(NamedTuple):
    """The rate of matrix products of one accelerator at one precision, and the size of the matrices."""

    size: int
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The result of a benchmark."""

    started_at: str
    duration_s: float
    library: str
    processor: str
    threads: int
    busy_threads: float
    """Threads that the matrix products kept busy. A GPU needs one."""
    accelerators: tuple[str, ...]
    """Names of the GPUs from their drivers, empty if the processor computes."""
    memory_b: float
    """Memory of one GPU, or the memory available to the processor."""
    gemm: Mapping[str, GemmRate]
    """FLOP/s of one accelerator by precision. The first is the most common in training, and power was metered during it."""
    bandwidth: Rate
    """Bytes per second, two read for each one written."""
    idle: tuple[MeanPower, ...]
    loaded: tuple[MeanPower, ...]
    unmetered: tuple[str, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def main(self) -> str:
        """The precision at which power was metered."""
        return next(iter(self.gemm))

    def to_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        rates = {precision: {"size": found.size, **found.rate._asdict()} for precision, found in self.gemm.items()}
        plain = {name: encode(getattr(self, name)) for name in self.__slots__ if name not in ("gemm", "bandwidth")}
        return {"schema": SCHEMA, **plain, "gemm_flop_per_s": rates, "bandwidth_b_per_s": self.bandwidth._asdict()}


def measure(
    *,
    pace: Pace = THOROUGH,
    library: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    meters: tuple[Sequence[Meter], Sequence[Unavailable]] | None = None,
    open_library: Callable[..., Workload] = open_workload,
) -> Bench:
    """Benchmark this machine.

    Args:
        pace: Seconds for each part.
        library: ``torch`` or ``numpy``; by default PyTorch if it is installed.
        force: Measure even if the machine is busy; the result says so.
        progress: Called with the name of the next part.
        meters: Meters to read, and those that are unavailable; by default all that are found.
        open_library: Opens the library.

    Raises:
        CarbonError: the machine is busy, or the library is not installed.
    """
    began_s, started_at = time.monotonic(), datetime.now(UTC)
    say = progress or (lambda _: None)
    allotted = allotment()
    threads = max(int(allotted.threads or os.cpu_count() or 1), 1)
    if meters is None:
        from traincarbon.meters.registry import open_meters

        meters = open_meters(pid=os.getpid())  # a model charges this process as it would charge a tracked training
    opened, unavailable = meters
    notes: list[str] = []
    try:
        power = PowerMonitor(opened)
        needed = sum(reading.part == "gpu" for reading in power.read()) or threads  # a GPU needs one thread
        others = OtherLoad(process_usage.source(None), threads=needed)
        say("checking that the machine is idle")
        power.idle(pace.check_s)
        _check_idle(power, others, needed, notes, force=force)
        say(f"idle power for {pace.idle_s:g} s")
        idle = power.idle(pace.idle_s)
        workload = open_library(library, threads=threads)
        memory_b = workload.memory_b or _memory_b(allotted.memory_b)
        others.busy_threads()
        gemm, loaded, busy_threads = _products(workload, pace, memory_b, power, say)
        say("memory bandwidth")
        bandwidth = _bandwidth(workload, pace, memory_b)
        _note_troubles(gemm, bandwidth, others, busy_threads, None if workload.accelerators else threads, notes)
        if not workload.accelerators and (gpus := sorted(name for device, name in power.names.items() if device.startswith("gpu:"))):
            notes.append(f"the processor was measured: {workload.library} cannot use the {gpus[0]}; {install_command(extra='torch')} to measure it")
        notes += [*workload.notes, *power.notes]
    finally:
        for meter in opened:
            meter.close()
    return Bench(
        started_at=started_at.isoformat(timespec="seconds"),
        duration_s=time.monotonic() - began_s,
        library=workload.library,
        processor=processor_name(),
        threads=threads,
        busy_threads=busy_threads,
        accelerators=workload.accelerators,
        memory_b=memory_b,
        gemm=gemm,
        bandwidth=bandwidth,
        idle=tuple(idle),
        loaded=tuple(loaded),
        unmetered=tuple(f"{each.name}: {each.reason}" for each in unavailable),
        notes=tuple(dict.fromkeys(notes)),
        versions=_versions(),
    )


def _check_idle(power: PowerMonitor, others: OtherLoad, needed: int, notes: list[str], *, force: bool) -> None:
    busy, gpu = others.busy_threads(), busy_gpu(power.read())
    trouble = ""
    if gpu is not None:
        trouble = f"{gpu.device} is {gpu.utilisation:.0%} busy with something else"
    elif busy is not None and others.take_from_us(busy):
        trouble = f"other programs keep {busy:.1f} threads of the processor busy, and a benchmark needs {needed}"
    if trouble and not force:
        raise CarbonError(f"the machine is not idle: {trouble}", hint="stop them or wait, or measure anyway with --force")
    if trouble:
        notes.append(f"measured while the machine was busy: {trouble}")


def _products(workload: Workload, pace: Pace, memory_b: float, power: PowerMonitor, say: Progress) -> tuple[dict[str, GemmRate], list[MeanPower], float]:
    """Return the rates by precision, and the power and the busy threads during the first."""
    found: dict[str, GemmRate] = {}
    loaded: list[MeanPower] = []
    busy_threads = 0.0
    for precision, number_b in workload.bytes_of.items():
        window_s = pace.other_s if found else pace.main_s
        say(f"matrix products in {precision} for {window_s:g} s")
        most = _MOST_SIZE["gpu" if workload.accelerators else "cpu"]
        while 3.0 * number_b * most * most > _MATRICES_SHARE * memory_b and most > _LEAST_SIZE:
            most //= 2
        size = fitting_size(partial(workload.product, precision), least=_LEAST_SIZE, most=most)
        work = workload.product(precision, size)
        before, own_s, at_s = power.read(), time.process_time(), time.monotonic()
        rate = sustained(work, amount=2.0 * size**3, window_s=window_s, between=power.read_if_due)
        if not found:
            busy_threads = (time.process_time() - own_s) / (time.monotonic() - at_s)
            loaded = mean_powers(before, power.read())
        found[precision] = GemmRate(size, rate)
    return found, loaded, busy_threads


def _bandwidth(workload: Workload, pace: Pace, memory_b: float) -> Rate:
    total_b = min(_SWEEP_B["gpu" if workload.accelerators else "cpu"], _SWEEP_SHARE * memory_b)
    work, moved_b = workload.sweep(total_b)
    return sustained(work, amount=moved_b, window_s=pace.sweep_s)


def _note_troubles(gemm: Mapping[str, GemmRate], bandwidth: Rate, others: OtherLoad, busy_threads: float, threads: int | None, notes: list[str]) -> None:
    """Note what lowered the results: other work, heat, noise, idle threads."""
    busy = others.busy_threads()
    is_disturbed = busy is not None and others.take_from_us(busy)
    if is_disturbed:
        notes.append(f"other programs kept {busy:.1f} threads busy during the benchmark")
    for what, rate in (*((f"{precision} products", found.rate) for precision, found in gemm.items()), ("memory sweeps", bandwidth)):
        if rate.is_throttled:
            why = "other work, or heat" if is_disturbed else "perhaps heat; a longer training may be slower still"
            notes.append(f"{what} became {1 - rate.trend:.0%} slower over time: {why}")
        elif rate.is_noisy:
            notes.append(f"{what} vary by {rate.high / rate.low - 1:.0%}: {'other work' if is_disturbed else 'other work at times, or a changing clock rate'}")
    if threads is not None and busy_threads < _LEAST_BUSY * threads:
        why = "other programs used the rest" if is_disturbed else "see OMP_NUM_THREADS and OPENBLAS_NUM_THREADS"
        notes.append(f"matrix products kept {busy_threads:.1f} of {threads} threads busy: {why}")


def processor_name() -> str:
    """Return the name of the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
            name = next((line.partition(":")[2] for line in stream if line.startswith("model name")), "")
    except OSError:
        name = ""
    if not name:
        from platform import machine, processor

        name = processor() or machine()
    return " ".join("".join(character for character in name if character.isprintable()).split())[:80]


def _memory_b(allotted_b: float | None) -> float:
    """Return the memory available: what a cgroup allots, else that of the machine."""
    source = process_usage.source(None)
    if source is None:
        return allotted_b or 4e9
    return min(allotted_b or float("inf"), source.usage().memory_b)


def _versions() -> dict[str, str]:
    from traincarbon._version import __version__

    return {"carbon": __version__, "Python": ".".join(map(str, sys.version_info[:3]))}
