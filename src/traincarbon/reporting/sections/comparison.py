"""Plans side by side: the same training in other regions and on other hardware, or several plans of one report."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import Scale, is_negligible, significant
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import axis_of, interval_bar
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, html, name, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.plan_variants import Variant, hardware_options, on_hardware, without_region, world_averages
from traincarbon.reporting.sections.several_plans import several_html
from traincarbon.reporting.subjects import ReportedPlan
from traincarbon.uncertain import Interval

_OF_REGIONS = ("total_kgco2e", "electricity_usd", "water_l")
_OF_HARDWARE = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")
_OF_PLANS = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")


class Compared(NamedTuple):
    """One row of a comparison.

    Attributes:
        name: Its name.
        results: Its quantities.
        is_own: Whether it is what the report is about.
        world_averages: Quantities that use a value of the world, as that of the region is not known.
    """

    name: str
    results: Mapping[str, Interval | None]
    is_own: bool = False
    world_averages: frozenset[str] = frozenset()


def regions_section(answer: Estimate, variants: Sequence[Variant], database: Database, currency: Currency, id: str) -> Section | None:
    """Return the same training in other regions, None where there is no other."""
    world = without_region(answer, database)
    rows = [Compared(variant.option.name, variant.answer.results, variant.is_own, world_averages(variant.answer, world)) for variant in variants]
    if len(rows) < 2:
        return None
    has_own = any(row.is_own for row in rows)
    lead = EMPTY if has_own else html("<p>The plan names no region. With one, its CO2e, electricity and water narrow to the row of that region.</p>")
    footnote = html("<p class='remark'>* The region’s electricity price or water use is not known; the range of the world is used.</p>")
    chart = comparison_table(rows, _OF_REGIONS, currency, "Regions, the cleanest first")
    return section(f"{id}-places", text("In other regions"), lead, chart, footnote if any(row.world_averages for row in rows) else EMPTY)


def hardware_section(answer: Estimate, database: Database, currency: Currency, id: str) -> Section | None:
    """Return the same training on other hardware, None where there is no other or the plan states its accelerator-hours."""
    if answer.plan.accelerator_hours is not None:
        return None
    variants = on_hardware(answer, database, hardware_options(answer, database))
    rows = [Compared(_dated(variant), variant.answer.results, variant.is_own) for variant in variants]
    if len(rows) < 2:
        return None
    lead = html("<p>On as many accelerators, each with the utilisation known for its kind.</p>") if answer.accelerators is not None else EMPTY
    chart = comparison_table(rows, _OF_HARDWARE, currency, "Hardware, the cheapest to rent first")
    return section(f"{id}-hardware", text("On other hardware"), lead, chart)


def _dated(variant: Variant) -> str:
    """Return the name of hardware, with the year in which it came out where that is after the start of the plan."""
    start, launched = variant.answer.plan.start, variant.answer.facts.accelerator.value("launch_year")
    is_later = start is not None and launched is not None and int(start[:4]) < launched
    return f"{variant.option.name}, came out in {launched:.0f}" if is_later else variant.option.name


def plans_section(plans: Sequence[ReportedPlan], currency: Currency, budget_usd: float | None = None) -> Section | None:
    """Return the plans of a report side by side, None for a single plan."""
    if len(plans) < 2:
        return None
    rows = [Compared(plan.view.title, plan.view.results) for plan in plans]
    table = comparison_table(rows, _OF_PLANS, currency, "Plans")
    return section("plans", text("The plans side by side"), several_html(plans, currency, budget_usd), table)


def comparison_table(rows: Sequence[Compared], quantities: Sequence[str], currency: Currency, caption: str) -> Html:
    """Return a table of medians, with a chart of the intervals of the first quantity; empty where nothing is known."""
    known = [quantity for quantity in quantities if any(row.results.get(quantity) is not None for row in rows)]
    if not known:
        return EMPTY
    first, *others = known
    axis = axis_of([row.results.get(first) for row in rows])
    scales = {quantity: _scale([row.results.get(quantity) for row in rows], QUANTITIES[quantity].unit, currency) for quantity in known}
    cells = [
        [
            html("<strong>{}</strong> <small>(this plan)</small>", name(row.name)) if row.is_own else name(row.name),
            interval_bar(row.results.get(first), axis, is_strong=row.is_own),
            _cell(row, first, scales[first], currency),
            _bounds(row.results.get(first), scales[first], QUANTITIES[first].unit),
            *(_cell(row, quantity, scales[quantity], currency) for quantity in others),
        ]
        for row in rows
    ]
    low, high = (scales[first].text(significant(end / scales[first].size, 2)) for end in (axis.low, axis.high))
    ends = html("<small>{}logarithmic</small>", text("" if is_negligible(axis.high, QUANTITIES[first].unit) else f"{low} to {high}, "))
    heads = [EMPTY, ends, *texts(QUANTITIES[first].label, "Interval", *(QUANTITIES[quantity].label for quantity in others))]
    return table(text(caption), heads, cells, numbers=range(2, 4 + len(others)))


def _scale(results: Sequence[Interval | None], unit: str, currency: Currency) -> Scale:
    """Return the scale of a column, in which the smallest median is easy to read, so that its rows can be compared."""
    return currency.scale(min((found.median for found in results if found is not None and found.median > 0.0), default=0.0), unit)


def _cell(row: Compared, quantity: str, scale: Scale, currency: Currency) -> Html:
    found, unit = row.results.get(quantity), QUANTITIES[quantity].unit
    if found is None:
        shown = NOT_KNOWN
    elif is_negligible(found.median, unit):
        shown = currency.amount(found.median, unit)
    else:
        shown = scale.text(significant(found.median / scale.size, 3, is_exact=found.is_exact))
    return text(shown + ("\u202f*" if quantity in row.world_averages else ""))


def _bounds(interval: Interval | None, scale: Scale, unit: str) -> Html:
    if interval is None or interval.is_exact:
        return text("" if interval is None else "exact")
    if is_negligible(interval.median, unit):
        return EMPTY
    low, high = (scale.around(significant(bound / scale.size, 2, is_exact=False)) for bound in (interval.low, interval.high))
    return text(f"{low} – {high} {scale.unit}".rstrip())
