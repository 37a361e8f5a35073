"""What this machine can do and what it draws: sustained matrix products, memory bandwidth, power idle and loaded."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from traincarbon.benching.idle import Others, busy_board
from traincarbon.benching.mean_power import Draw, Watch, between
from traincarbon.benching.timing import Rate, fitting_size, sustained
from traincarbon.benching.workload import Workload, open_workload
from traincarbon.errors import CarbonError
from traincarbon.meters import process_usage
from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.cgroup import allotment

SCHEMA = "traincarbon/bench/1"

_LEAST_SIZE = 256
_MOST_SIZE = {"gpu": 16384, "cpu": 4096}
_MATRICES_SHARE = 0.25
"""Of the memory at most, for the three matrices of a product."""
_SWEEP_SHARE = 0.125
_SWEEP_B = {"gpu": 3e9, "cpu": 7.5e8}
"""Far beyond any cache."""
_LEAST_BUSY = 0.8

Progress = Callable[[str], None]


class Pace(NamedTuple):
    """How many seconds each part of a bench takes."""

    quiet_s: float
    idle_s: float
    main_s: float
    other_s: float
    sweep_s: float


THOROUGH = Pace(1.0, 4.0, 8.0, 2.5, 2.0)
QUICK = Pace(0.4, 1.0, 1.5, 0.6, 0.5)


class Product(NamedTuple):
    """The rate of one accelerator's matrix products at one precision, and how large they were."""

    size: int
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What was measured, when, by what and how well."""

    started_at: str
    duration_s: float
    library: str
    processor: str
    threads: int
    busy_threads: float
    """Threads that the matrix products kept busy; those of a GPU need one."""
    accelerators: tuple[str, ...]
    """What the GPUs' makers call them; empty where the processor computes."""
    memory_b: float
    """Memory of one GPU, or what the processor has to itself."""
    gemm: Mapping[str, Product]
    """Precision to products, FLOP/s of one accelerator; the first is what trainings use most, and under it power was metered."""
    bandwidth: Rate
    """Bytes each second, two read for each one written."""
    idle: tuple[Draw, ...]
    loaded: tuple[Draw, ...]
    unmetered: tuple[str, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def main(self) -> str:
        """The precision under which power was metered."""
        return next(iter(self.gemm))

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        rates = {precision: {"size": found.size, **found.rate._asdict()} for precision, found in self.gemm.items()}
        draws = {name: [draw._asdict() for draw in plain[name]] for name in ("idle", "loaded")}
        lists = {name: list(plain[name]) for name in ("accelerators", "unmetered", "notes")}
        renamed = {"gemm_flop_per_s": rates, "bandwidth_b_per_s": self.bandwidth._asdict(), "versions": dict(self.versions), **draws, **lists}
        return {"schema": SCHEMA, **{name: value for name, value in plain.items() if name not in (*renamed, "gemm", "bandwidth")}, **renamed}


def measure(
    *,
    pace: Pace = THOROUGH,
    library: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    meters: tuple[Sequence[Meter], Sequence[Unavailable]] | None = None,
    open_library: Callable[..., Workload] = open_workload,
) -> Bench:
    """Measure this machine.

    Args:
        pace: How long each part takes.
        library: ``torch`` or ``numpy``; by default PyTorch where it is installed.
        force: Measure although the machine is busy with something else; the result says so.
        progress: Called with what is done next.
        meters: What to read and what cannot be read; all that are found unless given.
        open_library: What opens the library.

    Raises:
        CarbonError: the machine is busy, or neither NumPy nor PyTorch is installed.
    """
    began_s, started_at = time.monotonic(), datetime.now(UTC)
    say = progress or (lambda _: None)
    allotted = allotment()
    threads = max(int(allotted.threads or os.cpu_count() or 1), 1)
    if meters is None:
        from traincarbon.meters.registry import open_meters

        meters = open_meters(pid=os.getpid())  # a model charges what a tracked training of ours would be charged
    opened, unavailable = meters
    notes: list[str] = []
    try:
        watch = Watch(opened)
        needed = sum(reading.part == "gpu" for reading in watch.read()) or threads  # a GPU is fed by one thread
        others = Others(process_usage.source(None), threads=needed)
        say("looking whether the machine is quiet")
        watch.idle(pace.quiet_s)
        _check_quiet(watch, others, needed, notes, force=force)
        say(f"idle power for {pace.idle_s:g} s")
        idle = watch.idle(pace.idle_s)
        workload = open_library(library, threads=threads)
        memory_b = workload.memory_b or _memory_b(allotted.memory_b)
        others.busy_threads()
        gemm, loaded, busy_threads = _products(workload, pace, memory_b, watch, say)
        say("memory bandwidth")
        bandwidth = _bandwidth(workload, pace, memory_b)
        _note_troubles(gemm, bandwidth, others, busy_threads, None if workload.accelerators else threads, notes)
        if not workload.accelerators and (boards := sorted(name for device, name in watch.names.items() if device.startswith("gpu:"))):
            notes.append(f"the processor was measured: {workload.library} does not reach the {boards[0]}; pip install 'traincarbon[torch]' to measure it")
        notes += [*workload.notes, *watch.notes]
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


def _check_quiet(watch: Watch, others: Others, needed: int, notes: list[str], *, force: bool) -> None:
    busy, board = others.busy_threads(), busy_board(watch.read())
    trouble = ""
    if board is not None:
        trouble = f"{board.device} is {board.utilisation:.0%} busy with something else"
    elif busy is not None and others.take_from_us(busy):
        trouble = f"other programs keep {busy:.1f} of the processor's threads busy, and a bench needs {needed}"
    if trouble and not force:
        raise CarbonError(f"the machine is not quiet: {trouble}", hint="stop them or wait, or measure what is left with --force")
    if trouble:
        notes.append(f"measured beside other work: {trouble}")


def _products(workload: Workload, pace: Pace, memory_b: float, watch: Watch, say: Progress) -> tuple[dict[str, Product], list[Draw], float]:
    """Return the products by precision, and what was drawn and how many threads were busy during the first."""
    found: dict[str, Product] = {}
    loaded: list[Draw] = []
    busy_threads = 0.0
    for precision, number_b in workload.bytes_of.items():
        window_s = pace.other_s if found else pace.main_s
        say(f"matrix products in {precision} for {window_s:g} s")
        most = _MOST_SIZE["gpu" if workload.accelerators else "cpu"]
        while 3.0 * number_b * most * most > _MATRICES_SHARE * memory_b and most > _LEAST_SIZE:
            most //= 2
        size = fitting_size(partial(workload.product, precision), least=_LEAST_SIZE, most=most)
        work = workload.product(precision, size)
        before, own_s, at_s = watch.read(), time.process_time(), time.monotonic()
        rate = sustained(work, amount=2.0 * size**3, window_s=window_s, between=watch.keep_up)
        if not found:
            busy_threads = (time.process_time() - own_s) / (time.monotonic() - at_s)
            loaded = between(before, watch.read())
        found[precision] = Product(size, rate)
    return found, loaded, busy_threads


def _bandwidth(workload: Workload, pace: Pace, memory_b: float) -> Rate:
    total_b = min(_SWEEP_B["gpu" if workload.accelerators else "cpu"], _SWEEP_SHARE * memory_b)
    work, moved_b = workload.sweep(total_b)
    return sustained(work, amount=moved_b, window_s=pace.sweep_s)


def _note_troubles(gemm: Mapping[str, Product], bandwidth: Rate, others: Others, busy_threads: float, threads: int | None, notes: list[str]) -> None:
    """Note what makes the figures less than they seem: other work, heat, noise, threads that stood idle."""
    busy = others.busy_threads()
    is_disturbed = busy is not None and others.take_from_us(busy)
    if is_disturbed:
        notes.append(f"other programs kept {busy:.1f} threads busy while it measured")
    for what, rate in (*((f"{precision} products", found.rate) for precision, found in gemm.items()), ("memory sweeps", bandwidth)):
        if rate.is_throttled:
            why = "other work, or heat" if is_disturbed else "heat, perhaps, and then a longer training is slower still"
            notes.append(f"{what} became {1 - rate.trend:.0%} slower while they ran: {why}")
        elif rate.is_noisy:
            notes.append(f"{what} vary by {rate.high / rate.low - 1:.0%}: {'other work' if is_disturbed else 'other work now and then, or a changing clock'}")
    if threads is not None and busy_threads < _LEAST_BUSY * threads:
        why = "others had the rest" if is_disturbed else "see OMP_NUM_THREADS and OPENBLAS_NUM_THREADS"
        notes.append(f"matrix products kept {busy_threads:.1f} of {threads} threads busy: {why}")


def processor_name() -> str:
    """Return what the processor calls itself."""
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
    """Return the memory that is ours: what was allotted, else that of the machine."""
    source = process_usage.source(None)
    if source is None:
        return allotted_b or 4e9
    return min(allotted_b or float("inf"), source.usage().memory_b)


def _versions() -> dict[str, str]:
    from traincarbon._version import __version__

    return {"carbon": __version__, "Python": ".".join(map(str, sys.version_info[:3]))}
