"""A device while one process metered it: its energy, its load, and when it was idle."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from traincarbon.decode import amount
from traincarbon.ledger.idle import is_idle
from traincarbon.quantities import EnergySource, Part

MOST_DEVICES = 4096
"""Devices of one process that are counted."""
_LONGEST = 2000


@dataclass(slots=True)
class Device:
    """The energy of one device while one process metered it."""

    part: Part
    how: EnergySource
    energy_j: float = 0.0
    power_max_w: float | None = None
    temperature_max_c: float | None = None
    busy_s: float = 0.0
    """Utilisation times the seconds for which it is known."""
    watched_s: float = 0.0
    gap_s: float | None = None
    """Seconds that were not metered; None if the process states them only for all of its devices together."""
    counter_begin_j: float | None = None
    """The device's own counter when the process began."""
    counter_j: float | None = None
    """The device's own counter at the end of the last interval."""
    metered_s: float = 0.0
    """Seconds that were metered, see :mod:`traincarbon.ledger.coverage`."""
    judged_s: float = 0.0
    """Seconds for which it is known whether a GPU was idle, see :mod:`traincarbon.ledger.idle`."""
    idle_s: float = 0.0
    idle_j: float = 0.0

    def judge(self, *, seconds: float, added_j: float, utilisation: float | None, idle_w: float | None) -> None:
        """Add some time in which a GPU was idle or not, as far as that was measured.

        Args:
            seconds: The time. [s]
            added_j: The energy of the device in it. [J]
            utilisation: Its mean utilisation, None where it does not report it. [1]
            idle_w: Its power without work, None where that is not known. [W]
        """
        if self.part is not Part.GPU or seconds <= 0.0 or not self.how.is_measured:
            return
        idle = is_idle(utilisation=utilisation, power_w=added_j / seconds, idle_w=idle_w)
        self.judged_s += seconds if idle is not None else 0.0
        if idle:
            self.idle_s, self.idle_j = self.idle_s + seconds, self.idle_j + added_j

    def metered_for(self, metered_s: float, *, gap_s: float) -> "Device":
        """Return the device with the seconds for which it was metered, and was not."""
        known = (self.part, self.how, self.energy_j, self.power_max_w, self.temperature_max_c, self.busy_s, self.watched_s)
        return Device(*known, gap_s, self.counter_begin_j, self.counter_j, metered_s, self.judged_s, self.idle_s, self.idle_j)


def counters_in(stated: Mapping[str, object]) -> dict[str, float]:
    """Return what a start line states of the devices' own counters, at most as many as a journal has devices. [J]."""
    known = {name[:_LONGEST]: amount(value) for name, value in islice(stated.items(), MOST_DEVICES)}
    return {name: counter_j for name, counter_j in known.items() if counter_j is not None}


def greatest(one: float | None, other: float | None) -> float | None:
    """Return the greater of two numbers, either of which may be unknown."""
    return other if one is None else one if other is None else max(one, other)
