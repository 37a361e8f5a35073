"""The plan that a record of a run holds, estimated now."""

from collections.abc import Mapping

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.estimation.result import Estimate


def recorded_plan(stated: Mapping[str, object]) -> Plan:
    """Return the plan among what a record states of it, which are results too.

    Raises:
        CarbonError: a field is impossible.
    """
    return Plan.from_dict({name: value for name, value in stated.items() if name in FIELDS})


def estimate_recorded(stated: Mapping[str, object], *, database: Database) -> Estimate | None:
    """Return the estimate of the plan in a record, None where it cannot be made."""
    try:
        return estimate(recorded_plan(stated), database=database)
    except CarbonError:
        return None
