"""All budgets of a run on a node: that of the process that meters, and those of ranks that state others."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.tracking.live_state import BudgetState
from traincarbon.tracking.settings import BudgetPolicy, Limits, Settings
from traincarbon.tracking.value.budget import Action, Budget, budget_text
from traincarbon.uncertain import Uncertain

_MOST = 20
"""Budgets that are told apart; ranks of one training state one."""


class StatedBudget(NamedTuple):
    """What a process of the run states: its limits, and what is to happen then."""

    limits: Limits
    policy: BudgetPolicy
    grace_s: float
    is_within: bool = False
    """Whether a training within another tracked command states it: it ends that training alone, and with it."""


class Demand(NamedTuple):
    """What a budget demands, and of whom."""

    kind: BudgetPolicy
    of: StatedBudget | None = None
    """The budget of trainings within a tracked command; None for one of the whole run."""

    def is_for(self, settings: Settings) -> bool:
        """Return whether the training with *settings* is to end."""
        return not settings.joins if self.of is None else settings.joins and self.of == stated_budget(settings)


class RunBudgets:
    """Watches each budget that a process of the run states. They are budgets of the whole run, so that each counts all of its energy and time.

    Args:
        settings: Those of the process that meters.
    """

    def __init__(self, settings: Settings) -> None:
        self._stated: list[StatedBudget] = []
        self._watched: dict[StatedBudget, Budget] = {}
        self._earlier: Mapping[str, Uncertain] | None = None
        if settings.limits.given:
            self._stated.append(stated_budget(settings))

    def add(self, settings: Settings) -> str:
        """Watch the budget of another process of the run too; return a note if it is not one that is watched already.

        Args:
            settings: Those of the other process, which may have another version.
        """
        stated = stated_budget(settings)
        if not stated.limits.given or stated in self._stated or stated._replace(is_within=False) in self._stated:
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
        """Begin to watch, given what earlier sessions of the run took, by quantity; what was said of the same is not said again."""
        if earlier == self._earlier:
            return
        self._earlier = earlier
        self._watched = {}
        for stated in self._stated:
            self._watch(stated)

    def keep(self, settings: Iterable[Settings]) -> None:
        """Watch the budgets of trainings within a tracked command no more that none of those with *settings* states."""
        going_on = {stated_budget(each) for each in settings}
        self._stated = [stated for stated in self._stated if not stated.is_within or stated in going_on]
        self._watched = {stated: budget for stated, budget in self._watched.items() if stated in self._stated}

    def __iter__(self) -> Iterator[Budget]:
        return iter(self._watched.values())

    def unwatched(self, spent: Mapping[str, Uncertain], *, cost_basis: str, accelerators: float) -> list[str]:
        """Return a sentence for each limit on a quantity that is not known, or known in part."""
        return [text for budget in self for text in (*budget.unwatched(spent), *budget.partial(spent, cost_basis=cost_basis, accelerators=accelerators))]

    def check(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain], *, time_s: float, ended: bool) -> list[tuple[Action, Demand]]:
        """Return the actions that are due now, see :meth:`Budget.check`, with what each demands."""
        return [
            (action, Demand(action.kind, stated if stated.is_within else None))
            for stated, budget in self._watched.items()
            for action in budget.check(spent, forecast, time_s=time_s, ended=ended)
        ]

    def states(self, spent: Mapping[str, Uncertain], forecast: Mapping[str, Uncertain]) -> tuple[BudgetState, ...]:
        """Return how much of each limit is spent and forecast."""
        return tuple(state for budget in self for state in budget.states(spent, forecast))

    def _watch(self, stated: StatedBudget) -> None:
        """Check a budget, and watch it if the watch has begun.

        Raises:
            CarbonError: it is not possible.
        """
        budget = Budget(stated.limits, policy=stated.policy, earlier=self._earlier, grace_s=stated.grace_s)
        if self._earlier is not None:
            self._watched[stated] = budget


def stated_budget(settings: Settings) -> StatedBudget:
    """Return the budget that a process states."""
    return StatedBudget(settings.limits, settings.on_budget, settings.grace_s, settings.joins)
