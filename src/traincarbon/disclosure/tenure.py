"""Who owns the hardware of a training, as that decides the scope of its emissions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import CostBasis

_OF_RENT = ("rent", "rent_from", "rent_price", "discount")
_OF_PURCHASE = ("purchase_price",)


class Tenure(StrEnum):
    """Who owns the hardware."""

    OWNED = "owned"
    """Who trains: its electricity is Scope 2."""
    RENTED = "rented"
    """Somebody else: all of it is category 1 of the tenant's Scope 3."""


class Holding(NamedTuple):
    """How the hardware is held.

    Attributes:
        is_rented: Whether it is rented, None where nothing tells.
        cloud: Who rents it out, empty where that is not known.
        is_assumed: Whether nothing but the cloud tells that it is rented.
    """

    is_rented: bool | None
    cloud: str
    is_assumed: bool = False


def parse_tenure(text: str | None) -> Tenure | None:
    """Return the tenure that *text* names, None for None.

    Raises:
        CarbonError: it is no tenure.

    Example:
        >>> parse_tenure("rented").value
        'rented'
    """
    try:
        return None if text is None else Tenure(text.strip().lower())
    except ValueError:
        raise CarbonError(f"unknown tenure {text[:40]!r}" if text else "no tenure is named", hint=f"one of {', '.join(Tenure)}") from None


def holding_of_run(run: Run, *, region: str, database: Database, stated: Tenure | None = None) -> Holding:
    """Return how the hardware of a run is held: as *stated*, by what its cost counts, by a bill, by its plan, or by its cloud.

    Args:
        run: The record.
        region: The id of its place.
        database: Clouds and their instances.
        stated: What the user says.
    """
    cloud = _cloud(run.hw, region, database)
    if stated is None and run.cost_basis == CostBasis.OWN:
        stated = Tenure.OWNED
    if stated is None and (run.cost_basis == CostBasis.RENT or run.billed is not None):
        stated = Tenure.RENTED
    return _holding(stated, run.plan or {}, cloud)


def holding_of_plan(plan: Mapping[str, object], *, hw: str, region: str, database: Database | None, stated: Tenure | None = None) -> Holding:
    """Return how the hardware of a plan is held: as *stated*, by the fields of the plan, or by its cloud.

    Args:
        plan: The fields that it states.
        hw: The id of its hardware.
        region: The id of its place, empty without one.
        database: Clouds and their instances; without it no cloud is known.
        stated: What the user says.
    """
    return _holding(stated, plan, "" if database is None else _cloud(hw, region, database))


def _holding(stated: Tenure | None, plan: Mapping[str, object], cloud: str) -> Holding:
    if stated is None:
        rents, buys = (any(plan.get(name) is not None for name in names) for names in (_OF_RENT, _OF_PURCHASE))
        if rents == buys:
            return Holding(True if cloud else None, cloud, is_assumed=bool(cloud))
        stated = Tenure.RENTED if rents else Tenure.OWNED
    is_rented = stated is Tenure.RENTED
    return Holding(is_rented, cloud if is_rented else "")


def _cloud(hw: str, region: str, database: Database) -> str:
    """Return the name of the cloud that rents out the hardware *hw*, or that the place belongs to; empty where neither is a cloud's."""
    try:
        found = find_hardware(database, hw) if hw else None
    except CarbonError:
        found = None
    operator = found.operator if found is not None and found.is_server and found.is_cloud else region.partition(":")[0] if ":" in region else ""
    rows = database.rows("providers", operator) if operator else ()
    return rows[0]["name"] if rows else ""
