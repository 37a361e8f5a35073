"""The CO2e of a plan by the scopes of the GHG Protocol."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.plan_variants import varied_plan
from traincarbon.reporting.view import EstimateView

_LIFECYCLE, _DIRECT = "lifecycle", "direct"


class Accounts(NamedTuple):
    """Emissions by scope, medians in kg CO2e; None where one is not known.

    Attributes:
        location: Scope 2 by the grid: direct emissions of the electricity.
        market: Scope 2 by contracts.
        upstream: Scope 3, category 3: fuels, plants and losses of that electricity.
        electricity: Both where they cannot be told apart.
        hardware: Scope 3: making the hardware, the share of the run.
        is_split: Whether Scope 2 and its upstream are told apart.
        is_rented: Whether the hardware is rented, so that its making is category 1 and not 2.
    """

    location: float | None
    market: float | None
    upstream: float | None
    electricity: float | None
    hardware: float | None
    is_split: bool
    is_rented: bool


def accounts_of(view: EstimateView, answer: Estimate | None, database: Database) -> Accounts:
    """Return the emissions of a plan by scope.

    Direct and lifecycle emissions are two estimates of the plan; their difference is the upstream. The two stay together where the plan
    states its own intensity, whose basis is not known, and where it names no place, as the range of the world has one basis.
    """
    electricity = view.median("operational_kgco2e")
    found = Accounts(
        location=None,
        market=view.median("operational_market_kgco2e"),
        upstream=None,
        electricity=electricity,
        hardware=view.median("embodied_kgco2e"),
        is_split=False,
        is_rented=view.results.get("rent_usd") is not None,
    )
    if answer is None or electricity is None or answer.plan.carbon_intensity is not None:
        return found
    direct, lifecycle = (_operational(answer, basis, database) for basis in (_DIRECT, _LIFECYCLE))
    if direct is None or lifecycle is None or direct >= lifecycle:
        return found
    return found._replace(location=direct, upstream=lifecycle - direct, is_split=True)


def _operational(answer: Estimate, basis: str, database: Database) -> float | None:
    """Return the emissions of the electricity on a *basis*, None where no such intensity is known."""
    if (answer.plan.basis or _LIFECYCLE) == basis:
        return float(answer.median("operational_kgco2e"))
    try:
        return float(estimate(varied_plan(answer, basis=basis), database=database).median("operational_kgco2e"))
    except CarbonError:
        return None
