"""How much the results depend on each input: the plan estimated again with one input 10 % higher."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.labels import label_of
from traincarbon.reporting.markup import html, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.plan_variants import varied_plan
from traincarbon.uncertain import Num

STEP = 1.1
SHOWN = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")
_INPUTS = (
    *("tokens", "params", "accelerator_hours", "accelerators", "mfu", "pue", "carbon_intensity"),
    *("electricity_price", "rent_price", "purchase_price", "service_life", "utilisation"),
)
"""Plan fields that are raised, one at a time."""


class Response(NamedTuple):
    """A plan field, and the relative change of each of :data:`SHOWN` when the field is 10 % higher; None where it is not known."""

    field: str
    changes: tuple[float | None, ...]


def responses(answer: Estimate, database: Database) -> list[Response]:
    """Return the response of the medians to each input that the estimate has."""
    base = estimate(varied_plan(answer), database=database)
    found = []
    for field in _INPUTS:
        value = _value(answer, field)
        if value is None or (field in ("tokens", "params") and answer.plan.accelerator_hours is not None):
            continue
        try:
            raised = estimate(varied_plan(answer, **{field: _raised(value, field)}), database=database)
        except CarbonError:
            continue  # 10 % more is out of range: a share above 1
        found.append(Response(field, tuple(_change(base, raised, quantity) for quantity in SHOWN)))
    return found


def sensitivity_section(answer: Estimate, database: Database, id: str) -> Section | None:
    """Return the table of the responses, None where no input can be raised."""
    rows = [texts(label_of(response.field), *map(_percent, response.changes)) for response in responses(answer, database)]
    if not rows:
        return None
    heads = texts("10 % more of", *(QUANTITIES[quantity].short for quantity in SHOWN))
    lead = html("<p>How each result changes when one input alone is 10 % higher.</p>")
    return section(f"{id}-sensitivity", text("Sensitivity"), lead, table(text("Change of the medians, in %"), heads, rows, numbers=range(1, 7)))


def _value(answer: Estimate, field: str) -> Num:
    """Return the value of an input in the chain: from the plan, else the fact used in its place."""
    if field == "accelerators":
        return answer.accelerators
    if field == "mfu":
        return answer.values["mfu"] if answer.plan.accelerator_hours is None else None
    stated = answer.plan.number(field)
    if stated is not None:
        return stated
    given = answer.inputs.get(field)
    return None if given is None else given.value


def _raised(value: Num, field: str) -> Num:
    return float(round(value * STEP)) if field == "accelerators" else value * STEP


def _change(base: Estimate, raised: Estimate, quantity: str) -> float | None:
    before, after = base[quantity], raised[quantity]
    return None if before is None or after is None or not before.median else float(after.median / before.median - 1.0)


def _percent(change: float | None) -> str:
    if change is None:
        return "–"
    return "0" if abs(change) < 5e-5 else f"{'+' if change > 0.0 else '−'}{100.0 * abs(change):.1f}"
