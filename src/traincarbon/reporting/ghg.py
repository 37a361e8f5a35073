"""The CO2e of a plan by the scopes of the GHG Protocol."""

from typing import NamedTuple

from traincarbon.estimation.result import Estimate
from traincarbon.reporting.view import EstimateView


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


def accounts_of(view: EstimateView, answer: Estimate | None) -> Accounts:
    """Return the emissions of a plan by scope, medians of its results.

    Direct emissions and their upstream stay together where the plan states its own intensity, whose basis is not known, and where it was
    saved before results told the two apart.

    Args:
        view: The estimate as it was given.
        answer: The estimate itself, None where a saved one differs from one made now.
    """
    location, upstream = (view.median(name) for name in ("scope2_location_kgco2e", "scope3_upstream_kgco2e"))
    if location is None and answer is not None:
        location, upstream = (None if answer.scopes[name] is None else answer.median(name) for name in ("scope2_location_kgco2e", "scope3_upstream_kgco2e"))
    return Accounts(
        location=location,
        market=view.median("operational_market_kgco2e"),
        upstream=upstream,
        electricity=view.median("operational_kgco2e"),
        hardware=view.median("embodied_kgco2e"),
        is_split=location is not None and upstream is not None,
        is_rented=view.results.get("rent_usd") is not None,
    )
