"""What advice is given on: the plan, its estimate, what is wanted of it, and the means to compute an alternative."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.errors import PlanError
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import SAVED, Alternative, NotOffered
from traincarbon.explore.advice.evidence import Evidence, evidence_of, technique
from traincarbon.explore.advice.saving import saving
from traincarbon.explore.compared_results import Figures, figures_of, intervals
from traincarbon.explore.law import FittedLaw, Size
from traincarbon.explore.variant import reestimate
from traincarbon.uncertain import Num, median_of

Found = Alternative | NotOffered

_UNDERSTANDING = ("classif", "sentiment", "tagging", "extract", "retriev", "search", "rank", "embed", "entity", "detect", "label", "routing", "similarity")
_GENERATION = ("chat", "generat", "writ", "code", "coding", "translat", "summar", "answer", "assistant", "reason", "dialog", "agent")


class Goal(NamedTuple):
    """What the model is for."""

    text: str
    is_understanding: bool
    is_generation: bool


class Service(NamedTuple):
    """What the model will serve over its life."""

    requests: Num
    tokens_per_request: Num

    @property
    def tokens(self) -> Num:
        """Tokens served, of prompts and answers. [1]."""
        return self.requests * self.tokens_per_request


class Situation:
    """A plan with its estimate and all that alternatives are computed from."""

    def __init__(
        self,
        base: Estimate,
        database: Database,
        *,
        money: str,
        law: FittedLaw,
        size: Size | None,
        loss: float | None,
        goal: Goal | None,
        service: Service | None,
        finetune_tokens: Num | None,
    ) -> None:
        self.base = base
        self.plan: Plan = base.plan
        self.database = database
        self.money = money
        self.law = law
        self.size = size
        """Model and data where the law speaks of the plan, else None."""
        self.loss = loss
        """The loss that is wanted: stated, or predicted of the plan; None where the law does not speak of it."""
        self.goal = goal
        self.service = service
        self.finetune_tokens = finetune_tokens
        self.figures: Figures = figures_of(base, money)

    @property
    def kind(self) -> str:
        """What kind of training the plan is."""
        return self.plan.kind or "pretrain"

    @property
    def precision(self) -> str:
        """The number format of the plan's matrix products."""
        return self.base.facts.precision

    def number(self, name: str) -> float | None:
        """Return the median of a field of the plan, None where it is not said."""
        value = self.plan.number(name)
        return None if value is None else float(median_of(value))

    def estimate(self, **fields: Any) -> Estimate:
        """Return the estimate of the plan with other fields.

        Raises:
            CarbonError: the changed plan cannot be answered.
        """
        return reestimate(self.base, self.database, **fields)

    def row(self, id: str) -> Row | None:
        """Return the published effect *id*, or None where the database has none."""
        return technique(self.database, id)

    def evidence(self, *ids: str) -> tuple[Evidence, ...]:
        """Return those of the published effects *ids* that the database has, as what figures were computed from."""
        return self._evidence(ids, is_basis=True)

    def support(self, *ids: str) -> tuple[Evidence, ...]:
        """Return those of the published effects *ids* that the database has, as what speaks for an alternative beside its figures."""
        return self._evidence(ids, is_basis=False)

    def _evidence(self, ids: Sequence[str], *, is_basis: bool) -> tuple[Evidence, ...]:
        rows = [(id, self.row(id)) for id in ids]
        return tuple(evidence_of(self.database, row, table="techniques", key=id, is_basis=is_basis) for id, row in rows if row is not None)

    def alternative(
        self,
        id: str,
        group: str,
        name: str,
        figures: "Figures | Estimate",
        *,
        lost: str,
        effort: str,
        not_when: str,
        how: str,
        evidence: Sequence[Evidence],
        apart: Collection[str] = (),
        against: Figures | None = None,
        plan: Plan | None = None,
    ) -> Alternative:
        """Return the alternative that takes *figures*, its savings being those against the plan, or against other figures.

        Spreads named in *apart* are not shared with the plan.
        """
        if isinstance(figures, Estimate):
            plan = figures.plan if plan is None else plan
            figures = figures_of(figures, self.money)
        old = self.figures if against is None else against
        savings = {}
        for figure in SAVED:
            before, after = old[figure], figures[figure]
            savings[figure] = None if before is None or after is None else saving(before, after, level=self.base.level, apart=apart)
        return Alternative(
            id=id,
            group=group,
            name=name,
            figures=intervals(figures, self.base.level),
            savings=savings,
            lost=lost,
            effort=effort,
            not_when=not_when,
            how=how,
            evidence=tuple(evidence),
            plan=plan,
        )


def goal_of(text: str | None) -> Goal | None:
    """Return what the *text* of a goal says about the kind of work, None where no goal is stated.

    Raises:
        PlanError: the text is empty.
    """
    if text is None:
        return None
    if not text.strip():
        raise PlanError("the goal is empty", hint='say what the model is for, as --goal "classification"')
    words = text.lower()
    return Goal(text, any(word in words for word in _UNDERSTANDING), any(word in words for word in _GENERATION))
