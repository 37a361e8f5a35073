"""The state of one GPU over time: its counter, its sampled power, whether it is lost, and its assumed power if it never answered."""

from collections.abc import Callable
from typing import TypeVar

from traincarbon.meters.base import Reading
from traincarbon.meters.counter import Counter
from traincarbon.meters.counter_check import CounterCheck
from traincarbon.meters.gpu import AssumedPower, Details, Gpu, GpuError, is_possible
from traincarbon.meters.power import PowerIntegral
from traincarbon.quantities import EnergySource, Part

_T = TypeVar("_T")

_DETAILS_S = 1.0
_STANDING_S = 0.3
"""A counter that has not moved for so long stands still if the GPU draws power, as registers are refreshed every 0.1 s; sampled power counts until it moves."""
_SAID_S = 2.0
_STUCK_S = 10.0
_STUCK_W = 5.0
_MOST_SET_ASIDE = 4
"""Impossible steps of a counter, one after the other, after which its power is sampled instead."""
_HEADROOM = 1.5
"""A GPU may exceed its power limit for moments, but not by half over a whole interval."""
_WRAP = 1 << 32
"""A register of 64 bits never wraps; one with 32 bits inside wraps here."""
_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 30.0


class TrackedGpu:
    """Reads one GPU, in the best way that it supports.

    Args:
        gpu: The GPU.
        notes: Where to add notes.
        assume: Returns the power to assume of a GPU of a name that has told nothing so far, None if the name is unknown.
        has_module_counter: Whether its counter includes more than the sensor of its power, so that they are not compared.
    """

    def __init__(self, gpu: Gpu, notes: list[str], *, assume: Callable[[str], AssumedPower | None], has_module_counter: bool = False) -> None:
        self.gpu = gpu
        self.assumed: AssumedPower | None = None
        """The power that is assumed, as it has told nothing so far."""
        self.is_unread = False
        """Whether it has told nothing so far and its power cannot be assumed."""
        self._notes = notes
        self._assume = assume
        self._counter: Counter | None = Counter(unit_j=gpu.unit_j, most_w=_HEADROOM * gpu.limit_w, wraps_at=_WRAP)
        self._check = None if has_module_counter else CounterCheck()
        self._sampled = PowerIntegral()
        self._watched_j = 0.0
        self._moved: tuple[int, float] | None = None
        self._counted_j = 0.0
        self._reached_j = 0.0
        self._assumption = PowerIntegral()
        self._has_answered = False
        self._unread = False
        """Whether the counter could not be read the last time; until it can, the power that was sampled since then counts."""
        self._is_standing = False
        """Whether the counter does not move although the GPU draws power; the power that was sampled since then counts."""
        self._has_said_standing = False
        self._turn: tuple[float, float] | None = None
        """From when on sampled power counts, and the joules reached then, until a reading has said so."""
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
        return self._counter is not None or not self._has_answered

    @property
    def is_compared(self) -> bool:
        """Whether its counter is compared with its power now, so that it has to be read more often."""
        return self._counter is not None and self._check is not None and self._check.is_running

    def read(self, clock: Callable[[], float]) -> Reading | None:
        """Return a reading; None if it has told nothing so far and its power cannot be assumed."""
        if self._lost_s is not None and clock() >= self._retry[0]:
            self._look_for_it(clock())
        now = clock()
        power_w, details = None, Details()
        try:
            power_w = self._measure(clock)
            if now - self._details[0] >= _DETAILS_S:
                self._details = (now, self.gpu.details())
            details = self._details[1]
        except GpuError as error:
            self._lose(now, error)
        else:
            self._found(now)
        if not self._has_answered:
            return self._assumed_reading(now)
        gpu = self.gpu
        reached_j = self._assumption.energy_j + self._energy_j()
        how = EnergySource.MODELLED if gpu.sigma_ln > 0.0 else EnergySource.COUNTER if self.counted and not self._is_standing else EnergySource.POWER
        register_j = _shared(None if self._counter is None else self._counter.register_j, gpu.share)
        known_j, stated_w, gap_s = reached_j * gpu.share, _shared(power_w, gpu.share), self._not_known_s(now)
        reading = Reading(gpu.device, Part.GPU, known_j, now, how, stated_w, *details, sigma_ln=gpu.sigma_ln, counter_j=register_j, gap_s=gap_s)
        turn, self._turn = self._turn, None
        if turn is None or self._reached_j <= turn[1]:
            return reading
        return reading._replace(risen_since_s=turn[0], risen_j=(self._reached_j - turn[1]) * gpu.share)

    def _not_known_s(self, now: float) -> float:
        """Return the seconds whose energy is not counted: a counter that is read again makes up for a loss, sampled power does not."""
        known_s, counter_s = self._known_s, 0.0 if self._counter is None else self._counter.gap_s
        if self._lost_s is not None:
            return self._gap_s + counter_s + (0.0 if known_s is None else now - known_s)
        if self._counter is None and self._was_lost and known_s is not None:
            self._gap_s += now - known_s
        self._known_s, self._was_lost = now, False
        return self._gap_s + counter_s

    def _assumed_reading(self, now: float) -> Reading | None:
        if self.assumed is None:
            return None
        share = self.gpu.share
        self._assumption.add(self.assumed.power_w, time_s=now)
        energy_j, power_w = self._assumption.energy_j * share, self.assumed.power_w * share
        return Reading(self.gpu.device, Part.GPU, energy_j, now, EnergySource.ASSUMED, power_w, sigma_ln=self.assumed.sigma_ln)

    def _energy_j(self) -> float:
        sampled_j = self._sampled.energy_j - self._watched_j
        counted_j = self._counted_j if self._counter is None else self._counter.energy_j
        reached_j = counted_j + (sampled_j if self._unread or self._is_standing or self._counter is None else 0.0)
        most_j = self._check.most_j(self._sampled.energy_j) if self._counter is not None and self._check is not None else None
        self._reached_j = max(self._reached_j, reached_j if most_j is None else min(reached_j, most_j))
        return self._reached_j

    def _measure(self, clock: Callable[[], float]) -> float | None:
        """Read energy and power, either of which may fail without the other. Return the power."""
        counts, failed = _answer(self.gpu.counts) if self._counter is not None else (None, None)
        now = clock()
        stated_w, power_failed = _answer(self.gpu.power_w)
        before_w, power_w = self._sampled.power_w, stated_w if stated_w is not None and is_possible(stated_w, limit_w=self.gpu.limit_w) else None
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
            if self._counter.set_aside >= _MOST_SET_ASIDE and power_w is not None:
                self._note(f"its counter was impossible {self._counter.set_aside} times in a row: its power is sampled instead")
                self._watched_j = self._sampled.energy_j
                self._give_up(self._counter.energy_j)
            else:
                self._watch(self._counter, counts, now, power_w)
        elif failed is None:
            self._give_up(self._counter.energy_j)
        elif self._moved is None or now - self._moved[1] > _STUCK_S:
            self._note(f"its counter cannot be read ({failed}): its power is sampled instead")
            self._give_up(self._counter.energy_j)
        return power_w

    def _watch(self, counter: Counter, counts: int, now: float, power_w: float | None) -> None:
        """Count sampled power while the counter stands still, and stop using one that stands still for long or contradicts the power."""
        if self._moved is None or counts != self._moved[0] or power_w is None or power_w < _STUCK_W:
            self._moved, self._watched_j, self._is_standing = (counts, now), self._sampled.energy_j, False
        else:
            standing_s = now - self._moved[1]
            if standing_s >= _STANDING_S and not self._is_standing:
                self._is_standing, self._turn = True, (self._moved[1], counter.energy_j)
            if standing_s >= _SAID_S and not self._has_said_standing:
                self._has_said_standing = True
                self._note(f"its counter has not moved for {standing_s:.0f} s: its power is sampled instead until it moves")
            if standing_s > _STUCK_S:
                self._give_up(counter.energy_j)
                return
        if self._check is None or self._is_standing:
            return
        contradiction = self._check.add(counter.energy_j, self._sampled.energy_j, power_w, time_s=now)
        if contradiction and self._check.bad_since is not None:
            self._note(contradiction)
            self._watched_j = self._check.bad_since.sampled_j
            self._turn = (self._check.bad_since.time_s, self._check.bad_since.counted_j)
            self._give_up(self._check.bad_since.counted_j)

    def _give_up(self, counted_j: float) -> None:
        """Use sampled power from now on, and *counted_j* for the time until the sampling that counts."""
        self._gap_s += 0.0 if self._counter is None else self._counter.gap_s
        self._counted_j, self._counter, self._is_standing = counted_j, None, False

    def _lose(self, now: float, error: GpuError) -> None:
        self._was_lost = True
        if self._lost_s is None:
            self._lost_s, self._retry = now, (now + _FIRST_RETRY_S, _FIRST_RETRY_S)
            self._note(self._assume_power(error) if not self._has_answered else f"cannot be read any more ({error}): its energy stands still")
        self._sampled.forget()
        self._moved = None

    def _assume_power(self, error: GpuError) -> str:
        """Assume the power of a GPU that has told nothing so far, if its name is known. Return what happens, for a note."""
        self.assumed = self._assume(self.gpu.name)
        self.is_unread = self.assumed is None
        return f"cannot be read ({error}): {self.assumed.text if self.assumed is not None else 'its energy is unknown'}"

    def _found(self, now: float) -> None:
        if self._lost_s is not None:
            self._note(f"is read {'again' if self._has_answered else 'now,'} after {now - self._lost_s:.1f} s")
            self._lost_s = None
        self._has_answered = True
        self.assumed, self.is_unread = None, False

    def _look_for_it(self, now: float) -> None:
        wait_s = min(2.0 * self._retry[1], _LAST_RETRY_S)
        self._retry = (now + wait_s, wait_s)
        try:
            self.gpu.reopen()
        except GpuError:
            return

    def _note(self, text: str) -> None:
        if text:
            self._notes.append(f"{self.gpu.device}: {text}")


def _answer(question: Callable[[], _T | None]) -> tuple[_T | None, GpuError | None]:
    """Return the answer of a GPU, and the error if there is none."""
    try:
        return question(), None
    except GpuError as error:
        return None, error


def _shared(power_w: float | None, share: float) -> float | None:
    return None if power_w is None else power_w * share
