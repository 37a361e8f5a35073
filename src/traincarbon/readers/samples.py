"""Samples of power over time, and their energy."""

import math
from array import array
from collections.abc import Hashable
from itertools import pairwise
from statistics import median

_GAP = 5.0
"""A time between two samples that is this many times the usual one is a gap, which counts no energy."""
_LEAST_GAP_S = 60.0


class Samples:
    """The power of the devices of one run, in any order of time."""

    def __init__(self, *, most_w: float = math.inf) -> None:
        self._by_device: dict[Hashable, tuple[array[float], array[float]]] = {}
        self._most_w = most_w
        self.impossible = 0
        """The number of samples that no device draws, such as 4294967.295 W; they are unknown."""

    def add(self, device: Hashable, time_s: float, power_w: float) -> None:
        """Add the power of one device at one time. A power that no device draws is unknown, and does not count."""
        if not 0.0 <= power_w <= self._most_w:
            self.impossible += 1
            return
        times_s, powers_w = self._by_device.setdefault(device, (array("d"), array("d")))
        times_s.append(time_s)
        powers_w.append(power_w)

    @property
    def devices(self) -> int:
        """The number of devices."""
        return len(self._by_device)

    def names(self) -> tuple[Hashable, ...]:
        """Return the devices, in the order in which they came."""
        return tuple(self._by_device)

    @property
    def count(self) -> int:
        """The number of samples of the device with the most samples."""
        return max((len(times_s) for times_s, _ in self._by_device.values()), default=0)

    @property
    def began_s(self) -> float:
        """The time of the first sample."""
        return min((min(times_s) for times_s, _ in self._by_device.values()), default=0.0)

    @property
    def duration_s(self) -> float:
        """The time between the first and the last sample."""
        return max((max(times_s) for times_s, _ in self._by_device.values()), default=0.0) - self.began_s

    def fault(self) -> str:
        """Return why there is no energy, "" if there is one: too few samples, or powers in another unit."""
        if self.duration_s > 0.0:
            return ""
        if self.impossible:
            return f"all but {self.count} of its samples are beyond the {self._most_w:,.0f} W that such a GPU draws at most; are they in milliwatts?"
        return "it has only one sample of power"

    def note(self) -> str:
        """Return a note on samples that are unknown, "" if there are none."""
        return f"{self.impossible:,} samples are unknown, as no such GPU draws more than {self._most_w:,.0f} W" if self.impossible else ""

    def energy_j(self) -> float:
        """Return the energy of all devices by the trapezoidal rule, without gaps."""
        return sum(_integral_j(*series) for series in self._by_device.values())

    def gaps_s(self) -> float:
        """Return the time within gaps, of the device with the most."""
        return max((_gaps_s(times_s) for times_s, _ in self._by_device.values()), default=0.0)


def _integral_j(times_s: "array[float]", powers_w: "array[float]") -> float:
    longest_s = _longest(times_s)
    series = sorted(zip(times_s, powers_w, strict=True))
    steps = ((here, there) for here, there in pairwise(series) if there[0] - here[0] <= longest_s)
    return sum((there[0] - here[0]) * (there[1] + here[1]) / 2.0 for here, there in steps)


def _gaps_s(times_s: "array[float]") -> float:
    longest_s = _longest(times_s)
    return sum(distance_s for distance_s in _distances(times_s) if distance_s > longest_s)


def _distances(times_s: "array[float]") -> list[float]:
    return [there - here for here, there in pairwise(sorted(times_s))]


def _longest(times_s: "array[float]") -> float:
    """Return the longest time between two samples in seconds that is not a gap."""
    found = _distances(times_s)
    return max(_GAP * median(found), _LEAST_GAP_S) if found else _LEAST_GAP_S
