"""Budgets: how much energy, money, CO2e and time a run may take, and what to do when it is near a limit or over it."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.formatting import significant
from traincarbon.quantities import BUDGETED, QUANTITIES, RECORDED, S_PER_H, CostBasis
from traincarbon.tracking.live_state import BudgetState
from traincarbon.tracking.settings import BudgetPolicy, Limits
from traincarbon.tracking.value.run_results import uncertain_from
from traincarbon.tracking.value.valuation import EarlierSessions
from traincarbon.uncertain import Interval, Uncertain

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run

NEAR = 0.8
"""Share of a limit from which on the user is warned."""
GRACE_S = 60.0
"""Default time from the signal to the stop, in which the training can write a checkpoint. [s]"""


class Action(NamedTuple):
    """Something to do, and the sentence that says why."""

    kind: BudgetPolicy
    text: str


class Budget:
    """Watches the limits of a run. Each action comes once and is never withdrawn.

    The median decides; the text states the interval.

    Args:
        limits: How much the run may take.
        policy: ``warn`` only warns; ``signal`` sends one signal at the limit; ``stop`` sends it and stops the run after a grace period.
        earlier: What earlier sessions of the same run took, by quantity.
        grace_s: Time from signal to stop. [s]

    Raises:
        CarbonError: a limit is not a positive number, or the policy is unknown.
    """

    def __init__(self, limits: Limits, *, policy: str = BudgetPolicy.WARN, earlier: Mapping[str, Uncertain] | None = None, grace_s: float = GRACE_S) -> None:
        for name, limit in limits.given.items():
            if not 0.0 < limit < math.inf:
                raise CarbonError(f"a budget of {limit:g} {name} is not possible", hint="a budget is above 0; leave the option out for no limit")
        if policy not in tuple(BudgetPolicy):
            raise CarbonError(f"unknown budget policy {policy!r}", hint=f"on-budget is one of {', '.join(BudgetPolicy)}")
        self._limits = limits.given
        self._policy = BudgetPolicy(policy)
        self._earlier = dict(earlier or {})
        self._grace_s = grace_s
        self._announced: set[tuple[str, str]] = set()
        self._signalled_s: float | None = None
        self._stopped = False

    def check(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain] | None = None, *, time_s: float, ended: bool = False) -> list[Action]:
        """Return the actions that are due now and have not been returned before.

        Args:
            spent: What this session took so far, by quantity.
            forecast: What the whole run will have taken, including earlier sessions.
            time_s: Now, on the monotonic clock. [s]
            ended: Whether the training has ended, so that it can be neither signalled nor stopped.
        """
        actions: list[Action] = []
        over, began_over = "", False
        for name, limit in self._limits.items():
            actual, earlier = self._actual(name, spent)
            if actual is None:
                continue
            if actual.median >= limit:
                text = self._over_text(name, limit, actual, earlier=earlier)
                over, began_over = over or text, began_over or earlier >= limit
                if self._is_first(name, "over") and (self._policy is BudgetPolicy.WARN or ended or self._signalled_s is not None):
                    actions.append(Action(BudgetPolicy.WARN, text))
                continue
            if actual.median >= NEAR * limit and self._is_first(name, "near"):
                share = f"{actual.median / limit * 100.0:.0f} %"
                actions.append(Action(BudgetPolicy.WARN, f"{share} of the budget of {_amount(name, limit)} is spent: {_amount(name, actual)}{_kind(name)}"))
            expected = _in_unit_of_limit(name, (forecast or {}).get(BUDGETED[name]))
            if expected is not None and expected.median > limit and self._is_first(name, "forecast"):
                actions.append(
                    Action(BudgetPolicy.WARN, f"the run will take {_amount(name, expected)}{_kind(name)}, more than its budget of {_amount(name, limit)}")
                )
        if over and self._policy is not BudgetPolicy.WARN and not ended:
            actions += self._act(over, time_s, began_over=began_over)
        return actions

    def states(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain]) -> tuple[BudgetState, ...]:
        """Return how much of each limit is spent and forecast, without limits on what is not known."""
        states = []
        for name, limit in self._limits.items():
            actual, _ = self._actual(name, spent)
            expected = _in_unit_of_limit(name, forecast.get(BUDGETED[name]))
            if actual is not None:
                states.append(BudgetState(name, limit, actual.median, None if expected is None else Interval.of(expected)))
        return tuple(states)

    def unwatched(self, spent: Mapping[str, Uncertain]) -> list[str]:
        """Return a sentence for each limit on a quantity that is not known."""
        return [
            f"the budget of {_amount(name, limit)} cannot be watched: {QUANTITIES[BUDGETED[name]].phrase} is not known here"
            for name, limit in self._limits.items()
            if self._actual(name, spent)[0] is None
        ]

    def partial(self, spent: Mapping[str, Uncertain], *, cost_basis: str, accelerators: float) -> list[str]:
        """Return a sentence for each limit that counts electricity alone on a machine with accelerators, whose own price or emissions are unknown."""
        found = []
        if accelerators > 0.0 and "usd" in self._limits and cost_basis == CostBasis.ELECTRICITY:
            found.append(
                f"the budget of {_amount('usd', self._limits['usd'])} counts electricity alone: the price of this hardware is unknown (see --rent-price)"
            )
        if accelerators > 0.0 and "kgco2e" in self._limits and "total_kgco2e" in spent and "embodied_kgco2e" not in spent:
            found.append(
                f"the budget of {_amount('kgco2e', self._limits['kgco2e'])} counts electricity alone: the emissions of making this hardware are unknown"
            )
        return found

    def _act(self, over: str, time_s: float, *, began_over: bool) -> list[Action]:
        """Return the signal when a limit is first reached and the stop after the grace period; the stop at once if the run began over it."""
        if self._stopped:
            return []
        if self._policy is BudgetPolicy.STOP and began_over and self._signalled_s is None:
            self._stopped = True
            return [Action(BudgetPolicy.STOP, f"{over}: stopped at once, as none of the budget is left")]
        if self._signalled_s is None:
            self._signalled_s = time_s
            then = f" and will be stopped in {self._grace_s:.0f} s" if self._policy is BudgetPolicy.STOP else ""
            return [Action(BudgetPolicy.SIGNAL, f"{over}: the training is signalled to write a checkpoint{then}")]
        if self._policy is BudgetPolicy.STOP and time_s - self._signalled_s >= self._grace_s:
            self._stopped = True
            return [Action(BudgetPolicy.STOP, f"{over}: stopped")]
        return []

    def _is_first(self, name: str, what: str) -> bool:
        is_first = (name, what) not in self._announced
        self._announced.add((name, what))
        return is_first

    def _actual(self, name: str, spent: Mapping[str, Uncertain]) -> tuple[Uncertain | None, float]:
        """Return what the whole run took so far, None if it is not known, and how much of it earlier sessions took."""
        now, earlier = (_in_unit_of_limit(name, values.get(BUDGETED[name])) for values in (spent, self._earlier))
        if now is None or earlier is None:
            return now if earlier is None else earlier, 0.0 if earlier is None else earlier.median
        return now + earlier, earlier.median

    def _over_text(self, name: str, limit: float, actual: Uncertain, *, earlier: float) -> str:
        of_which = f", {_amount(name, earlier)} of it in earlier sessions" if earlier > 0.0 else ""
        return f"the budget of {_amount(name, limit)} is spent: {_amount(name, actual)}{_kind(name)}{of_which}"


def budget_text(name: str, limit: float) -> str:
    """Return a limit with its unit.

    Example:
        >>> budget_text("kwh", 5.0), budget_text("usd", 100.0), budget_text("hours", 2.0)
        ('5 kWh', '$100', '2 h')
    """
    return _amount(name, limit)


def earlier_sessions(record: "Run | None") -> EarlierSessions:
    """Return what the earlier sessions of a run took, as the ledger has it, with a note for each quantity that they do not state.

    Args:
        record: The result of :func:`traincarbon.ledger.record.read_run`, None if the run is new.
    """
    if record is None:
        return EarlierSessions()
    spent = {"duration_s": Uncertain(record.duration_s)}
    notes = []
    for name in RECORDED:
        stated = getattr(record, name)
        if stated is not None:
            spent[name] = uncertain_from(stated, name="earlier sessions")
        elif record.metered_kwh and record.hw and record.state != "running":  # one that runs is on another node; of unknown hardware some are never known
            notes.append(f"earlier sessions of this run do not state {QUANTITIES[name].phrase}: it counts from this session on")
    emissions = [spent[name] for name in QUANTITIES["total_kgco2e"].sums if name in spent]
    if emissions:
        spent["total_kgco2e"] = emissions[0] if len(emissions) == 1 else emissions[0] + emissions[1]
    return EarlierSessions(spent, record.counts, tuple(notes))


def _in_unit_of_limit(name: str, value: Uncertain | None) -> Uncertain | None:
    """Return *value* in the unit of the limit *name*; None if it is not a finite amount."""
    if value is None or not 0.0 <= value.median < math.inf:
        return None
    return value * (1.0 / S_PER_H) if name == "hours" else value


def _kind(name: str) -> str:
    """Return which energy a budget of energy counts."""
    return " of facility energy" if name == "kwh" else ""


def _amount(name: str, value: Uncertain | float) -> str:
    """Return *value* in the unit of the limit *name*, with its interval if it has one."""
    low, median, high = Interval.of(value)
    number = significant(median, 3)
    unit = "h" if name == "hours" else QUANTITIES[BUDGETED[name]].unit
    text = f"${number}" if unit == "$" else f"{number} {unit}"
    return text if not high > low * 1.001 else f"{text} ({significant(low, 3)} to {significant(high, 3)})"
