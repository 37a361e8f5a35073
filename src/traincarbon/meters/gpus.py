"""GPUs of any vendor as a meter: by their energy counter, or by sampled power if they have none."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.meters.base import Reading, SensorMeter
from traincarbon.meters.counter import Counter
from traincarbon.meters.power import Pace, PowerIntegral
from traincarbon.quantities import EnergySource, Part

_T = TypeVar("_T")

COUNTED_S = 10.0
"""Longest time between reads of counters: a step of a counter that is set aside costs no more than this."""
_DETAILS_S = 1.0
_STUCK_S = 10.0
_STUCK_W = 5.0
_HEADROOM = 1.5
"""A GPU may exceed its power limit for moments, but not by half over a whole interval."""
_MOST_AT_ONCE = 4.0
"""No sample is more than this many times the power limit: libraries return 2**32 - 1 mW, or 0, for unknown."""
_WRAP = 1 << 32
"""A register of 64 bits never wraps; one with 32 bits inside wraps here."""
_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 30.0


class GpuError(CarbonError):
    """A vendor's library could not answer."""


class Details(NamedTuple):
    """What else a GPU states, or None if it does not."""

    utilisation: float | None = None
    temperature_c: float | None = None
    clock_hz: float | None = None
    memory_used_b: float | None = None


class Gpu(Protocol):
    """One GPU as its vendor's library shows it. All methods except ``details`` may raise :class:`GpuError`."""

    device: str
    name: str
    limit_w: float
    unit_j: float
    """Joules of one count of the energy counter."""
    share: float
    """Share of the GPU that belongs to the job, 1 for a whole GPU."""
    sigma_ln: float
    """Log-spread of that share."""

    def counts(self) -> int | None:
        """Return the energy counter, None if the GPU has none."""
        ...

    def power_w(self) -> float | None:
        """Return the power now, None if the GPU does not state it."""
        ...

    def details(self) -> Details:
        """Return what else it states."""
        ...

    def reopen(self) -> None:
        """Look for the GPU again after it was lost."""
        ...


class GpuMeter(SensorMeter):
    """Reads a set of GPUs, each in the best way that it supports."""

    def __init__(self, name: str, gpus: Sequence[Gpu], *, notes: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock, notes=notes, names={gpu.device: gpu.name for gpu in gpus})
        self.name = name
        self._pace = Pace()
        self._close: Callable[[], None] | None = None
        self._gpus = [_Tracked(gpu, self.notes) for gpu in gpus]
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
        readings = [gpu.read(self._clock) for gpu in self._gpus]
        powers_w = [reading.power_w or 0.0 for gpu, reading in zip(self._gpus, readings, strict=True) if not gpu.counted]
        self.max_interval_s = self._pace.next_s(powers_w, time_s=readings[-1].time_s) if powers_w else COUNTED_S
        return readings


class _Tracked:
    """The state of one GPU: its counter or its sampled power, and whether it is lost."""

    def __init__(self, gpu: Gpu, notes: list[str]) -> None:
        self._gpu = gpu
        self._notes = notes
        self._counter: Counter | None = Counter(unit_j=gpu.unit_j, most_w=_HEADROOM * gpu.limit_w, wraps_at=_WRAP)
        self._sampled = PowerIntegral()
        self._watched_j = 0.0
        self._moved: tuple[int, float] | None = None
        self._counted_j = 0.0
        self._reached_j = 0.0
        self._unread = False
        """Whether the counter could not be read the last time; until it can, the power that was sampled since then counts."""
        self._details: tuple[float, Details] = (-_DETAILS_S, Details())
        self._lost_s: float | None = None
        self._retry: tuple[float, float] = (0.0, _FIRST_RETRY_S)
        self._known_s: float | None = None
        """When its energy was known last."""
        self._was_lost = False
        self._gap_s = 0.0

    @property
    def counted(self) -> bool:
        """Whether the GPU is read by its counter."""
        return self._counter is not None

    def read(self, clock: Callable[[], float]) -> Reading:
        if self._lost_s is not None and clock() >= self._retry[0]:
            self._look_for_it(clock())
        now = clock()
        power_w, details = None, Details()
        try:
            power_w = self._measure(clock)
            if now - self._details[0] >= _DETAILS_S:
                self._details = (now, self._gpu.details())
            details = self._details[1]
        except GpuError as error:
            self._lose(now, error)
        else:
            self._found(now)
        gpu = self._gpu
        how = EnergySource.MODELLED if gpu.share < 1.0 else EnergySource.COUNTER if self.counted else EnergySource.POWER
        register_j = _shared(None if self._counter is None else self._counter.register_j, gpu.share)
        reading = Reading(gpu.device, Part.GPU, self._energy_j() * gpu.share, now, how, _shared(power_w, gpu.share), *details, sigma_ln=gpu.sigma_ln)
        return reading._replace(counter_j=register_j, gap_s=self._not_known_s(now))

    def _not_known_s(self, now: float) -> float:
        """Return the seconds whose energy is not counted: a counter that is read again makes up for a loss, sampled power does not."""
        known_s, counter_s = self._known_s, 0.0 if self._counter is None else self._counter.gap_s
        if self._lost_s is not None:
            return self._gap_s + counter_s + (0.0 if known_s is None else now - known_s)
        if self._counter is None and self._was_lost and known_s is not None:
            self._gap_s += now - known_s
        self._known_s, self._was_lost = now, False
        return self._gap_s + counter_s

    def _energy_j(self) -> float:
        sampled_j = self._sampled.energy_j - self._watched_j
        counted_j = self._counted_j if self._counter is None else self._counter.energy_j
        self._reached_j = max(self._reached_j, counted_j + (sampled_j if self._unread or self._counter is None else 0.0))
        return self._reached_j

    def _measure(self, clock: Callable[[], float]) -> float | None:
        """Read energy and power, either of which may fail without the other. Return the power."""
        counts, failed = _answer(self._gpu.counts) if self._counter is not None else (None, None)
        now = clock()
        stated_w, power_failed = _answer(self._gpu.power_w)
        before_w, power_w = self._sampled.power_w, stated_w if stated_w is not None and is_possible(stated_w, limit_w=self._gpu.limit_w) else None
        if counts is None and power_w is None:
            raise failed or power_failed or GpuError("it states neither energy nor power" if stated_w is None else f"its power reads {stated_w:,.0f} W")
        self._unread = failed is not None
        if power_w is None:
            self._sampled.forget()
        else:
            odd = self._sampled.add(power_w, time_s=now)
            self._note(odd if self._counter is None else "")
        if self._counter is None:
            return power_w
        if counts is not None:
            mean_w = 0.5 * (before_w + power_w) if before_w is not None and power_w is not None else None
            self._note(self._counter.add(counts, time_s=now, power_w=mean_w))
            self._watch(self._counter, counts, now, power_w)
        elif failed is None:
            self._give_up(self._counter)
        elif self._moved is None or now - self._moved[1] > _STUCK_S:
            self._note(f"its counter cannot be read ({failed}): its power is sampled instead")
            self._give_up(self._counter)
        return power_w

    def _watch(self, counter: Counter, counts: int, now: float, power_w: float | None) -> None:
        """Stop using a counter that has not moved for ten seconds while the GPU draws power."""
        if self._moved is None or counts != self._moved[0] or power_w is None or power_w < _STUCK_W:
            self._moved, self._watched_j = (counts, now), self._sampled.energy_j
        elif now - self._moved[1] > _STUCK_S:
            self._note(f"its counter has not moved for {now - self._moved[1]:.0f} s: its power is sampled from there on")
            self._give_up(counter)

    def _give_up(self, counter: Counter) -> None:
        self._counted_j, self._counter = counter.energy_j, None
        self._gap_s += counter.gap_s

    def _lose(self, now: float, error: GpuError) -> None:
        self._was_lost = True
        if self._lost_s is None:
            self._lost_s, self._retry = now, (now + _FIRST_RETRY_S, _FIRST_RETRY_S)
            self._note(f"cannot be read any more ({error}): its energy stands still")
        self._sampled.forget()
        self._moved = None

    def _found(self, now: float) -> None:
        if self._lost_s is not None:
            self._note(f"is read again after {now - self._lost_s:.1f} s")
            self._lost_s = None

    def _look_for_it(self, now: float) -> None:
        wait_s = min(2.0 * self._retry[1], _LAST_RETRY_S)
        self._retry = (now + wait_s, wait_s)
        try:
            self._gpu.reopen()
        except GpuError:
            return

    def _note(self, text: str) -> None:
        if text:
            self._notes.append(f"{self._gpu.device}: {text}")


def is_possible(power_w: float, *, limit_w: float) -> bool:
    """Return whether *power_w* is possible for a GPU with a limit of *limit_w*. Other values mean that the power is unknown."""
    return 0.0 < power_w <= _MOST_AT_ONCE * limit_w


def _answer(question: Callable[[], _T | None]) -> tuple[_T | None, GpuError | None]:
    """Return the answer of a GPU, and the error if there is none."""
    try:
        return question(), None
    except GpuError as error:
        return None, error


def _shared(power_w: float | None, share: float) -> float | None:
    return None if power_w is None else power_w * share
