"""Check that a machine is idle: the processor time of other programs, and the utilisation of its GPUs."""

import os
import time
from collections.abc import Callable, Sequence

from traincarbon.meters import process_usage
from traincarbon.meters.base import Reading

_SHARE = 0.1
"""Greatest share of our threads, or of a GPU's time, that other programs may use during a benchmark."""
_LEAST_S = 0.1
"""Processor time is counted in ticks of 10 ms: fewer than ten of them say nothing."""


class OtherLoad:
    """The processor time of other programs, since the last call.

    Args:
        machine: Source of the processor time of all programs.
        threads: Threads that the benchmark uses.
        host_threads: Threads of the machine.
        clock: Returns the time.
        own: Returns our own processor time.
    """

    def __init__(
        self,
        machine: process_usage.Source | None,
        *,
        threads: int,
        host_threads: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        own: Callable[[], float] = time.process_time,
    ) -> None:
        self._machine = machine
        self._threads = threads
        self._host_threads = host_threads or os.cpu_count() or 1
        self._clock = clock
        self._own = own
        self._last = self._look()

    def busy_threads(self) -> float | None:
        """Return how many threads other programs kept busy since the last call, None if unknown, or if it was too recent."""
        last, self._last = self._last, self._look()
        if last is None or self._last is None or self._last[0] - last[0] < _LEAST_S:
            return None
        took_s = self._last[0] - last[0]
        return max((self._last[1] - last[1]) - (self._last[2] - last[2]), 0.0) / took_s

    def take_from_us(self, busy_threads: float) -> bool:
        """Return whether *busy_threads* of other programs leave too few for ours."""
        return self._host_threads - busy_threads < self._threads * (1.0 - _SHARE)

    def _look(self) -> tuple[float, float, float] | None:
        if self._machine is None:
            return None
        try:
            return self._clock(), self._machine.usage().cpu_s, self._own()
        except (OSError, ValueError):
            return None


def busy_gpu(readings: Sequence[Reading]) -> Reading | None:
    """Return the first GPU that is busy, None if none is known to be."""
    return next((reading for reading in readings if reading.part == "gpu" and (reading.utilisation or 0.0) > _SHARE), None)
