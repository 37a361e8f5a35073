"""Records of one file that differ in name, times and energy alone: the first is checked in full, the others against its bounds and made when they are asked for."""

from typing import Any, NamedTuple

from traincarbon.ledger.run import Run
from traincarbon.readers.plausible import MOST_DURATION_S, Basis, power_bounds


class LikeRun(NamedTuple):
    """What tells a run from one like it, in a third of the memory of its record."""

    run_id: str
    project: str
    started_at: str
    duration_s: float
    energy_j: float | None
    alike: "Alike"

    @property
    def source(self) -> str:
        """The format of the file."""
        return self.alike.checked.source

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say about it."""
        return self.alike.checked.notes

    def record(self) -> Run:
        """Return its record."""
        return self.alike.record(self)


class Alike:
    """Runs like one whose record was checked.

    Args:
        checked: That record; it states the energy of one part at most.
        basis: What its reader knows of its energy.
    """

    def __init__(self, checked: Run, basis: Basis) -> None:
        names = ("run_id", "project", "started_at", "duration_s", "energy_j")
        setters = {name: getattr(Run, name).__set__ for name in Run.__slots__}
        self.checked = checked
        self._own: list[Any] = [setters[name] for name in names]
        self._shared = [(setter, getattr(checked, name)) for name, setter in setters.items() if name not in names]
        self._part = next((part for part, energy_j in checked.energy_j.items() if energy_j is not None), "")
        limits = power_bounds(checked, basis) if self._part else None
        self._least_w, self._most_w = (limits.least_w, limits.most_w) if limits else (0.0, 0.0)

    def run(self, *, run_id: str, project: str, started_at: str, duration_s: float, energy_j: float | None) -> LikeRun | None:
        """Return the run with these values, None if they need a full check.

        Args:
            run_id: Its name, masked.
            project: Its project, masked.
            started_at: When it began.
            duration_s: How long it took. [s]
            energy_j: The energy of the part of which the first record states it. [J]
        """
        if not 0.0 < duration_s <= MOST_DURATION_S:
            return None
        if self._part and (energy_j is None or not self._least_w * duration_s <= energy_j <= self._most_w * max(duration_s, 1.0)):
            return None
        return LikeRun(run_id, project, started_at, duration_s, energy_j if self._part else None, self)

    def record(self, like: LikeRun) -> Run:
        """Return the record of a run."""
        energies_j: dict[str, float | None] = dict.fromkeys(self.checked.energy_j)
        if self._part:
            energies_j[self._part] = like.energy_j
        made = object.__new__(Run)
        for setter, value in zip(self._own, (*like[:4], energies_j), strict=True):
            setter(made, value)
        for setter, value in self._shared:
            setter(made, value)
        return made
