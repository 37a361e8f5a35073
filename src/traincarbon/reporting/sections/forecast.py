"""The forecast of a run, and how the run compares with it."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import interval
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.formatting import significant
from traincarbon.ledger.like_for_like import PLANNED_COST, comparable, share_done
from traincarbon.ledger.run import Run
from traincarbon.quantities import QUANTITIES, RECORDED, CostBasis
from traincarbon.reporting.charts.axis import log_axis
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.charts.intervals import Row, draw_intervals
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, html, table, text, texts
from traincarbon.uncertain import Interval

NEARLY_ALL = 0.99
"""A share from which a part counts as the whole."""
_COMPARED = ("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "mfu")
_LEVEL = 0.9
"""Confidence level of recorded forecasts."""


class Forecast(NamedTuple):
    """The results of an estimate of a run, their confidence level, and when the estimate was made."""

    results: Mapping[str, Interval | None]
    level: float
    made: str


def forecast_of(record: Run, database: Database) -> Forecast | None:
    """Return the estimate that was recorded when the run began, or else a new one of its plan; None for a run without a plan."""
    if record.plan is None:
        return None
    recorded = {name: found for name, value in record.plan.items() if (found := interval(value)) is not None}
    if recorded:
        return Forecast(recorded, _LEVEL, "made when the run began")
    try:
        answer = estimate(Plan.from_dict({name: value for name, value in record.plan.items() if name in FIELDS}), database=database)
    except CarbonError:
        return None
    return Forecast(answer.results, answer.level, "made now, from the plan in the run’s record")


def actual_result(record: Run, quantity: str) -> Interval | None:
    """Return what the run states of a *quantity*, None where it states nothing."""
    if quantity == "duration_s":
        return Interval.of(record.duration_s) if record.duration_s else None
    if quantity == "mfu":
        return None if record.mfu is None else Interval.of(record.mfu)
    return interval(getattr(record, quantity)) if quantity in RECORDED else None


def cost_basis_of(record: Run) -> CostBasis | None:
    """Return what the cost of a run counts, None where it is not known or its sessions differ."""
    try:
        return CostBasis(record.cost_basis)
    except ValueError:
        return None


def forecast_table(record: Run, forecast: Forecast | None, currency: Currency) -> Html:
    """Return the forecast of a run compared with what it took."""
    if forecast is None:
        return html("<p>The run has no plan, so there is no forecast to compare it with.</p>")
    known_results = {name: result for name, result in forecast.results.items() if result is not None}
    plan = comparable(known_results, has_embodied=record.embodied_kgco2e is not None, cost_basis=record.cost_basis, share=share_done(record) or 1.0)
    expected = plan.results
    rows = [_row(QUANTITIES[name].label, expected.get(name), actual_result(record, name), QUANTITIES[name].unit, currency) for name in _COMPARED]
    basis = cost_basis_of(record)
    label = "Cost" if basis is None else QUANTITIES[PLANNED_COST[basis]].label
    rows.append(_row(label, expected.get("cost_usd"), actual_result(record, "cost_usd"), "$", currency))
    known = [row for row in rows if row]
    if not known:
        return EMPTY
    pro_rata = f" It is scaled to the tokens of this run, {percent(plan.share)} of those planned." if plan.is_pro_rata else ""
    lead = html("<p>The forecast was {}.{}</p>", text(forecast.made), text(pro_rata))
    head = texts("", "Forecast", f"{100.0 * forecast.level:.3g} % interval", "Actual", "Actual / forecast", "Interval")
    return html("{}{}", lead, table(text("Forecast compared with actual"), head, known, numbers=(1, 2, 3, 4)))


def forecast_chart(record: Run, forecast: Forecast | None, id: str) -> Html:
    """Return what the run took over what was expected of as much of the work, with the interval of the forecast; empty without a forecast."""
    if forecast is None:
        return EMPTY
    rows, data = [], []
    for name, expected, actual in _compared(record, forecast):
        if expected is None or actual is None or not expected.median > 0.0 or not actual.median > 0.0:
            continue
        ratio = actual.median / expected.median
        words = f"{significant(ratio, 2)} × the forecast"
        rows.append(Row(QUANTITIES[name].label, Interval(*(bound / expected.median for bound in expected)), words, actual=ratio))
        data.append((QUANTITIES[name].label, f"{significant(ratio, 3)} ×", _place(expected, actual)))
    if not rows:
        return EMPTY
    ends = [end for row in rows if row.interval is not None for end in (*row.interval, row.actual or 1.0)]
    axis = log_axis(ends, words=lambda value: f"{value:,g} ×", title="actual over forecast")
    inside = sum(place == "inside" for _, _, place in data)
    title = f"Actual compared with the forecast: {inside} of {len(data)} inside the interval"
    draw = partial(draw_intervals, title=title, rows=rows, axis=axis)
    note = "Blue: the forecast with its interval. Orange: the run."
    return figure_html(Chart(f"{id}-chart-forecast", title, draw, ("Quantity", "Actual / forecast", "Interval"), data, note=note))


def _compared(record: Run, forecast: Forecast) -> list[tuple[str, Interval | None, Interval | None]]:
    """Return the compared quantities with what was expected of as much of the work, and what the run took."""
    known = {name: result for name, result in forecast.results.items() if result is not None}
    plan = comparable(known, has_embodied=record.embodied_kgco2e is not None, cost_basis=record.cost_basis, share=share_done(record) or 1.0)
    names = (*_COMPARED, "cost_usd")
    return [(name, plan.results.get(name), actual_result(record, name)) for name in names]


def _place(expected: Interval, actual: Interval) -> str:
    return "below" if actual.median < expected.low else "above" if actual.median > expected.high else "inside"


def _row(label: str, expected: Interval | None, actual: Interval | None, unit: str, currency: Currency) -> list[Html]:
    """Return a row of forecast and actual; no cells where neither is known."""
    if expected is None and actual is None:
        return []
    shown = (NOT_KNOWN, "") if expected is None else _expected(expected, unit, currency)
    if expected is None or actual is None:
        return texts(label, *shown, NOT_KNOWN if actual is None else _actual(actual, unit, currency), "", "")
    ratio = f"{significant(actual.median / expected.median, 2)} ×" if expected.median else ""
    return texts(label, *shown, _actual(actual, unit, currency), ratio, _place(expected, actual))


def _expected(interval: Interval, unit: str, currency: Currency) -> tuple[str, str]:
    if not unit:
        return percent(interval.median), f"{percent(interval.low)} – {percent(interval.high)}"
    median, scale, bounds = currency.shown(interval, unit)
    return f"{median} {scale}".rstrip(), f"{bounds} {scale}".rstrip() if bounds not in ("", "exact") else bounds


def _actual(interval: Interval, unit: str, currency: Currency) -> str:
    return currency.amount(interval.median, unit, digits=3) if unit else percent(interval.median)


def percent(share: float) -> str:
    """Return a share in percent, with three digits.

    Example:
        >>> percent(0.9312)
        '93.1 %'
    """
    return f"{significant(100.0 * share, 3)} %"
