"""Samples of power over time, and their energy."""

from array import array
from itertools import pairwise
from statistics import median

_GAP = 5.0
"""A time between two samples that is this many times the usual one is a gap, which counts no energy."""
_LEAST_GAP_S = 60.0


class Samples:
    """The power of the devices of one run, in any order of time."""

    def __init__(self) -> None:
        self._by_device: dict[int, tuple[array[float], array[float]]] = {}

    def add(self, device: int, time_s: float, power_w: float) -> None:
        """Add the power of one device at one time."""
        times_s, powers_w = self._by_device.setdefault(device, (array("d"), array("d")))
        times_s.append(time_s)
        powers_w.append(power_w)

    @property
    def devices(self) -> int:
        """The number of devices."""
        return len(self._by_device)

    @property
    def count(self) -> int:
        """The number of samples of the device with the most samples."""
        return max((len(times_s) for times_s, _ in self._by_device.values()), default=0)

    @property
    def began_s(self) -> float:
        """The time of the first sample."""
        return min(min(times_s) for times_s, _ in self._by_device.values())

    @property
    def duration_s(self) -> float:
        """The time between the first and the last sample."""
        return max(max(times_s) for times_s, _ in self._by_device.values()) - self.began_s

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
