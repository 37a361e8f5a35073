"""What a change of plans costs: each plan before and after, the differences, and limits on them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from os import path
from typing import Any, NamedTuple, TypeAlias

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.saving import SPREADS_OF_HARDWARE, saving_of
from traincarbon.explore.change_limits import Change, Changes, Limit
from traincarbon.explore.compared_results import Results, added, chosen_money, intervals, plain, results_of
from traincarbon.quantities import COMPARED
from traincarbon.uncertain import Interval, Num, median_of

Plans: TypeAlias = Mapping[str, Plan | CarbonError]
"""Plans by name; the error in place of one that cannot be read."""


_ALONE = "plan"
"""The name of a plan that is given without one."""


class Status(StrEnum):
    """What became of a plan."""

    CHANGED = "changed"
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    FAILED = "failed"
    """It cannot be estimated as it is now."""


class PlanChange(NamedTuple):
    """A plan before and after.

    Attributes:
        plan: Name of the plan.
        status: What became of it.
        fields: The fields that changed, with the value before and after; None where one was not stated.
        before: The results before, None where there was no plan that could be estimated.
        after: The results after, None where there is none.
        changes: The differences; a plan that is new or gone counts whole.
        reason: Why it cannot be estimated, before or after; empty where it can.
    """

    plan: str
    status: Status
    fields: Mapping[str, tuple[object, object]]
    before: Mapping[str, Interval | None] | None
    after: Mapping[str, Interval | None] | None
    changes: Changes
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        return {
            "plan": self.plan,
            "status": str(self.status),
            "fields": {name: list(values) for name, values in self.fields.items()},
            "before": None if self.before is None else plain(self.before),
            "after": None if self.after is None else plain(self.after),
            "changes": _plain_changes(self.changes),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class PlanChanges:
    """What a change of plans costs.

    Attributes:
        base: What the plans were taken from before: a revision or a file.
        head: The same after.
        level: Confidence level of the intervals. [1]
        plans: Each plan, those that changed first.
        total: The changes of all plans that could be estimated, together.
        limits: The limits on the total.
    """

    base: str
    head: str
    level: float
    plans: Sequence[PlanChange]
    total: Changes
    limits: Sequence[Limit] = ()

    @property
    def exceeded(self) -> list[Limit]:
        """The limits that the total exceeds."""
        return [limit for limit in self.limits if limit.allows(self.total) is False]

    @property
    def unknown(self) -> list[Limit]:
        """The limits that cannot be judged, as the quantity is unknown in a plan."""
        return [limit for limit in self.limits if limit.allows(self.total) is None]

    @property
    def failed(self) -> list[PlanChange]:
        """The plans that cannot be estimated as they are now."""
        return [each for each in self.plans if each.status is Status.FAILED]

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        return {
            "schema": "traincarbon/diff/1",
            "base": self.base,
            "head": self.head,
            "level": self.level,
            "plans": [each.to_dict() for each in self.plans],
            "total": _plain_changes(self.total),
            "limits": [{"limit": str(limit), "quantity": limit.quantity, "is_kept": limit.allows(self.total)} for limit in self.limits],
        }


def diff(
    before: Plan | Plans,
    after: Plan | Plans,
    *,
    base: str = "before",
    head: str = "after",
    money: str | None = None,
    limits: Sequence[Limit] = (),
    database: Database | None = None,
    level: float = 0.9,
) -> PlanChanges:
    """Return what it costs to go from the plans *before* to those *after*; plans of one name belong together.

    Args:
        before: The plan as it was, or the plans by name.
        after: The plan as it is, or the plans by name.
        base: What *before* was taken from.
        head: What *after* was taken from.
        money: Whether cost is the cost to rent (``rent``) or to own (``own``); by default as each plan has it.
        limits: Limits on the total.
        database: The facts; by default the built-in ones and the user's own.
        level: Confidence level of the intervals. [1]

    Raises:
        CarbonError: *money* is neither, or the database cannot be read.

    Example:
        >>> plan = Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "dgx-a100"})
        >>> found = diff(plan, plan.__replace__(tokens=2e12))
        >>> found.plans[0].status, round(found.total["facility_energy_kwh"].share, 2)
        (<Status.CHANGED: 'changed'>, 1.0)
    """
    database = database if database is not None else open_database()
    before, after = ({_ALONE: plans} if isinstance(plans, Plan) else plans for plans in (before, after))
    pairs = [_Pair.of(name, before.get(name), after.get(name), money, database) for name in sorted({*before, *after})]
    rows = [pair.change(level) for pair in pairs]
    known = [pair for pair in pairs if pair.is_known]
    total = _total(known, level)
    return PlanChanges(base, head, level, sorted(rows, key=lambda row: row.status is Status.SAME), total, limits)


class _Pair(NamedTuple):
    """A plan before and after, with its results; a result that is not known is None, and a plan that is not there is an empty one."""

    name: str
    old: Plan | CarbonError | None
    new: Plan | CarbonError | None
    before: Results | CarbonError | None
    after: Results | CarbonError | None
    hardware: tuple[str, str]

    @classmethod
    def of(cls, name: str, old: Plan | CarbonError | None, new: Plan | CarbonError | None, money: str | None, database: Database) -> "_Pair":
        first, second = _answer(old, database), _answer(new, database)
        kind = next((chosen_money(each, money) for each in (second, first) if isinstance(each, Estimate)), "rent")
        results = [results_of(each, kind) if isinstance(each, Estimate) else each for each in (first, second)]
        hardware = tuple(each.facts.hardware.id if isinstance(each, Estimate) else "" for each in (first, second))
        return cls(name, old, new, results[0], results[1], (hardware[0], hardware[1]))

    @property
    def is_known(self) -> bool:
        """Whether the plan can be estimated as it is now, so that it counts."""
        return not isinstance(self.after, CarbonError)

    @property
    def independent(self) -> tuple[str, ...]:
        """The spreads that the plans before and after do not share."""
        return () if "" in self.hardware or self.hardware[0] == self.hardware[1] else SPREADS_OF_HARDWARE

    def change(self, level: float) -> PlanChange:
        """Return the plan before and after, with the differences."""
        reasons = [f"{when}: {each}" for when, each in (("before", self.before), ("now", self.after)) if isinstance(each, CarbonError)]
        old, new = _results(self.before), _results(self.after)
        changes = dict.fromkeys(COMPARED) if not self.is_known else _changes(old, new, level, self.independent)
        shown = [None if each is None else intervals(each, level) for each in (old, new)]
        return PlanChange(self.name, self._status(), _fields(self.old, self.new), shown[0], shown[1], changes, "; ".join(reasons))

    def _status(self) -> Status:
        if isinstance(self.after, CarbonError):
            return Status.FAILED
        if self.after is None:
            return Status.REMOVED
        if _results(self.before) is None:
            return Status.ADDED
        return Status.SAME if self.old == self.new else Status.CHANGED


def _answer(plan: Plan | CarbonError | None, database: Database) -> Estimate | CarbonError | None:
    if not isinstance(plan, Plan):
        return plan
    try:
        return estimate(plan, database=database)
    except CarbonError as error:
        return error


def _results(found: Results | CarbonError | None) -> Results | None:
    return None if isinstance(found, CarbonError) else found


def _changes(old: Results | None, new: Results | None, level: float, independent: Sequence[str] = ()) -> Changes:
    """Return the change of each quantity; what is not there counts as nothing."""
    found: dict[str, Change | None] = {}
    for name in COMPARED:
        first, second = (0.0 if each is None else each[name] for each in (old, new))
        found[name] = None if first is None or second is None else _change(first, second, level, independent)
    return found


def _change(old: Num, new: Num, level: float, independent: Sequence[str]) -> Change:
    more = saving_of(new, old, level=level, independent=independent)
    was = float(median_of(old))
    share = 0.0 if more.median == 0.0 else more.median / was if was else math.inf
    return Change(more.low, more.median, more.high, share, more.chance)


def _total(pairs: Sequence[_Pair], level: float) -> Changes:
    """Return the changes of all plans together; what moves several of them moves the total as much.

    Where each plan keeps its hardware, spreads of hardware are shared; where one does not, those of the total are not.
    """
    sums = [_sum([results for pair in pairs if (results := _results(each(pair))) is not None]) for each in (_before, _after)]
    independent = next((pair.independent for pair in pairs if pair.independent), ())
    return _changes(sums[0], sums[1], level, independent)


def _before(pair: _Pair) -> Results | CarbonError | None:
    return pair.before


def _after(pair: _Pair) -> Results | CarbonError | None:
    return pair.after


def _sum(results: Sequence[Results]) -> Results | None:
    return reduce(added, results) if results else None


def _fields(old: Plan | CarbonError | None, new: Plan | CarbonError | None) -> dict[str, tuple[object, object]]:
    if not isinstance(old, Plan) or not isinstance(new, Plan):
        return {}
    first, second = old.to_dict(), new.to_dict()
    changed = {name: (first.get(name), second.get(name)) for name in {**first, **second} if first.get(name) != second.get(name)}
    if "model" in changed:
        changed["model"] = (_file_name(first.get("model")), _file_name(second.get("model")))
    return changed


def _file_name(model: object) -> object:
    """Return the name of a model's configuration without its folder, which another revision has elsewhere."""
    return path.basename(model) if isinstance(model, str) else model


def _plain_changes(changes: Changes) -> dict[str, dict[str, float | bool | None] | None]:
    return {name: None if change is None else change.to_dict() for name, change in changes.items()}
