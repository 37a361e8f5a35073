"""Records of one file that differ in name, times and energy alone: the first is checked in full, the others against its bounds."""

from typing import Any

from traincarbon.ledger.run import Run
from traincarbon.readers.plausible import MOST_DURATION_S, Basis, power_bounds


class Alike:
    """Makes records like one that was checked.

    Args:
        record: The record that was checked; it states the energy of one part at most.
        basis: What its reader knows of its energy.
    """

    def __init__(self, record: Run, basis: Basis) -> None:
        names = ("run_id", "project", "started_at", "duration_s", "energy_j")
        setters = {name: getattr(Run, name).__set__ for name in Run.__slots__}
        self._own: list[Any] = [setters[name] for name in names]
        self._shared = [(setter, getattr(record, name)) for name, setter in setters.items() if name not in names]
        self._no_energy_j = dict.fromkeys(record.energy_j)
        self._part = next((part for part, energy_j in record.energy_j.items() if energy_j is not None), "")
        self._limits = power_bounds(record, basis) if self._part else None

    def record(self, *, run_id: str, project: str, started_at: str, duration_s: float, energy_j: float | None) -> Run | None:
        """Return the record with these values, None if they need a full check.

        Args:
            run_id: Its name, masked.
            project: Its project, masked.
            started_at: When it began.
            duration_s: How long it took. [s]
            energy_j: The energy of the part of which the first record states it. [J]
        """
        if not 0.0 < duration_s <= MOST_DURATION_S:
            return None
        energies_j: dict[str, float | None] = self._no_energy_j
        if self._limits is not None:
            if energy_j is None or not self._limits.least_w * duration_s <= energy_j <= self._limits.most_w * max(duration_s, 1.0):
                return None
            energies_j = {**energies_j, self._part: energy_j}
        made = object.__new__(Run)
        for setter, value in zip(self._own, (run_id, project, started_at, duration_s, energies_j), strict=True):
            setter(made, value)
        for setter, value in self._shared:
            setter(made, value)
        return made
