"""Joules from samples: of counters with resets, of registers that overflow, and of power; between any two times."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from traincarbon.readers.prometheus.metrics import Kind

Sample = tuple[float, float]
"""Time [s] and value."""

_GAP = 5.0
"""A time between two samples that is this many times the usual one is a gap."""
_LEAST_GAP_S = 60.0


class Step(NamedTuple):
    """The time between two samples.

    Attributes:
        from_s: Time of the first sample. [s]
        to_s: Time of the second one. [s]
        energy_j: Energy between them. [J]
        from_w: Power at the first sample; it changes linearly. [W]
        to_w: Power at the second one. [W]
    """

    from_s: float
    to_s: float
    energy_j: float
    from_w: float
    to_w: float

    def within(self, begin_s: float, end_s: float) -> tuple[float, float]:
        """Return energy and seconds of the step between two times."""
        low, high = max(self.from_s, begin_s), min(self.to_s, end_s)
        if low >= high:
            return 0.0, 0.0
        if low == self.from_s and high == self.to_s:
            return self.energy_j, high - low
        slope = (self.to_w - self.from_w) / (self.to_s - self.from_s)
        middle_w = self.from_w + slope * ((low + high) / 2.0 - self.from_s)
        return middle_w * (high - low), high - low


class Metered(NamedTuple):
    """Energy [J] and for how many seconds it was metered."""

    energy_j: float
    metered_s: float


def steps_of(samples: Sequence[Sample], *, kind: Kind, scale: float, most_w: float, registers_j: Sequence[float] = ()) -> list[Step]:
    """Return the steps between *samples* in the order of time, without those whose energy nobody knows.

    A counter that falls was reset and began at 0: what it shows then is energy too. What it counted between the last sample and the reset is lost.
    A counter knows the energy of a gap in its samples; power and a register, which may have overflowed more than once, do not.

    Args:
        samples: The samples of one device by time.
        kind: What they are.
        scale: Joules or watts of one unit.
        most_w: The most that the device draws, by which a reset is told from a sample that came late. [W]
        registers_j: The energies at which a register of its kind may begin at 0 again. [J]

    Example:
        >>> steps = steps_of([(0, 5e6), (10, 6e6), (20, 5e5)], kind=Kind.COUNTER, scale=1e-3, most_w=800.0)
        >>> [step.energy_j for step in steps]
        [1000.0, 500.0]
    """
    if kind is Kind.POWER:
        longest_s = longest_step_s(samples)
        return [
            Step(t0, t1, (v0 + v1) / 2.0 * scale * (t1 - t0), v0 * scale, v1 * scale)
            for (t0, v0), (t1, v1) in pairwise([sample for sample in samples if sample[1] * scale <= most_w])
            if t1 - t0 <= longest_s
        ]
    return [_counted(here, there, rise_j) for here, there, rise_j in _rises(samples, kind, scale, most_w, registers_j)]


def metered(steps: Iterable[Step], windows: Iterable[tuple[float, float]]) -> Metered:
    """Return the energy within *windows*, and the time in them that was metered; of a step that reaches beyond, its share by time."""
    energy_j = metered_s = 0.0
    known = list(steps)
    for begin_s, end_s in windows:
        for step in known:
            part_j, seconds = step.within(begin_s, end_s)
            energy_j += part_j
            metered_s += seconds
    return Metered(energy_j, metered_s)


def longest_step_s(samples: Sequence[Sample]) -> float:
    """Return the longest time between two samples that is no gap, in seconds."""
    found = [there[0] - here[0] for here, there in pairwise(samples)]
    return max(_GAP * median(found), _LEAST_GAP_S) if found else _LEAST_GAP_S


def _rises(samples: Sequence[Sample], kind: Kind, scale: float, most_w: float, registers_j: Sequence[float]) -> Iterable[tuple[Sample, Sample, float]]:
    """Yield from sample to sample the energy between them in joules."""
    if not samples:
        return
    longest_s = longest_step_s(samples)
    highest_j = max(value for _, value in samples) * scale
    sizes_j = [size_j for size_j in registers_j if size_j >= highest_j]
    here = samples[0]
    for there in samples[1:]:
        seconds = there[0] - here[0]
        rise_j = (there[1] - here[1]) * scale
        if kind is Kind.REGISTER and seconds > longest_s:
            here = there
            continue
        if rise_j < 0.0:
            found_j = _after_fall_j(here[1] * scale, there[1] * scale, sizes_j, most_j=most_w * seconds)
            if found_j is None:  # an older sample that came late: the counter has not fallen
                continue
            rise_j = found_j
        yield here, there, rise_j
        here = there


def _after_fall_j(before_j: float, after_j: float, sizes_j: Sequence[float], *, most_j: float) -> float | None:
    """Return the energy in joules between two samples of which the second is lower, None if the device cannot draw as much."""
    for size_j in sizes_j:
        if size_j - before_j + after_j <= most_j:
            return size_j - before_j + after_j
    return after_j if after_j <= most_j else None


def _counted(here: Sample, there: Sample, rise_j: float) -> Step:
    power_w = rise_j / (there[0] - here[0])
    return Step(here[0], there[0], rise_j, power_w, power_w)
