"""What advice is made of: alternatives with what they save, what is lost and what they rest on, and those that do not apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.estimation.plan import Plan
from traincarbon.explore.advice.evidence import Evidence
from traincarbon.explore.advice.saving import Saving
from traincarbon.explore.compared_results import FIGURES, plain
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    import pandas as pd

GROUPS: dict[str, str] = {
    "same": "The same model and training",
    "size": "Another model of the same predicted loss",
    "reuse": "Another way to the end",
    "together": "Several of these together",
    "lifetime": "Training and service together",
}
"""Kinds of alternatives, by how much of the plan they keep; they are ranked within their kind."""
SAVED = ("cost_usd", "facility_energy_kwh", "total_kgco2e", "accelerator_hours_h")
"""Figures of which savings are stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One way to the same end, computed.

    Attributes:
        id: Its name for machines.
        group: A key of :data:`GROUPS`.
        name: What to do, in a few words.
        figures: What it takes, each figure of :data:`~traincarbon.explore.compared_results.FIGURES`; None where unknown.
        savings: What it saves against the plan, each figure of :data:`SAVED`; None where either side is unknown.
        lost: What is given up.
        effort: ``low``, ``medium`` or ``high``.
        not_when: When it does not apply.
        how: How its figures were computed.
        evidence: What it rests on.
        plan: The changed plan, where it is one.
    """

    id: str
    group: str
    name: str
    figures: Mapping[str, Interval | None]
    savings: Mapping[str, Saving | None]
    lost: str
    effort: str
    not_when: str
    how: str
    evidence: tuple[Evidence, ...]
    plan: Plan | None = None

    @property
    def is_verified(self) -> bool:
        """Whether all that its figures were computed from has been read in its source, or its arithmetic is stated."""
        return all(piece.is_verified for piece in self.evidence if piece.is_basis)

    def to_dict(self) -> dict[str, Any]:
        """Return the alternative fit for JSON."""
        return {
            "id": self.id,
            "group": self.group,
            "name": self.name,
            "savings": {name: None if saved is None else saved.to_dict() for name, saved in self.savings.items()},
            "figures": plain(self.figures),
            "lost": self.lost,
            "effort": self.effort,
            "not_when": self.not_when,
            "how": self.how,
            "evidence": [piece.to_dict() for piece in self.evidence],
            "plan": None if self.plan is None else self.plan.to_dict(),
        }


class NotOffered(NamedTuple):
    """An alternative that was looked at, and why it is not offered."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The alternatives to a plan, ranked within their group; see :func:`traincarbon.advise`.

    Attributes:
        plan: What was planned.
        by: The figure that they are ranked by.
        money: Whether ``cost_usd`` is that of renting (``rent``) or of owning (``own``).
        figures: What the plan takes.
        lifetime: What it takes with its service, where requests were stated; alternatives of the group ``lifetime`` are held against it.
        loss: Predicted loss of the plan with its interval, where the law speaks of it. [nat/token]
        alternatives: Group by group, the largest saving first.
        not_offered: What was looked at and left out, each with its reason.
        notes: What a reader should know before relying on it.
        level: Confidence level of all intervals. [1]
    """

    plan: Plan
    by: str
    money: str
    figures: Mapping[str, Interval | None]
    lifetime: Mapping[str, Interval | None] | None
    loss: Interval | None
    alternatives: tuple[Alternative, ...]
    not_offered: tuple[NotOffered, ...]
    notes: tuple[str, ...]
    level: float

    def in_group(self, group: str) -> tuple[Alternative, ...]:
        """Return the alternatives of one group, best first."""
        return tuple(alternative for alternative in self.alternatives if alternative.group == group)

    def to_dict(self) -> dict[str, Any]:
        """Return the advice fit for JSON, in the schema ``traincarbon/advice/1``."""
        return {
            "schema": "traincarbon/advice/1",
            "plan": self.plan.to_dict(),
            "by": self.by,
            "money": self.money,
            "level": self.level,
            "figures": plain(self.figures),
            "lifetime": None if self.lifetime is None else plain(self.lifetime),
            "loss": None if self.loss is None else self.loss._asdict(),
            "alternatives": [alternative.to_dict() for alternative in self.alternatives],
            "not_offered": [left._asdict() for left in self.not_offered],
            "notes": list(self.notes),
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return a row an alternative: its group, name and effort, the shares saved, and the figures' medians.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        rows = []
        for each in self.alternatives:
            row: dict[str, Any] = {"id": each.id, "group": each.group, "name": each.name, "effort": each.effort, "is_verified": each.is_verified}
            row |= {f"saved_share_{name}": None if saved is None else saved.share for name, saved in each.savings.items()}
            row |= {name: None if (interval := each.figures[name]) is None else interval.median for name in FIGURES}
            rows.append(row)
        return pd.DataFrame(rows)
