"""Whether a machine has nothing else to do: what others take of its processors, and what its boards are busy with."""

import os
import time
from collections.abc import Callable, Sequence

from traincarbon.meters import process_usage
from traincarbon.meters.base import Reading

_SHARE = 0.1
"""Of our threads that others may take from us, and of a board's time that they may use, before a bench is not worth its name."""
_LEAST_S = 0.1
"""Processor time comes in ticks of 10 ms: over less than ten of them it says nothing."""


class Others:
    """The processor time that others take, since one last asked.

    Args:
        machine: What tells the processor time of all.
        threads: Threads that the bench uses.
        host_threads: Threads that there are.
        clock: What tells the time.
        own: What tells our own processor time.
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
        """Return how many threads others kept busy since one last asked, None where that cannot be told, as so soon after."""
        last, self._last = self._last, self._look()
        if last is None or self._last is None or self._last[0] - last[0] < _LEAST_S:
            return None
        took_s = self._last[0] - last[0]
        return max((self._last[1] - last[1]) - (self._last[2] - last[2]), 0.0) / took_s

    def take_from_us(self, busy_threads: float) -> bool:
        """Say whether others that keep so many threads busy leave too few for ours."""
        return self._host_threads - busy_threads < self._threads * (1.0 - _SHARE)

    def _look(self) -> tuple[float, float, float] | None:
        if self._machine is None:
            return None
        try:
            return self._clock(), self._machine.usage().cpu_s, self._own()
        except (OSError, ValueError):
            return None


def busy_board(readings: Sequence[Reading]) -> Reading | None:
    """Return the first board that works already, None where none does or can tell."""
    return next((reading for reading in readings if reading.part == "gpu" and (reading.utilisation or 0.0) > _SHARE), None)
