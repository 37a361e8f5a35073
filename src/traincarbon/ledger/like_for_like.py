"""The plan of a run, made comparable with what the run took: the same parts of CO2e, the same kind of cost, and as many tokens."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.decode import interval, number
from traincarbon.quantities import CostBasis
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run

PLANNED_COST: dict[str, str] = {CostBasis.RENT: "rent_usd", CostBasis.OWN: "own_usd", CostBasis.ELECTRICITY: "electricity_usd"}
"""The quantity of an estimate that counts the same as the cost of a run."""
_GROWS = ("_s", "_h", "_kwh", "_kgco2e", "_usd", "_l")
"""Endings of the quantities that grow with the tokens."""
_SAME = 0.005
"""Up to this deviation the tokens of run and plan are the same."""


class ComparablePlan(NamedTuple):
    """What the plan expects of the work that a run does."""

    results: Mapping[str, Interval] = {}
    share: float = 1.0
    """Work of the run over that of the plan, by which *results* were scaled. [1]"""

    @property
    def is_pro_rata(self) -> bool:
        """Whether the run does other than the planned work."""
        return abs(self.share - 1.0) > _SAME


def comparable(planned: Mapping[str, Interval], *, has_embodied: bool, cost_basis: str = "", share: float = 1.0) -> ComparablePlan:
    """Return what of a plan can be compared with a run.

    Args:
        planned: The results of the plan.
        has_embodied: Whether the run's CO2e includes that of making the hardware; if not, the plan's counts electricity alone.
        cost_basis: What the run's cost counts, see :class:`traincarbon.quantities.CostBasis`.
        share: Work of the run over that of the plan. [1]
    """
    found = dict(planned)
    if not has_embodied and "operational_kgco2e" in found:
        found["total_kgco2e"] = found["operational_kgco2e"]
    elif has_embodied and "operational_kgco2e" in found and "embodied_kgco2e" not in found:
        found.pop("total_kgco2e", None)
    cost = found.get(PLANNED_COST.get(cost_basis, ""))
    if cost is not None:
        found["cost_usd"] = cost
    return ComparablePlan({name: scaled(name, result, share) for name, result in found.items()}, share)


def comparable_plan_of(run: "Run") -> ComparablePlan:
    """Return the plan in the record of a run, for the tokens that the run processed; without results if it has no plan."""
    stated = run.plan or {}
    planned = {name: found for name, value in stated.items() if (found := interval(value)) is not None}
    share = share_done(run)
    return comparable(planned, has_embodied=run.embodied_kgco2e is not None, cost_basis=run.cost_basis, share=share or 1.0)


def share_done(run: "Run") -> float | None:
    """Return the tokens that a run processed over those of its plan, None where either is not known."""
    stated = run.plan or {}
    planned = number(stated.get("planned_tokens")) or number(stated.get("tokens"))
    tokens, batch = run.tokens, number(stated.get("batch_tokens"))
    if tokens is None and batch is not None and "steps" in run.counts:
        tokens = run.counts["steps"] * batch
    return tokens / planned if tokens is not None and planned is not None and planned > 0.0 else None


def scaled(name: str, result: Interval, share: float) -> Interval:
    """Return a planned result for *share* of the planned work.

    Example:
        >>> scaled("facility_energy_kwh", Interval(1.0, 2.0, 4.0), 2.5), scaled("mfu", Interval(0.3, 0.4, 0.5), 2.5)
        (Interval(low=2.5, median=5.0, high=10.0), Interval(low=0.3, median=0.4, high=0.5))
    """
    return Interval(*(bound * share for bound in result)) if name.endswith(_GROWS) and share != 1.0 else result
