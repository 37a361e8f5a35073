"""How much energy each line of a journal adds: its devices state what they used since the process began."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from traincarbon.ledger.device import Device
from traincarbon.quantities import Part

Floats = npt.NDArray[np.float64]
_INSIDE = (Part.GPU, Part.CPU, Part.DRAM)


def reached_j(stated_j: Floats, *, ended: npt.NDArray[np.bool_], from_j: float) -> Floats:
    """Return the energy of a device after each line. It never falls, except in a line that ended the job. [J].

    Args:
        stated_j: What each line states, NaN where it states none. [J]
        ended: Whether a line ended the job.
        from_j: The energy before the first line. [J]

    Example:
        >>> reached_j(np.array([5.0, np.nan, 4.0, 9.0, 8.0]), ended=np.array([False] * 4 + [True]), from_j=0.0).tolist()
        [5.0, 5.0, 5.0, 9.0, 8.0]
    """
    known = np.where(stated_j >= 0.0, stated_j, -np.inf)
    reached = np.maximum(np.maximum.accumulate(known), from_j) if len(known) else known
    for at in np.flatnonzero(ended & np.isfinite(known)):
        reached[at] = known[at]
        reached[at + 1 :] = np.maximum(np.maximum.accumulate(known[at + 1 :]), known[at])
    return reached


class Energies:
    """The energy of a process, line by line, counted as its record counts it: what a whole server takes includes its parts.

    Args:
        devices: Its devices.

    Attributes:
        device_j: Device to its energy after the latest line. [J]
    """

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._parts = {name: device.part for name, device in devices.items()}
        self.device_j = dict.fromkeys(devices, 0.0)
        self._last = dict.fromkeys((*_INSIDE, Part.OTHER), 0.0)

    def take(self, stated_j: Mapping[str, Floats], *, ended: npt.NDArray[np.bool_]) -> tuple[dict[str, Floats], dict[Part, Floats]]:
        """Take the next lines; return the energy of each device after each, and what each line adds to each part. [J]."""
        reached = {name: reached_j(stated, ended=ended, from_j=self.device_j[name]) for name, stated in stated_j.items()}
        if len(ended):
            self.device_j |= {name: float(energy[-1]) for name, energy in reached.items()}
        added = {}
        for part, energy in self._by_part(reached or {"": np.zeros(len(ended))}).items():
            added[part] = np.diff(energy, prepend=self._last[part])
            self._last[part] = float(energy[-1]) if len(energy) else self._last[part]
        return reached, added

    @property
    def total_j(self) -> float:
        """The energy of all parts after the latest line. [J]."""
        return sum(self._last.values())

    def _by_part(self, reached: Mapping[str, Floats]) -> dict[Part, Floats]:
        zero = np.zeros(len(next(iter(reached.values()), np.zeros(1))))
        found = {part: self._sum(reached, (part,), zero) for part in (*_INSIDE, Part.OTHER)}
        servers = self._sum(reached, (Part.SERVER,), zero)
        if Part.SERVER in self._parts.values():  # it replaces what was modelled of its rest
            found[Part.OTHER] = np.maximum(servers - self._sum(reached, _INSIDE, zero), 0.0)
        return found

    def _sum(self, reached: Mapping[str, Floats], parts: Sequence[Part], zero: Floats) -> Floats:
        return sum((energy for name, energy in reached.items() if self._parts.get(name) in parts), zero)
