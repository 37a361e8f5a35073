"""Mean power of each part of a machine by its meters, and how it is known."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from traincarbon.meters.base import Meter, Reading
from traincarbon.quantities import EnergySource

_LONGEST_S = 1.0
_SOURCES = list(EnergySource)


class MeanPower(NamedTuple):
    """The mean power of one part over some time."""

    part: str
    """``gpu``, ``cpu``, ``dram``, ``server`` or ``other``."""
    power_w: float
    how: EnergySource
    """The least certain source among its devices."""
    sigma_ln: float
    """Log-spread of a modelled power."""
    devices: int


class PowerMonitor:
    """Reads meters as often as they need it, and returns the mean power over some time.

    Args:
        meters: Meters to read; there may be none.
        clock: Returns the time.
        sleep: Waits.
    """

    def __init__(self, meters: Sequence[Meter], *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._meters = meters
        self._clock = clock
        self._sleep = sleep
        self._read_s = clock()

    @property
    def notes(self) -> list[str]:
        """The notes of the meters."""
        return [note for meter in self._meters for note in meter.notes]

    @property
    def names(self) -> dict[str, str]:
        """Names of the devices from their drivers."""
        return {device: name for meter in self._meters for device, name in meter.names.items()}

    def read(self) -> tuple[Reading, ...]:
        """Return a reading of each device."""
        self._read_s = self._clock()
        return tuple(reading for meter in self._meters for reading in meter.read())

    def read_if_due(self) -> None:
        """Read if a longer wait would lose energy."""
        if self._meters and self._clock() - self._read_s >= self._interval_s():
            self.read()

    def idle(self, window_s: float) -> list[MeanPower]:
        """Wait for *window_s* and return the mean power of each part."""
        before, end_s = self.read(), self._clock() + window_s
        while (left_s := end_s - self._clock()) > 0.0:
            self._sleep(min(left_s, self._interval_s()))
            self.read_if_due()
        return mean_powers(before, self.read())

    def _interval_s(self) -> float:
        return min((meter.max_interval_s for meter in self._meters), default=_LONGEST_S) if self._meters else _LONGEST_S


def mean_powers(before: Sequence[Reading], after: Sequence[Reading]) -> list[MeanPower]:
    """Return the mean power of each part between two readings of all meters, without unknown parts."""
    first = {reading.device: reading for reading in before}
    devices: dict[str, list[tuple[float, Reading]]] = {}
    for reading in after:
        known = first.get(reading.device)
        if known is not None and reading.time_s > known.time_s and reading.energy_j > known.energy_j:
            devices.setdefault(reading.part, []).append(((reading.energy_j - known.energy_j) / (reading.time_s - known.time_s), reading))
    return [_of_part(part, found) for part, found in devices.items()]


def _of_part(part: str, found: list[tuple[float, Reading]]) -> MeanPower:
    total_w = sum(power_w for power_w, _ in found)
    how = max((EnergySource(reading.how) for _, reading in found), key=_SOURCES.index)
    sigma_ln = sum(power_w * reading.sigma_ln for power_w, reading in found) / total_w
    return MeanPower(part, total_w, how, sigma_ln, len(found))
