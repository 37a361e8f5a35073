"""Time, energy and tokens of the phases of a session, from what the script reports and the meters read."""

import os
from typing import NamedTuple

from traincarbon.procfs import PROC
from traincarbon.tracking.reports import Report

_MOST = 50
"""Phases that are told apart; those beyond share a name."""
_BEYOND = "other phases"


class PhaseSoFar(NamedTuple):
    """What a phase took so far."""

    duration_s: float = 0.0
    energy_j: float = 0.0
    tokens: float = 0.0


class Phases:
    """Adds time, energy and tokens to the phase that the training is in.

    Of the phases that several threads or processes are in, the one that began last counts. Energy between two readings is shared by time.

    Attributes:
        used: Each phase with what it took.
    """

    def __init__(self) -> None:
        self.used: dict[str, PhaseSoFar] = {}
        self._open: dict[str, str] = {}
        self._since_s: float | None = None
        self._energy_j = 0.0
        self._pending_s: dict[str, float] = {}
        """Phase to its seconds since the latest reading; "" for time without a phase."""

    def begin(self, time_s: float) -> None:
        """Begin to count at *time_s*, when the session began."""
        self._since_s = time_s

    @property
    def name(self) -> str:
        """The phase now, "" for none."""
        return next(reversed(self._open.values()), "")

    def changes(self, report: Report) -> bool:
        """Return whether *report* begins or ends a phase."""
        return report.phase is not None and report.phase != self._open.get(report.source, "")

    def add(self, report: Report, *, tokens: float) -> None:
        """Take a report, and the *tokens* that the run did since the one before."""
        if self.name and tokens > 0.0:
            used = self.used[self.name]
            self.used[self.name] = used._replace(tokens=used.tokens + tokens)
        if report.phase is None or not self.changes(report):
            return
        self._pass(report.time_s)
        self._open.pop(report.source, None)
        if report.phase:
            name = report.phase if report.phase in self.used or len(self.used) < _MOST else _BEYOND
            self._open[report.source] = name
        while self._open and not _is_alive(next(reversed(self._open))):
            self._open.popitem()
        if self.name:
            self.used.setdefault(self.name, PhaseSoFar())

    def settle(self, *, time_s: float, energy_j: float) -> None:
        """Share the energy since the latest reading among the phases since then.

        Args:
            time_s: When the meters were read. [s]
            energy_j: Their energy since the session began. [J]
        """
        self._pass(time_s)
        whole_s, added_j = sum(self._pending_s.values()), max(energy_j - self._energy_j, 0.0)
        for name, seconds in self._pending_s.items():
            if name:
                used = self.used[name]
                self.used[name] = used._replace(
                    duration_s=used.duration_s + seconds, energy_j=used.energy_j + (added_j * seconds / whole_s if whole_s else 0.0)
                )
        self._pending_s.clear()
        self._energy_j = max(energy_j, self._energy_j)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Return the journal's ``phases``, to seven digits."""
        return {name: {field: float(f"{value:.7g}") for field, value in used._asdict().items()} for name, used in self.used.items()}

    def _pass(self, time_s: float) -> None:
        if self._since_s is None:
            self._since_s = time_s
        self._pending_s[self.name] = self._pending_s.get(self.name, 0.0) + max(time_s - self._since_s, 0.0)
        self._since_s = max(time_s, self._since_s)


def _is_alive(source: str, *, proc: str = PROC) -> bool:
    """Return whether the process of a *source* is alive, as far as its name tells: one that was killed ends no phase."""
    process = source.partition("-")[0]
    return not process.isdigit() or not os.path.isdir(f"{proc}/self") or os.path.isdir(f"{proc}/{process}")
