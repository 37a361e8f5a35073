"""The parts of time, money, energy, carbon and water, which add up to their medians."""

from math import isclose
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.formatting import in_brackets
from traincarbon.formulas.evaluation import evaluate
from traincarbon.formulas.ownership import OWNERSHIP_LINES
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import key, stacked_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, name, notes, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.rounding import column
from traincarbon.reporting.sections.summary import sentence
from traincarbon.reporting.view import EstimateView

_SPLITS: dict[str, tuple[tuple[str, str], ...]] = {
    "rent_usd": (
        ("Hours of compute at the peak rate", "rent_usd × mfu"),
        ("Hours that steps are slower than the peak rate", "rent_usd × mfu × (1 - step_mfu) / step_mfu"),
        ("Hours between steps", "rent_usd × (step_mfu - mfu) / step_mfu"),
    ),
    "accelerator_hours_h": (
        ("Compute at the peak rate", "accelerator_hours_h × mfu"),
        ("Steps slower than the peak rate", "accelerator_hours_h × mfu × (1 - step_mfu) / step_mfu"),
        ("Between steps: interruptions, stalls, evaluation", "accelerator_hours_h × (step_mfu - mfu) / step_mfu"),
    ),
    "tco_usd": tuple((line.label, line.equation) for line in OWNERSHIP_LINES),
    "purchase_usd": (
        ("Servers", "accelerators × accelerator_purchase_usd × (1 - interconnect_share)"),
        ("Network between them", "accelerators × accelerator_purchase_usd × interconnect_share"),
    ),
    "facility_energy_kwh": (
        ("Accelerators", "accelerator_hours_h × accelerator_power_w / 1000"),
        ("Rest of the servers", "accelerator_hours_h × host_power_w / 1000"),
        ("Network", "accelerator_hours_h × (accelerator_power_w + host_power_w) × network_share / 1000"),
        ("Cooling and conversion", "it_energy_kwh × (pue - 1)"),
    ),
    "total_kgco2e": (("Making the electricity", "operational_kgco2e"), ("Making the hardware, the run’s share", "embodied_kgco2e")),
    "water_l": (
        ("Cooling at the site", "it_energy_kwh × wue_l_per_kwh"),
        ("Generating the electricity", "facility_energy_kwh × grid_water_l_per_kwh"),
    ),
}
"""The parts of each result as equations of the inputs of its links."""
_LINKS = ("end_to_end_mfu", "it_energy_kwh", "facility_energy_kwh", "accelerator_purchase_usd", "tco_usd", "purchase_usd", "water_l")
"""The links whose inputs the parts are made of."""
_CLOSE = 1e-6


class Part(NamedTuple):
    """A part of a result, in the unit of the result."""

    label: str
    value: float


class Whole(NamedTuple):
    """A result and its parts."""

    name: str
    parts: tuple[Part, ...]


def wholes(view: EstimateView) -> list[Whole]:
    """Return the results whose parts are known and add up."""
    values = values_of(view)
    found = (_whole(name, split, values, view.median(name) or 0.0) for name, split in _SPLITS.items())
    return [whole for whole in found if whole is not None]


def wholes_with_equations(view: EstimateView) -> list[tuple[Whole, dict[str, str]]]:
    """Return the results whose parts are known and add up, each with the equations of its parts by their labels."""
    return [(whole, dict(_SPLITS[whole.name])) for whole in wholes(view)]


def values_of(view: EstimateView) -> dict[str, float]:
    """Return the inputs of the links and the medians of the results, by name."""
    values: dict[str, float] = {}
    for link in _LINKS:
        step = view.step(link)
        names = step.inputs if step is not None else {}
        values |= {name: value for name in names if (value := view.input(link, name)) is not None}
    values |= {name: median for name in view.results if (median := view.median(name)) is not None}
    if "mfu" in values:
        values.setdefault("step_mfu", values["mfu"])
    return values


def _whole(name: str, split: tuple[tuple[str, str], ...], values: dict[str, float], median: float) -> Whole | None:
    """Return a result with its parts, None where one is unknown or where they do not add up, as in a file that was edited."""
    try:
        parts = tuple(Part(label, float(evaluate(equation, values))) for label, equation in split)
    except (CarbonError, ArithmeticError):
        return None
    total = sum(part.value for part in parts)
    if total <= 0.0 or not isclose(total, median, rel_tol=_CLOSE):
        return None
    return Whole(name, tuple(part for part in parts if part.value != 0.0))


def parts_section(view: EstimateView, currency: Currency, id: str) -> Section | None:
    """Return the results in a paragraph, what to know of them, and for each a drawing of its parts above their table."""
    if not any(view.results.values()):
        return None
    boxes = joined(_box(whole, view, currency, id) for whole in wholes(view))
    lead = html("<p class='lead'>{}</p>", sentence(view, currency))
    warnings = notes((name(warning, most=400) for warning in view.warnings), label="What to know")
    grid = html('<div class="grid">{}</div>', boxes) if boxes else EMPTY
    return section(f"{id}-parts", text("Results and what they are made of"), lead, warnings, grid)


def _box(whole: Whole, view: EstimateView, currency: Currency, id: str) -> Html:
    quantity, total = QUANTITIES[whole.name], sum(part.value for part in whole.parts)
    _, _, bounds = currency.shown(view.results[whole.name], quantity.unit)
    values, scale = column([part.value for part in whole.parts], total, quantity.unit, currency, digits=3)
    label = link_to(f"{id}-{whole.name}", text(quantity.label)) if view.step(whole.name) is not None else text(quantity.label)
    rows = [
        [html("{} {}", key(at), text(part.label)), *texts(f"{value} {scale}".rstrip(), f"{100.0 * part.value / total:.0f} %")]
        for at, (part, value) in enumerate(zip(whole.parts, values, strict=False))
    ]
    spread = html(" <small>{}</small>", text(f"{bounds} {scale}".rstrip())) if in_brackets(bounds) else EMPTY
    caption = html("{}{}{}", label, spread, stacked_bar([part.value / total for part in whole.parts]))
    foot = texts("Total", f"{values[-1]} {scale}".rstrip(), "")
    return html('<div class="box">{}</div>', table(caption, texts("Part", "Median", "Share"), rows, numbers=(1, 2), foot=foot))
