"""All budgets of a run on a node: that of the process that meters, and those of ranks that state others."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.tracking.live_state import BudgetState
from traincarbon.tracking.settings import BudgetPolicy, Limits, Settings
from traincarbon.tracking.value.budget import Action, Budget, budget_text
from traincarbon.uncertain import Uncertain

_MOST = 20
"""Budgets that are told apart; ranks of one training state one."""


class _Stated(NamedTuple):
    limits: Limits
    policy: BudgetPolicy
    grace_s: float


class RunBudgets:
    """Watches each budget that a process of the run states. They are budgets of the whole run, so that each counts all of its energy and time.

    Args:
        settings: Those of the process that meters.
    """

    def __init__(self, settings: Settings) -> None:
        self._stated: list[_Stated] = []
        self._watched: list[Budget] = []
        self._earlier: Mapping[str, Uncertain] | None = None
        if settings.limits.given:
            self._stated.append(_stated(settings))

    def add(self, settings: Settings) -> str:
        """Watch the budget of another process of the run too; return a note if it is not one that is watched already.

        Args:
            settings: Those of the other process, which may have another version.
        """
        stated = _stated(settings)
        if not stated.limits.given or stated in self._stated:
            return ""
        if len(self._stated) >= _MOST:
            return f"more than {_MOST} different budgets were stated by processes of this run: the others are not watched"
        try:
            self._watch(stated)
        except CarbonError as error:
            return f"a process of this run states a budget that is not watched: {error}"
        self._stated.append(stated)
        limits = " and ".join(budget_text(name, limit) for name, limit in stated.limits.given.items())
        return f"a process of this run states a budget of its own, which is watched too: {limits}, {stated.policy.value}"

    def begin(self, earlier: Mapping[str, Uncertain]) -> None:
        """Begin to watch, given what earlier sessions of the run took, by quantity."""
        self._earlier = earlier
        self._watched = []
        for stated in self._stated:
            self._watch(stated)

    def __iter__(self) -> Iterator[Budget]:
        return iter(self._watched)

    def unwatched(self, spent: Mapping[str, Uncertain], *, cost_basis: str, accelerators: float) -> list[str]:
        """Return a sentence for each limit on a quantity that is not known, or known in part."""
        return [text for budget in self for text in (*budget.unwatched(spent), *budget.partial(spent, cost_basis=cost_basis, accelerators=accelerators))]

    def check(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain], *, time_s: float, ended: bool) -> list[Action]:
        """Return the actions that are due now, see :meth:`Budget.check`."""
        return [action for budget in self for action in budget.check(spent, forecast, time_s=time_s, ended=ended)]

    def states(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain]) -> tuple[BudgetState, ...]:
        """Return how much of each limit is spent and forecast."""
        return tuple(state for budget in self for state in budget.states(spent, forecast))

    def _watch(self, stated: _Stated) -> None:
        """Check a budget, and watch it if the watch has begun.

        Raises:
            CarbonError: it is not possible.
        """
        budget = Budget(stated.limits, policy=stated.policy, earlier=self._earlier, grace_s=stated.grace_s)
        if self._earlier is not None:
            self._watched.append(budget)


def _stated(settings: Settings) -> _Stated:
    return _Stated(settings.limits, settings.on_budget, settings.grace_s)
