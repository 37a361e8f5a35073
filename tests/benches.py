"""Benchmarks that need no idle machine: a clock that the test moves, a meter of known power, a workload of known speed, and a result."""

from traincarbon.benching.bench import Bench, GemmRate
from traincarbon.benching.mean_power import MeanPower
from traincarbon.benching.timing import Rate
from traincarbon.meters.base import Reading
from traincarbon.quantities import EnergySource


class Clock:
    """A clock that moves only when something uses time."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Watts:
    """A meter whose devices use the given power: device to part and watts, which may be changed."""

    name = "watts"
    max_interval_s = 0.5

    def __init__(self, clock, watts, *, how="counter", sigma_ln=0.0):
        self.clock, self.watts, self.how, self.sigma_ln = clock, watts, how, sigma_ln
        self.notes, self.names = [], {}
        self.energy_j, self.last = dict.fromkeys(watts, 0.0), clock()
        self.reads, self.closed = 0, False
        self.utilisation = None

    def read(self):
        now, self.reads = self.clock(), self.reads + 1
        for device, (_, power_w) in self.watts.items():
            self.energy_j[device] += power_w * (now - self.last)
        self.last = now
        return tuple(
            Reading(device, part, self.energy_j[device], now, self.how, power_w, self.utilisation, sigma_ln=self.sigma_ln)
            for device, (part, power_w) in self.watts.items()
        )

    def close(self):
        self.closed = True


def rate(median, *, low=None, high=None, bursts=20, trend=1.0):
    return Rate(median, low or 0.98 * median, high or 1.02 * median, bursts, trend)


def made_bench(**fields):
    """Return the result of a benchmark of a small processor, with other *fields*."""
    usual = {
        "started_at": "2026-03-04T05:06:07+00:00",
        "duration_s": 20.0,
        "library": "NumPy 2.4.6",
        "processor": "Acme CPU 9000",
        "threads": 2,
        "busy_threads": 2.0,
        "accelerators": (),
        "memory_b": 16e9,
        "gemm": {"fp32": GemmRate(2048, rate(200e9)), "fp64": GemmRate(1024, rate(100e9))},
        "bandwidth": rate(35e9),
        "idle": (MeanPower("cpu", 4.0, EnergySource.COUNTER, 0.0, 1), MeanPower("dram", 1.0, EnergySource.COUNTER, 0.0, 1)),
        "loaded": (MeanPower("cpu", 28.0, EnergySource.COUNTER, 0.0, 1), MeanPower("dram", 2.0, EnergySource.COUNTER, 0.0, 1)),
        "unmetered": ("nvml: no NVIDIA driver",),
        "notes": (),
        "versions": {"carbon": "0.1.0"},
    }
    return Bench(**{**usual, **fields})


def gpu_bench(name="Acme One 40GB", *, count=8, memory_b=42e9, flop_per_s=80e12, **fields):
    """Return the result of a benchmark of a server of such GPUs."""
    idle, loaded = (
        (MeanPower("gpu", count * gpu_w, EnergySource.COUNTER, 0.0, count), MeanPower("cpu", cpu_w, EnergySource.COUNTER, 0.0, 2))
        for gpu_w, cpu_w in ((60.0, 90.0), (390.0, 150.0))
    )
    gemm = {"bf16": GemmRate(16384, rate(flop_per_s)), "fp32": GemmRate(8192, rate(flop_per_s / 10))}
    usual = {"accelerators": (name,) * count, "memory_b": memory_b, "gemm": gemm, "idle": idle, "loaded": loaded, "library": "PyTorch 2.13"}
    return made_bench(**{**usual, **fields})
