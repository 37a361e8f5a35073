"""How much the figures answer to each input: the plan estimated again with one of them a tenth higher."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.markup import section, table
from traincarbon.reporting.plan_variants import varied
from traincarbon.uncertain import Num

STEP = 1.1
FIGURES = (
    ("rent_usd", "Rent"),
    ("own_usd", "Own"),
    ("duration_s", "Time"),
    ("facility_energy_kwh", "Energy"),
    ("total_kgco2e", "Carbon"),
    ("water_l", "Water"),
)
_INPUTS = (
    ("tokens", "Tokens"),
    ("params", "Parameters"),
    ("accelerator_hours", "Accelerator-hours"),
    ("accelerators", "Accelerators at work"),
    ("mfu", "Utilisation (MFU)"),
    ("pue", "PUE"),
    ("carbon_intensity", "Carbon intensity of the grid"),
    ("electricity_price", "Price of electricity"),
    ("rent_price", "Price of renting"),
    ("purchase_price", "Price of a server"),
    ("service_life", "Service life"),
    ("utilisation", "Share of its life in use"),
)


class Response(NamedTuple):
    """An input, and by what share each figure changes when it is a tenth higher; None where a figure is not known."""

    input: str
    changes: tuple[float | None, ...]


def responses(answer: Estimate, database: Database) -> list[Response]:
    """Return the response to each input that the estimate has; every change is that of the median."""
    base = estimate(varied(answer), database=database)
    found = []
    for field, label in _INPUTS:
        value = _value(answer, field)
        if value is None or (field in ("tokens", "params") and answer.plan.accelerator_hours is not None):
            continue
        try:
            raised = estimate(varied(answer, **{field: _raised(value, field)}), database=database)
        except CarbonError:
            continue  # a tenth more is more than can be: a share above 1
        changes = tuple(_change(base, raised, name) for name, _ in FIGURES)
        found.append(Response(label, changes))
    return found


def sensitivity_section(answer: Estimate, database: Database, id: str) -> str:
    """Return the table of the responses."""
    found = responses(answer, database)
    rows = [[response.input, *("–" if change is None else _percent(change) for change in response.changes)] for response in found]
    heads = [label for _, label in FIGURES]
    lead = "<p>What each figure does when one input alone is 10 % higher.</p>"
    return (
        section(f"{id}-sensitivity", "Sensitivity", lead, table("Change of the medians, in %", ["10 % more of", *heads], rows, numbers=range(1, 7)))
        if rows
        else ""
    )


def _value(answer: Estimate, field: str) -> Num:
    """Return the input as the chain had it: what the plan states, else the fact that stood in for it."""
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


def _change(base: Estimate, raised: Estimate, name: str) -> float | None:
    before, after = base[name], raised[name]
    return None if before is None or after is None or not before.median else float(after.median / before.median - 1.0)


def _percent(change: float) -> str:
    return "0" if abs(change) < 5e-5 else f"{'+' if change > 0.0 else '−'}{100.0 * abs(change):.1f}"
