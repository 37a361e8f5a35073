"""Plans side by side: the same training in other places and on other hardware, or several plans of one report, as charts that are tables."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.charts import interval_bar, scale_of
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import name, section, table, text
from traincarbon.reporting.sections.summary import LABELS, UNITS
from traincarbon.reporting.plan_variants import hardware, in_places, nowhere, on_hardware, places, stand_ins
from traincarbon.reporting.view import Said
from traincarbon.uncertain import Interval

_OF_PLACES = ("total_kgco2e", "electricity_usd", "water_l")
_OF_HARDWARE = ("rent_usd", "own_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")
_OF_PLANS = ("rent_usd", "own_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")


class Compared(NamedTuple):
    """One of the things side by side: what it is called, its figures, whether it is the one that the report is about, and what is not its own."""

    name: str
    results: dict[str, Interval | None]
    is_own: bool = False
    stand_ins: frozenset[str] = frozenset()
    """Figures that are no more of this one than of any: what they rest on is not known of it."""


def elsewhere_section(answer: Estimate, database: Database, currency: Currency, id: str) -> str:
    """Return the same training in other places and on other hardware."""
    world = nowhere(answer, database)
    there = [
        Compared(each.choice.name, each.answer.results, each.is_own, stand_ins(each.answer, world))
        for each in in_places(answer, database, places(answer, database))
    ]
    fixed = answer.plan.accelerator_hours is not None
    on = [] if fixed else [Compared(each.choice.name, each.answer.results, each.is_own) for each in on_hardware(answer, database, hardware(answer, database))]
    own_place = (
        ""
        if any(each.is_own for each in there)
        else "<p>The plan names no region; with one, its figures for carbon, electricity and water narrow to these.</p>"
    )
    as_many = "<p>On as many accelerators, each with the utilisation that is known of its kind.</p>" if answer.accelerators is not None else ""
    return "".join(
        [
            section(f"{id}-places", "In other places", own_place, chart(there, _OF_PLACES, currency, "Places, the cleanest first"), _world(there))
            if len(there) > 1
            else "",
            section(f"{id}-hardware", "On other hardware", as_many, chart(on, _OF_HARDWARE, currency, "Hardware, the cheapest to rent first"))
            if len(on) > 1
            else "",
        ]
    )


def plans_section(all_said: Sequence[Said], currency: Currency) -> str:
    """Return the plans of a report side by side; nothing where there is one."""
    compared = [Compared(said.title, said.results) for said in all_said]
    return section("plans", "The plans side by side", chart(compared, _OF_PLANS, currency, "Plans")) if len(compared) > 1 else ""


def chart(compared: Sequence[Compared], figures: Sequence[str], currency: Currency, caption: str) -> str:
    """Return a chart of intervals for the first figure and a table of the medians of all; the report's own is marked."""
    known = [figure for figure in figures if any(each.results.get(figure) is not None for each in compared)]
    if not known:
        return ""
    first, *others = known
    scale = scale_of([each.results.get(first) for each in compared])
    rows = [
        [
            f"<strong>{name(each.name)}</strong> <small>(this plan)</small>" if each.is_own else name(each.name),
            interval_bar(each.results.get(first), scale, strong=each.is_own),
            _cell(each, first, currency),
            _bounds(each.results.get(first), first, currency),
            *(_cell(each, figure, currency) for figure in others),
        ]
        for each in compared
    ]
    between = f"{text(currency.amount(scale.low, UNITS[first]))} to {text(currency.amount(scale.high, UNITS[first]))}, logarithmic"
    heads = ["", f"<small>{between}</small>", LABELS[first], "Interval", *(LABELS[figure] for figure in others)]
    return table(caption, heads, rows, numbers=range(2, 4 + len(others)))


def _world(there: Sequence[Compared]) -> str:
    """Return what the mark of a figure says that is not of its place."""
    words = "<p class='said'>* The price of electricity, or the water that making it takes, is not known of that place: the range of the world stands in.</p>"
    return words if any(each.stand_ins for each in there) else ""


def _cell(each: Compared, figure: str, currency: Currency) -> str:
    middle, scale, _ = currency.shown(each.results.get(figure), UNITS[figure])
    return text(f"{middle} {scale}".strip()) + ("\u202f*" if figure in each.stand_ins else "")


def _bounds(interval: Interval | None, figure: str, currency: Currency) -> str:
    _, scale, bounds = currency.shown(interval, UNITS[figure])
    return text(f"{bounds} {scale}".strip()) if bounds not in ("", "exact") else bounds
