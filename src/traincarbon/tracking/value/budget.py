"""Budgets: what a run may take in energy, money, CO2e and time, and what to do when it is near or over."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.quantities import S_PER_H
from traincarbon.tracking.settings import POLICIES
from traincarbon.tracking.value.run_results import uncertain_from
from traincarbon.uncertain import Uncertain

if TYPE_CHECKING:
    from traincarbon.ledger.record import RunRecord

FIGURE_OF = {"kwh": "facility_energy_kwh", "usd": "cost_usd", "kgco2e": "total_kgco2e", "hours": "duration_s"}
"""What each limit is a limit of."""
NEAR = 0.8
"""Share of a limit at which a warning is due."""
GRACE_S = 60.0
"""From the signal to the stop: time to write a checkpoint."""

_LEAST = 1e-6
"""What is less is written with an exponent."""


class Limits(NamedTuple):
    """The most that a run may take over all its sessions; None is no limit."""

    kwh: float | None = None
    """Energy of the facility. [kWh]"""
    usd: float | None = None
    """Cost on the basis that the figures state. [$]"""
    kgco2e: float | None = None
    """Operational and embodied. [kg CO2e]"""
    hours: float | None = None
    """Wall-clock. [h]"""


class Action(NamedTuple):
    """Something to do: ``warn`` the user, ``signal`` the training so that it can write a checkpoint, ``stop`` it; and why."""

    kind: str
    text: str


class Budget:
    """Watches over *limits*; each thing is said once and nothing is ever taken back.

    The median decides; the text states the interval.

    Args:
        limits: The most that the run may take.
        policy: ``warn`` only warns; ``signal`` sends one signal at the limit; ``stop`` sends it and stops the run a grace period later.
        before: What earlier sessions of the same run took, as :func:`spent_before` gives it.
        grace_s: From signal to stop. [s]

    Raises:
        CarbonError: a limit is not a positive number, or the policy is unknown.
    """

    def __init__(self, limits: Limits, *, policy: str = "warn", before: Mapping[str, Uncertain] | None = None, grace_s: float = GRACE_S) -> None:
        for name, limit in zip(Limits._fields, limits, strict=True):
            if limit is not None and not 0.0 < limit < math.inf:
                raise CarbonError(f"the budget of {limit:g} {name} cannot be", hint="a budget is above 0; leave the option out for none")
        if policy not in POLICIES:
            raise CarbonError(f"no policy {policy!r}", hint=f"on-budget is one of {', '.join(POLICIES)}")
        self._limits = {name: limit for name, limit in zip(Limits._fields, limits, strict=True) if limit is not None}
        self._policy = policy
        self._before = dict(before or {})
        self._grace_s = grace_s
        self._said: set[tuple[str, str]] = set()
        self._signalled_s: float | None = None
        self._stopped = False

    def check(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain] | None = None, *, time_s: float, ended: bool = False) -> list[Action]:
        """Return what is now due; nothing of it comes twice.

        Args:
            spent: What this session took so far: ``facility_energy_kwh``, ``cost_usd``, ``total_kgco2e``, ``duration_s``.
            forecast: What the whole run will have taken, earlier sessions included, by the same names.
            time_s: Now, on the monotonic clock. [s]
            ended: The training has ended, so that there is nothing left to signal or to stop.
        """
        actions: list[Action] = []
        over, began_over = "", False
        for name, limit in self._limits.items():
            actual, of_before = self._actual(name, spent)
            if actual is None:
                continue
            if actual.median >= limit:
                text = self._over_text(name, limit, actual, before=of_before)
                over, began_over = over or text, began_over or of_before >= limit
                if self._first(name, "over") and (self._policy == "warn" or ended or self._signalled_s is not None):
                    actions.append(Action("warn", text))
                continue
            if actual.median >= NEAR * limit and self._first(name, "near"):
                actions.append(
                    Action("warn", f"{actual.median / limit * 100.0:.0f} % of the budget of {_amount(name, limit)} is spent: {_amount(name, actual)}")
                )
            coming = _scaled(name, (forecast or {}).get(FIGURE_OF[name]))
            if coming is not None and coming.median > limit and self._first(name, "forecast"):
                actions.append(Action("warn", f"the run is heading for {_amount(name, coming)}, over its budget of {_amount(name, limit)}"))
        if over and self._policy != "warn" and not ended:
            actions += self._act(over, time_s, began_over=began_over)
        return actions

    def share(self, name: str, spent: Mapping[str, Uncertain]) -> float | None:
        """Return how much of the limit *name* is spent, 1 at the limit, None where there is none or the figure is not known."""
        actual, _ = self._actual(name, spent)
        limit = self._limits.get(name)
        return None if actual is None or limit is None else float(actual.median / limit)

    def unwatched(self, spent: Mapping[str, Uncertain]) -> list[str]:
        """Return a sentence for each limit that cannot be watched, as its figure is not known."""
        return [
            f"the budget of {_amount(name, limit)} cannot be watched: {_WORDS[FIGURE_OF[name]]} is not known here"
            for name, limit in self._limits.items()
            if self._actual(name, spent)[0] is None
        ]

    def _act(self, over: str, time_s: float, *, began_over: bool) -> list[Action]:
        """Return the signal when the limit is first met and the stop after the grace period; at once where the run began beyond it."""
        if self._stopped:
            return []
        if self._policy == "stop" and began_over and self._signalled_s is None:
            self._stopped = True
            return [Action("stop", f"{over}: stopped at once, as nothing is left of it")]
        if self._signalled_s is None:
            self._signalled_s = time_s
            then = f", to be stopped in {self._grace_s:.0f} s" if self._policy == "stop" else ""
            return [Action("signal", f"{over}: the training is signalled to write a checkpoint{then}")]
        if self._policy == "stop" and time_s - self._signalled_s >= self._grace_s:
            self._stopped = True
            return [Action("stop", f"{over}: stopped")]
        return []

    def _first(self, name: str, what: str) -> bool:
        is_first = (name, what) not in self._said
        self._said.add((name, what))
        return is_first

    def _actual(self, name: str, spent: Mapping[str, Uncertain]) -> tuple[Uncertain | None, float]:
        """Return what the whole run took so far, None where nothing is known, and how much of it earlier sessions took."""
        now, before = (_scaled(name, figures.get(FIGURE_OF[name])) for figures in (spent, self._before))
        if now is None or before is None:
            return now if before is None else before, 0.0 if before is None else before.median
        return now + before, before.median

    def _over_text(self, name: str, limit: float, actual: Uncertain, *, before: float) -> str:
        earlier = f", {_amount(name, before)} of it in earlier sessions" if before > 0.0 else ""
        return f"the budget of {_amount(name, limit)} is spent: {_amount(name, actual)}{earlier}"


def spent_before(record: "RunRecord | None") -> tuple[dict[str, Uncertain], list[str]]:
    """Return what the earlier sessions of a run took, as the ledger has it, and a note for each figure that they do not state.

    Args:
        record: What :func:`traincarbon.ledger.record.read_run` gave, None where the run is new.
    """
    if record is None:
        return {}, []
    spent = {"duration_s": Uncertain(record.duration_s)}
    notes = []
    for name in ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd"):
        stated = getattr(record, name)
        if stated is not None:
            spent[name] = uncertain_from(stated, name="earlier sessions")
        elif record.metered_kwh and record.hw:  # of unknown hardware some figures are never known
            notes.append(f"earlier sessions of this run do not state {_WORDS[name]}: it is counted from here")
    emissions = [spent[name] for name in ("operational_kgco2e", "embodied_kgco2e") if name in spent]
    if emissions:
        spent["total_kgco2e"] = emissions[0] if len(emissions) == 1 else emissions[0] + emissions[1]
    return spent, notes


def _scaled(name: str, figure: Uncertain | None) -> Uncertain | None:
    """Return *figure* in the unit of the limit *name*; None where it is no finite amount."""
    if figure is None or not 0.0 <= figure.median < math.inf:
        return None
    return figure * (1.0 / S_PER_H) if name == "hours" else figure


def _amount(name: str, value: Uncertain | float) -> str:
    """Return *value* as a person reads it, with its interval where it has one."""
    if isinstance(value, Uncertain):
        low, high = value.interval()
        middle = _amount(name, value.median)
        return middle if not high > low * 1.001 else f"{middle} ({_round(low)} to {_round(high)})"
    text = _round(value)
    return f"${text}" if name == "usd" else f"{text} {_UNITS[name]}"


_WORDS = {
    "facility_energy_kwh": "the energy of the facility",
    "operational_kgco2e": "the CO2e of the electricity",
    "embodied_kgco2e": "the CO2e of the hardware's making",
    "total_kgco2e": "the CO2e",
    "cost_usd": "the cost",
    "duration_s": "the time",
}
_UNITS = {"kwh": "kWh", "kgco2e": "kg CO2e", "hours": "h"}


def _round(value: float) -> str:
    """Return three figures of *value*, thousands parted by commas."""
    if not 0.0 < value < 1e15:
        return f"{value:g}"
    digits = max(2 - math.floor(math.log10(value)), 0)
    return f"{value:,.{digits}f}" if value >= _LEAST else f"{value:.2e}"
