"""Charts of ``carbon advise``: what each alternative costs, takes and emits, the least first."""

from collections.abc import Sequence
from functools import partial

from traincarbon.explore.advice.alternative import GROUPS, Advice, Alternative, Group
from traincarbon.formatting import amount, counted
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.axis import quantity_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.intervals import Row, draw_intervals
from traincarbon.reporting.currency import USD
from traincarbon.reporting.decision.options import LEAST_SURE
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.rounding import bounds_of
from traincarbon.uncertain import Interval

_SHOWN = ("cost_usd", "total_kgco2e", "duration_s")
_MOST = 24
_PLAN = "This plan"


def advice_charts(found: Advice) -> list[Chart]:
    """Return a chart of each of cost, CO2e and time: the plan and its alternatives, the least first."""
    charts = [_chart(found, quantity) for quantity in _SHOWN]
    return [chart for chart in charts if chart is not None]


def first_words(found: Advice) -> str:
    """Return the alternative that stands first, with what it saves and how sure that is."""
    if not found.alternatives:
        return "No alternative is known."
    first = next((each for each in found.alternatives if (saved := each.savings[found.by]) is not None and saved.median > 0.0), None)
    if first is None:
        return f"No alternative saves {QUANTITIES[found.by].short}."
    saved, unit = first.savings[found.by], QUANTITIES[found.by].unit
    sure = "" if saved is None else f" saves {amount(saved.median, unit, digits=3)}, {percent(saved.chance)} sure"
    return f"First: {first.name}{sure}; lost: {first.lost}."


def _chart(found: Advice, quantity: str) -> Chart | None:
    """Return the chart of a quantity; None where no alternative states it, or none differs from the plan in it."""
    label = ("Cost to rent" if found.money == "rent" else "Cost of ownership") if quantity == "cost_usd" else QUANTITIES[quantity].label
    known = [(each, interval) for each in found.alternatives if each.group != Group.LIFETIME and (interval := each.results[quantity]) is not None]
    own = found.results[quantity]
    if not known or own is None:
        return None
    kept = sorted(known, key=lambda each: (each[1].median, each[0].id))[:_MOST]
    rows = [(each.name, interval, _is_sure(each, quantity), False, _words(quantity, interval)) for each, interval in kept]
    rows.append((_PLAN, own, True, True, _words(quantity, own)))
    rows.sort(key=lambda row: row[1].median)
    axis = quantity_axis([bound for row in rows for bound in row[1]], QUANTITIES[quantity].unit, USD)
    drawn = [Row(name, interval, words, is_own=is_own, is_sure=is_sure) for name, interval, is_sure, is_own, words in rows]
    title = f"{label}: {rows[0][0]} has the least, {rows[0][4]}"
    data = [_row(each, quantity, interval) for each, interval in kept]
    data.append((_PLAN, "", _words(quantity, own), _bounds(quantity, own), "", ""))
    more = f" {counted(len(known) - _MOST, 'more')} not drawn." if len(known) > _MOST else ""
    note = f"Hollow: saves with a chance below {percent(LEAST_SURE)}, or by a source that is not checked.{more}"
    head = ("Alternative", "Group", "Median", f"{100.0 * found.level:.3g} % interval", "Chance that it saves", "Lost")
    return Chart(f"chart-{quantity.replace('_', '-')}", title, partial(draw_intervals, title=title, rows=drawn, axis=axis), head, data, note=note)


def _is_sure(each: Alternative, quantity: str) -> bool:
    saved = each.savings.get(quantity)
    return each.is_verified and (saved is None or saved.chance >= LEAST_SURE)


def _row(each: Alternative, quantity: str, interval: Interval) -> Sequence[str]:
    saved = each.savings.get(quantity)
    chance = "" if saved is None else percent(saved.chance)
    return (each.name, GROUPS[each.group], _words(quantity, interval), _bounds(quantity, interval), chance, each.lost)


def _words(quantity: str, interval: Interval) -> str:
    return amount(interval.median, QUANTITIES[quantity].unit, digits=3)


def _bounds(quantity: str, interval: Interval) -> str:
    return bounds_of(interval, QUANTITIES[quantity].unit)
