"""GPUs of any vendor as a meter: by their energy counter, or by sampled power if they have none."""

import re
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from traincarbon.meters.assumed_power import assumed_power
from traincarbon.meters.base import Reading, SensorMeter
from traincarbon.meters.counter_check import SAMPLE_S
from traincarbon.meters.gpu import AssumedPower, Gpu
from traincarbon.meters.power import Jitter, Pace
from traincarbon.meters.tracked_gpu import TrackedGpu
from traincarbon.quantities import Part

COUNTED_S = 10.0
"""Longest time between reads of counters: a step of a counter that is set aside costs no more than this."""
_UNREAD_S = 1.0
"""Time between looks for a GPU that has told nothing so far."""
_USERS_S = 5.0
"""Time between looks for the processes that compute on the GPUs."""
_FIRST_USERS_S, _FIRST_S = 1.0, 15.0
"""The same in the first seconds, in which most trainings begin to use their GPUs."""
_SUPERCHIP = re.compile(r"\bG[HB][23]00\b")
"""GPUs on a module with a Grace processor: their energy counter is that of the whole module, processor and memory included."""


class GpuMeter(SensorMeter):
    """Reads a set of GPUs, each in the best way that it supports.

    A GPU that tells nothing when the meter is opened is looked for again. Until then its power is assumed, if its name is known;
    else it is ``unread``.

    Args:
        name: Its name.
        gpus: The GPUs that this process sees.
        notes: Lines for the caller.
        clock: Returns the time.
        assume: Returns the power of a GPU of that name, if it can be assumed.
        hidden: GPUs that variables hide from this process, to be read too.
        order: The ids of all GPUs in the order in which variables number them.
    """

    def __init__(
        self,
        name: str,
        gpus: Sequence[Gpu],
        *,
        notes: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
        assume: Callable[[str], AssumedPower | None] = assumed_power,
        hidden: Sequence[Gpu] = (),
        order: Sequence[str] = (),
    ) -> None:
        super().__init__(clock, notes=notes)
        self.name = name
        self.hidden = tuple(gpu.device for gpu in hidden)
        self.order = tuple(order)
        self._users_s = float("-inf")
        self._opened_s = clock()
        self._pace = Pace()
        self._jitter = Jitter(SAMPLE_S)
        self._close: Callable[[], None] | None = None
        self._gpus = [TrackedGpu(gpu, self.notes, assume=assume, has_module_counter=_is_superchip(gpu)) for gpu in (*gpus, *hidden)]
        self.read()

    def on_close(self, action: Callable[[], None]) -> None:
        """Call *action* once when the meter is closed."""
        self._close = action

    def close(self) -> None:
        """Release the vendor's library."""
        if not self._closed and self._close is not None:
            self._close()
        super().close()

    def _read(self) -> list[Reading]:
        pairs = [(each, each.read(self._clock)) for each in self._gpus]
        readings = [reading for _, reading in pairs if reading is not None]
        powers_w = [reading.power_w or 0.0 for each, reading in pairs if reading is not None and not each.counted]
        self.names = {each.gpu.device: each.gpu.name for each in self._gpus if not each.is_unread}
        self._look_for_users()
        self.unread = tuple(each.gpu.device for each in self._gpus if each.is_unread and each.gpu.device not in self.hidden)
        self.assumed = {each.gpu.device: each.assumed.text for each in self._gpus if each.assumed is not None}
        self.covers = (Part.CPU, Part.DRAM) if any(_is_superchip(each.gpu) and each.counted and not each.is_unread for each in self._gpus) else ()
        longest_s = self._jitter.next_s() if any(each.is_compared for each in self._gpus) else COUNTED_S
        if powers_w:
            longest_s = min(longest_s, self._pace.next_s(powers_w, time_s=readings[-1].time_s))
        self.max_interval_s = min(longest_s, _UNREAD_S) if self.unread or self.assumed else longest_s
        return readings

    def _look_for_users(self) -> None:
        """Ask now and then which processes compute on the GPUs."""
        now_s = self._clock()
        every_s = _FIRST_USERS_S if now_s - self._opened_s < _FIRST_S else _USERS_S
        if self.order and now_s - self._users_s >= every_s:
            self._users_s = now_s
            self.users = {each.gpu.device: pids for each in self._gpus if (pids := each.gpu.users())}


def _is_superchip(gpu: Gpu) -> bool:
    return _names_superchip(gpu.name)


@lru_cache(maxsize=64)
def _names_superchip(name: str) -> bool:
    """Return whether a product is on such a module. It is asked for each GPU at each reading."""
    return _SUPERCHIP.search(name) is not None
