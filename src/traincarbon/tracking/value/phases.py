"""Time, energy and tokens of the phases of a session, from what the script reports and the meters read."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.procfs import PROC
from traincarbon.tracking.reports import BEYOND, Report

_MOST = 50
"""Phases that are told apart; those beyond share a name."""


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
        self._energy_j = self._power_w = 0.0
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
        return bool(report.spent_s) or (report.phase is not None and report.phase != self._open.get(report.source, ""))

    def add(self, report: Report, *, tokens: float) -> None:
        """Take a report, and the *tokens* that the run did since the one before."""
        if self.name and tokens > 0.0:
            used = self.used[self.name]
            self.used[self.name] = used._replace(tokens=used.tokens + tokens)
        if not self.changes(report):
            return
        known_s = self._since_s
        self._go_back_to(report.from_s if report.spent_s else report.time_s)
        if report.spent_s:
            self._spend(report.spent_s, from_s=report.from_s, to_s=report.time_s)
        elif report.phase is not None:
            self._switch(report.phase, report.source, time_s=report.time_s)
        if known_s is not None:
            self._pass(known_s)

    def _switch(self, phase: str, source: str, *, time_s: float) -> None:
        self._pass(time_s)
        self._open.pop(source, None)
        if phase:
            self._open[source] = self._told_apart(phase)
        while self._open and not _is_alive(next(reversed(self._open))):
            self._open.popitem()
        if self.name:
            self.used.setdefault(self.name, PhaseSoFar())

    def _spend(self, spent_s: Mapping[str, float], *, from_s: float, to_s: float) -> None:
        """Take what several phases took, as far as that time is not counted yet."""
        self._pass(from_s)
        whole_s, left_s = to_s - from_s, to_s - (from_s if self._since_s is None else self._since_s)
        if whole_s <= 0.0 or left_s <= 0.0:
            return
        for stated, seconds in spent_s.items():
            name = self._told_apart(stated) if stated else ""
            if name:
                self.used.setdefault(name, PhaseSoFar())
            self._pending_s[name] = self._pending_s.get(name, 0.0) + seconds * left_s / whole_s
        self._since_s = to_s

    def _told_apart(self, phase: str) -> str:
        return phase if phase in self.used or len(self.used) < _MOST else BEYOND

    def _go_back_to(self, time_s: float) -> None:
        """Take back the time since then from the phase that it was counted for, as a report of it came later, and its energy if that was shared already."""
        if self._since_s is None or time_s >= self._since_s:
            return
        name, back_s = self.name, self._since_s - time_s
        pending_s = min(back_s, self._pending_s.get(name, 0.0))
        self._pending_s[name] = self._pending_s.get(name, 0.0) - pending_s
        settled_s = back_s - pending_s
        if name:
            used = self.used[name]
            settled_s = min(settled_s, used.duration_s)
            back_j = min(settled_s * self._power_w, used.energy_j)
            self.used[name] = used._replace(duration_s=used.duration_s - settled_s, energy_j=used.energy_j - back_j)
        else:
            back_j = min(settled_s * self._power_w, self._energy_j)
        self._energy_j -= back_j
        self._since_s -= pending_s + settled_s

    def settle(self, *, time_s: float, energy_j: float) -> None:
        """Share the energy since the latest reading among the phases since then.

        Args:
            time_s: When the meters were read. [s]
            energy_j: Their energy since the session began. [J]
        """
        self._pass(time_s)
        whole_s, added_j = sum(self._pending_s.values()), max(energy_j - self._energy_j, 0.0)
        self._power_w = added_j / whole_s if whole_s else self._power_w
        for name, seconds in self._pending_s.items():
            if name:
                used = self.used[name]
                self.used[name] = used._replace(
                    duration_s=used.duration_s + seconds, energy_j=used.energy_j + (added_j * seconds / whole_s if whole_s else 0.0)
                )
        self._pending_s.clear()
        self._energy_j = max(energy_j, self._energy_j)

    def end(self, *, time_s: float, energy_j: float) -> None:
        """Settle at the end of the training, and take back what a reading after it was shared as.

        Args:
            time_s: When the training ended. [s]
            energy_j: Energy of the session until then. [J]
        """
        self._go_back_to(time_s)
        self.settle(time_s=time_s, energy_j=energy_j)

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
