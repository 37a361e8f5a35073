"""The context of advice: the plan, its estimate, the user's goals, and the tools that compute an alternative."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.place_names import Place
from traincarbon.database.records import Product, Row
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import SAVED, Alternative, Change, Effort, Group, NotOffered
from traincarbon.explore.advice.evidence import Evidence, evidence_of, technique
from traincarbon.explore.advice.saving import saving_of
from traincarbon.explore.compared_results import Results, intervals, results_of, scaled
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.explore.variant import reestimate
from traincarbon.uncertain import Num, median_of

Outcome = Alternative | NotOffered
"""What a builder of alternatives yields."""

MUCH_CASH = 10.0
"""Cash of more than so many times the cost of the plan is marked."""
_CONSUMER_LINES = ("GeForce", "Radeon RX", "TITAN", "Intel Arc")
_UNDERSTANDING = ("classif", "sentiment", "tagging", "extract", "retriev", "search", "rank", "embed", "entity", "detect", "label", "routing", "similarity")
_GENERATION = ("chat", "generat", "writ", "code", "coding", "translat", "summar", "answer", "assistant", "reason", "dialog", "agent")


class Goal(NamedTuple):
    """What the model is for.

    Attributes:
        text: The goal in the user's words.
        is_understanding: Whether it is to classify, find or extract.
        is_generation: Whether it is to write text.
    """

    text: str
    is_understanding: bool
    is_generation: bool


class Service(NamedTuple):
    """What the model will serve over its life.

    Attributes:
        requests: Number of requests. [1]
        tokens_per_request: Tokens of one request, prompt and answer. [1]
    """

    requests: Num
    tokens_per_request: Num

    @property
    def tokens(self) -> Num:
        """Tokens of all requests. [1]."""
        return self.requests * self.tokens_per_request


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceContext:
    """A plan with its estimate and everything that alternatives are computed from.

    Attributes:
        base: The estimate of the plan.
        database: The facts.
        money: Whether cost is the cost to rent (``rent``) or to own (``own``).
        law: The scaling law.
        size: Model and data, where the law covers the plan.
        loss: The loss to reach, stated or predicted; None where the law does not cover the plan. [nat/token]
        goal: What the model is for, where stated.
        service: What the model will serve, where stated.
        finetune_tokens: Tokens of a fine-tuning, where stated. [1]
    """

    base: Estimate
    database: Database
    money: str
    law: FittedLaw
    size: Size | None
    loss: float | None
    goal: Goal | None
    service: Service | None
    finetune_tokens: Num | None

    @property
    def plan(self) -> Plan:
        """The plan that is advised on."""
        return self.base.plan

    @property
    def results(self) -> Results:
        """The compared quantities of the plan."""
        return self.results_of(self.base)

    @property
    def kind(self) -> str:
        """The kind of training."""
        return self.plan.kind or "pretrain"

    @property
    def hardware(self) -> Product:
        """The server or accelerator that the plan names."""
        return self.base.facts.hardware

    @property
    def accelerator(self) -> Product:
        """The accelerator of the plan."""
        return self.base.facts.accelerator

    @property
    def place(self) -> Place | None:
        """Where the plan runs, None where it does not say."""
        return self.base.facts.place

    @property
    def precision(self) -> str:
        """The number format of the plan's matrix products."""
        return self.base.facts.precision

    @property
    def least_accelerators(self) -> float:
        """How many accelerators work on the plan; where it does not say, the fewest that hold it, in whole servers. [1]."""
        if self.base.accelerators is not None:
            return float(median_of(self.base.accelerators))
        fewest = self.base.fewest_accelerators
        unit = self.hardware.value("accelerator_count") if self.hardware.is_server else None
        return math.ceil((1.0 if fewest is None else float(median_of(fewest))) / (unit or 1.0)) * (unit or 1.0)

    @property
    def is_at_home(self) -> bool:
        """Whether the hardware is a consumer's own: it has no data centre to choose, and no rent."""
        place, plan = self.place, self.plan
        if place is not None and place.id == "home":
            return True
        is_consumer = self.accelerator.keys.get("vendor") == "Apple" or any(line in self.accelerator.name for line in _CONSUMER_LINES)
        return is_consumer and plan.rent is None and plan.rent_price is None and (place is None or place.region is None)

    def given(self, name: str) -> Given:
        """Return what the estimate takes from the database or assumes under *name*.

        Raises:
            PlanError: it is unknown.
        """
        return self.base.facts.need(name)

    def number(self, name: str) -> float | None:
        """Return the median of a field of the plan, None where it is not stated."""
        value = self.plan.number(name)
        return None if value is None else float(median_of(value))

    def estimate(self, **fields: object) -> Estimate:
        """Return the estimate of the plan with other fields.

        Raises:
            CarbonError: the changed plan cannot be estimated.
        """
        return reestimate(self.base, self.database, **fields)

    def results_of(self, answer: Estimate) -> Results:
        """Return the compared quantities of an estimate."""
        return results_of(answer, self.money)

    def scaled(self, answer: Estimate, factor: Num) -> Results:
        """Return the compared quantities of an estimate whose hours, and with them the energy of the accelerators, are *factor* times as many."""
        return scaled(answer, self.money, hours=factor, accelerator_energy=factor)

    def row(self, id: str) -> Row | None:
        """Return the published effect *id*, or None where the database has none."""
        return technique(self.database, id)

    def evidence(self, *ids: str) -> tuple[Evidence, ...]:
        """Return the published effects *ids* that results are computed from, without those that the database lacks."""
        return self._evidence(ids, is_basis=True)

    def support(self, *ids: str) -> tuple[Evidence, ...]:
        """Return the published effects *ids* that support an alternative, without those that the database lacks."""
        return self._evidence(ids, is_basis=False)

    def _evidence(self, ids: Sequence[str], *, is_basis: bool) -> tuple[Evidence, ...]:
        rows = [(id, self.row(id)) for id in ids]
        return tuple(evidence_of(self.database, row, table="techniques", key=id, is_basis=is_basis) for id, row in rows if row is not None)

    def alternative(
        self,
        id: str,
        group: Group,
        change: Change,
        name: str,
        results: "Results | Estimate",
        *,
        lost: str,
        effort: Effort,
        not_when: str,
        how: str,
        evidence: Sequence[Evidence],
        independent: Collection[str] = (),
        baseline: Results | None = None,
        plan: Plan | None = None,
        cash_usd: float | None = None,
        price_spread: Num = 1.0,
        short: str = "",
        is_combinable: bool = False,
    ) -> Alternative:
        """Return the alternative with *results*, and what it saves against the plan or against a *baseline*.

        Spreads named in *independent* are not shared with the plan. The saving of cost is also as uncertain as *price_spread*,
        1 with a spread. *cash_usd* is by default the cost.
        """
        if isinstance(results, Estimate):
            plan = results.plan if plan is None else plan
            results = self.results_of(results)
        old = self.results if baseline is None else baseline
        savings = {}
        for quantity in SAVED:
            before, after = old[quantity], results[quantity]
            if quantity == "cost_usd" and after is not None:
                after = after * price_spread
            is_known = before is not None and after is not None
            savings[quantity] = saving_of(before, after, level=self.base.level, independent=independent) if is_known else None
        cost, planned = (None if value["cost_usd"] is None else float(median_of(value["cost_usd"])) for value in (results, old))
        cash_usd = cost if cash_usd is None else cash_usd
        return Alternative(
            id=id,
            group=group,
            change=change,
            name=name,
            results=intervals(results, self.base.level),
            savings=savings,
            lost=lost,
            effort=effort,
            not_when=not_when,
            how=how,
            evidence=tuple(evidence),
            plan=plan,
            cash_usd=cash_usd,
            is_much_cash=cash_usd is not None and planned is not None and cash_usd > MUCH_CASH * planned > 0.0,
            short=short or name,
            is_combinable=is_combinable,
        )


def goal_of(text: str | None) -> Goal | None:
    """Return the goal that *text* states, None where there is none.

    Raises:
        PlanError: the text is empty.
    """
    if text is None:
        return None
    if not text.strip():
        raise PlanError("the goal is empty", hint='say what the model is for, as --goal "classification"')
    words = text.lower()
    return Goal(text, any(word in words for word in _UNDERSTANDING), any(word in words for word in _GENERATION))
