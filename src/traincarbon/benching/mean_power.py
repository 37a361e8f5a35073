"""What a machine draws while something runs on it, by its meters: a mean for each part, and how that is known."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from traincarbon.meters.base import Meter, Reading

_LONGEST_S = 1.0
_ORDER = ("counter", "power", "modelled")


class Draw(NamedTuple):
    """The mean power of one part over a while."""

    part: str
    """``gpu``, ``cpu``, ``dram``, ``server`` or ``other``."""
    power_w: float
    how: str
    """``counter``, ``power`` or ``modelled``; where devices differ, the least sure of theirs."""
    sigma_ln: float
    """Log-spread of a modelled figure."""
    devices: int


class Watch:
    """Reads meters as often as they need it, and tells the mean power between two moments.

    Args:
        meters: What to read; none is as good as any.
        clock: What tells the time.
        sleep: What passes the time.
    """

    def __init__(self, meters: Sequence[Meter], *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._meters = meters
        self._clock = clock
        self._sleep = sleep
        self._read_s = clock()

    @property
    def notes(self) -> list[str]:
        """What the meters had to say."""
        return [note for meter in self._meters for note in meter.notes]

    @property
    def names(self) -> dict[str, str]:
        """Device to what its maker calls it."""
        return {device: name for meter in self._meters for device, name in meter.names.items()}

    def read(self) -> tuple[Reading, ...]:
        """Return a reading of each device."""
        self._read_s = self._clock()
        return tuple(reading for meter in self._meters for reading in meter.read())

    def keep_up(self) -> None:
        """Read if the meters would lose something by waiting longer."""
        if self._meters and self._clock() - self._read_s >= self._interval_s():
            self.read()

    def idle(self, window_s: float) -> list[Draw]:
        """Wait for *window_s* and return what was drawn."""
        before, end_s = self.read(), self._clock() + window_s
        while (left_s := end_s - self._clock()) > 0.0:
            self._sleep(min(left_s, self._interval_s()))
            self.keep_up()
        return between(before, self.read())

    def _interval_s(self) -> float:
        return min((meter.max_interval_s for meter in self._meters), default=_LONGEST_S) if self._meters else _LONGEST_S


def between(before: Sequence[Reading], after: Sequence[Reading]) -> list[Draw]:
    """Return the mean power of each part between two looks at all meters; a part of which nothing is known is absent."""
    first = {reading.device: reading for reading in before}
    devices: dict[str, list[tuple[float, Reading]]] = {}
    for reading in after:
        known = first.get(reading.device)
        if known is not None and reading.time_s > known.time_s and reading.energy_j > known.energy_j:
            devices.setdefault(reading.part, []).append(((reading.energy_j - known.energy_j) / (reading.time_s - known.time_s), reading))
    return [_of_part(part, found) for part, found in devices.items()]


def _of_part(part: str, found: list[tuple[float, Reading]]) -> Draw:
    total_w = sum(power_w for power_w, _ in found)
    how = max((reading.how for _, reading in found), key=_ORDER.index)
    sigma_ln = sum(power_w * reading.sigma_ln for power_w, reading in found) / total_w
    return Draw(part, total_w, how, sigma_ln, len(found))
