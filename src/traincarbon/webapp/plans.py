"""Plans that come from outside: only known models, no file and no hub is read for them."""

from collections.abc import Mapping

from traincarbon.database.load import Database
from traincarbon.database.models import find_model
from traincarbon.errors import AmbiguousError, NotFoundError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.model.convolution import find_convolution
from traincarbon.estimation.model.resolve import is_place
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate


def plan_from(fields: Mapping[str, object], database: Database) -> Plan:
    """Return the plan of *fields*.

    Raises:
        CarbonError: a field is unknown or not possible, or the model is not one of the database.
    """
    plan = Plan.from_dict(fields)
    if plan.holds_arrays:
        raise PlanError("a field has several values", hint="give one number a field; compare takes several of hw and region")
    if plan.model is not None:
        _check_model(plan.model, database)
    return plan


def estimate_from(fields: Mapping[str, object], database: Database, *, level: float = 0.9) -> Estimate:
    """Return the estimate of the plan of *fields*.

    Raises:
        CarbonError: there is no field, one is not possible, or they cannot be estimated.
    """
    if not fields:
        raise PlanError("no plan given", hint='send at least {"params": "7B", "tokens": "1T", "hw": "dgx-h100"}')
    return estimate(plan_from(fields, database), database=database, level=level)


def _check_model(name: str, database: Database) -> None:
    """Refuse a model that is not in the database: its configuration would be read from a file or from a hub."""
    if is_place(name):
        raise PlanError(f"the model {name[:60]!r} is a file or a page", hint="name a known model, or give params and the shape; carbon estimate reads files")
    try:
        find_model(database, name)
    except AmbiguousError:
        raise
    except NotFoundError as error:
        if find_convolution(database, name) is None:
            raise NotFoundError(f"no model {name[:60]!r} among those known", hint=error.hint) from error
