"""The result of advice: alternatives with their savings, losses and evidence, and those that do not apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.estimation.plan import Plan
from traincarbon.explore.advice.evidence import Evidence
from traincarbon.explore.advice.saving import Saving
from traincarbon.explore.compared_results import plain
from traincarbon.extras import data_frame
from traincarbon.quantities import COMPARED, RANKED
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    import pandas as pd


class Group(StrEnum):
    """How much of the plan an alternative keeps. Alternatives are ranked within their group."""

    SAME = "same"
    SIZE = "size"
    REUSE = "reuse"
    TOGETHER = "together"
    LIFETIME = "lifetime"


GROUPS: dict[Group, str] = {
    Group.SAME: "The same model and training",
    Group.SIZE: "Another model of the same predicted loss",
    Group.REUSE: "An existing model instead",
    Group.TOGETHER: "Several of these combined",
    Group.LIFETIME: "Training and serving together",
}
"""The title of each group, in the order in which groups are shown."""
SAVED: tuple[str, ...] = tuple(RANKED.values())
"""The quantities that the savings of an alternative state."""


class Change(StrEnum):
    """What of the plan an alternative changes. A combination takes at most one alternative for each."""

    FORMAT = "number format"
    SOFTWARE = "software"
    LAYOUT = "layout"
    POWER = "power"
    PRICE = "price"
    SCHEDULE = "schedule"
    PLACE = "place"
    HARDWARE = "hardware"
    SIZE = "size and data"
    MODEL = "model"
    ADAPTERS = "trained parameters"
    SERVING = "serving"
    SEVERAL = "several"


class Effort(StrEnum):
    """How much work an alternative takes, the least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One computed alternative to a plan.

    Attributes:
        id: A stable name for programs.
        group: How much of the plan it keeps.
        change: What of the plan it changes.
        name: What to do, in a few words.
        results: Each compared quantity; None where unknown.
        savings: The saving of each ranked quantity against the plan; None where either side is unknown.
        lost: What is given up.
        effort: How much work it takes.
        not_when: When it does not apply.
        how: How its results were computed.
        evidence: The facts behind it.
        plan: The changed plan, where the alternative is one.
        cash_usd: Money to pay or to commit to, over the whole of a commitment or for hardware that is bought; None where unknown. [$]
        is_much_cash: Whether that is more than ten times the cost of the plan.
        short: What it is called in a list of combined alternatives.
        is_combinable: Whether it reaches the same end as the plan, so that it can be combined with others.
    """

    id: str
    group: Group
    change: Change
    name: str
    results: Mapping[str, Interval | None]
    savings: Mapping[str, Saving | None]
    lost: str
    effort: Effort
    not_when: str
    how: str
    evidence: tuple[Evidence, ...]
    plan: Plan | None = None
    cash_usd: float | None = None
    is_much_cash: bool = False
    short: str = ""
    is_combinable: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether every fact that its results were computed from was checked in its source or is derived."""
        return all(piece.is_verified for piece in self.evidence if piece.is_basis)

    def to_dict(self) -> dict[str, object]:
        """Return the alternative fit for JSON."""
        return {
            "id": self.id,
            "group": self.group.value,
            "name": self.name,
            "savings": {name: None if saved is None else saved.to_dict() for name, saved in self.savings.items()},
            "figures": plain(self.results),
            "cash_usd": self.cash_usd,
            "is_much_cash": self.is_much_cash,
            "lost": self.lost,
            "effort": self.effort.value,
            "not_when": self.not_when,
            "how": self.how,
            "evidence": [piece.to_dict() for piece in self.evidence],
            "plan": None if self.plan is None else self.plan.to_dict(),
        }


class NotOffered(NamedTuple):
    """An alternative that was considered and is not offered.

    Attributes:
        id: A stable name for programs.
        name: What it would be.
        reason: Why it is not offered.
    """

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The alternatives to a plan, ranked within their groups; see :func:`traincarbon.advise`.

    Attributes:
        plan: The plan that was asked about.
        by: The quantity that alternatives are ranked by.
        money: Whether ``cost_usd`` is the cost to rent (``rent``) or to own (``own``).
        results: Each compared quantity of the plan; None where unknown.
        lifetime: The same for training and serving together, where requests were stated. Alternatives of the group ``lifetime`` are compared with it.
        loss: The predicted loss of the plan, where the scaling law covers it. [nat/token]
        alternatives: The alternatives, group by group, the largest saving first.
        not_offered: The alternatives that were considered and left out.
        notes: What a reader should know before relying on the advice.
        level: Confidence level of all intervals. [1]
    """

    plan: Plan
    by: str
    money: str
    results: Mapping[str, Interval | None]
    lifetime: Mapping[str, Interval | None] | None
    loss: Interval | None
    alternatives: tuple[Alternative, ...]
    not_offered: tuple[NotOffered, ...]
    notes: tuple[str, ...]
    level: float

    def in_group(self, group: str) -> tuple[Alternative, ...]:
        """Return the alternatives of one group, the best first."""
        return tuple(alternative for alternative in self.alternatives if alternative.group == group)

    @property
    def ranked(self) -> tuple[Alternative, ...]:
        """The alternatives of all groups, those that save most of the quantity :attr:`by` first."""

        def rank(alternative: Alternative) -> tuple[float, float, int]:
            saved = alternative.savings[self.by]
            first, chance = (saved.median, saved.chance) if saved is not None else (0.0, 0.0)
            return -first, -chance, list(Effort).index(alternative.effort)

        return tuple(sorted(self.alternatives, key=rank))

    def to_dict(self) -> dict[str, object]:
        """Return the advice fit for JSON, in the schema ``traincarbon/advice/1``."""
        return {
            "schema": "traincarbon/advice/1",
            "plan": self.plan.to_dict(),
            "by": self.by,
            "money": self.money,
            "level": self.level,
            "figures": plain(self.results),
            "lifetime": None if self.lifetime is None else plain(self.lifetime),
            "loss": None if self.loss is None else self.loss.to_dict(),
            "alternatives": [alternative.to_dict() for alternative in self.alternatives],
            "ranking": [alternative.id for alternative in self.ranked],
            "not_offered": [left._asdict() for left in self.not_offered],
            "notes": list(self.notes),
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return a row an alternative: its group, name and effort, the shares saved, and the median of each quantity.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        rows = []
        for each in self.alternatives:
            row: dict[str, object] = {
                "id": each.id,
                "group": each.group.value,
                "name": each.name,
                "effort": each.effort.value,
                "is_verified": each.is_verified,
            }
            row |= {f"saved_share_{name}": None if saved is None else saved.share for name, saved in each.savings.items()}
            row |= {name: None if (interval := each.results[name]) is None else interval.median for name in COMPARED}
            rows.append(row)
        return data_frame(rows)
