"""The forecast of a run, and how the run compares with it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import interval
from traincarbon.estimation.recorded_plan import estimate_recorded
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import LEAST, significant
from traincarbon.ledger.like_for_like import PLANNED_COST, ComparablePlan, comparable, share_done
from traincarbon.ledger.run import Run
from traincarbon.quantities import QUANTITIES, RECORDED, CostBasis
from traincarbon.reporting.charts.axis import in_one_scale, linear_axis
from traincarbon.reporting.charts.bullets import Bullet, draw_bullets
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, html, table, text, texts
from traincarbon.uncertain import Interval, median_of

NEARLY_ALL = 0.99
"""A share from which a part counts as the whole."""
_COMPARED = ("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "mfu")
_PROCESSORS = ("cpu", "soc")
_LEVEL = 0.9
"""Confidence level of recorded forecasts."""


class PlannedPower(NamedTuple):
    """The power that a plan expects.

    Attributes:
        part: The part of a machine that an accelerator is: gpu or cpu.
        each_w: The power of one. [W]
        accelerators: How many the plan has, None where it does not say.
    """

    part: str
    each_w: Interval
    accelerators: float | None = None


class Forecast(NamedTuple):
    """An estimate of a run.

    Attributes:
        results: Its results.
        level: Their confidence level. [1]
        made: When it was made, and of what.
        tokens: The tokens that it is for, where the record of the run does not state them.
        power: The power that it expects, where that is known.
    """

    results: Mapping[str, Interval | None]
    level: float
    made: str
    tokens: float | None = None
    power: PlannedPower | None = None


def forecast_of(record: Run, database: Database) -> Forecast | None:
    """Return the estimate that was recorded when the run began, or else a new one of its plan; None for a run without a plan."""
    if record.plan is None:
        return None
    answer = estimate_recorded(record.plan, database=database)
    power = None if answer is None else planned_power(answer)
    recorded = {name: found for name, value in record.plan.items() if (found := interval(value)) is not None}
    if recorded:
        return Forecast(recorded, _LEVEL, "made when the run began", power=power)
    return None if answer is None else Forecast(answer.results, answer.level, "made now, from the plan in the run’s record", power=power)


def planned_power(answer: Estimate) -> PlannedPower | None:
    """Return the power of an accelerator that an estimate expects, None where it is unknown."""
    each_w = answer.of_link("accelerator_power_w")
    part = "cpu" if answer.facts.accelerator.type in _PROCESSORS else "gpu"
    count = None if answer.accelerators is None else float(median_of(answer.accelerators))
    return None if each_w is None else PlannedPower(part, Interval.of(each_w, answer.level), count)


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
    known = [row for label, unit, expected, actual in compared_with_forecast(record, forecast) if (row := _row(label, expected, actual, unit, currency))]
    if not known:
        return EMPTY
    plan = _plan_of(record, forecast)
    pro_rata = f" It is scaled to the tokens of this run, {percent(plan.share)} of those planned." if plan.is_pro_rata else ""
    lead = html("<p>The forecast was {}.{}</p>", text(forecast.made), text(pro_rata))
    head = texts("", "Forecast", f"{100.0 * forecast.level:.3g} % interval", "Actual", "Actual / forecast", "Interval")
    return html("{}{}", lead, table(text("Forecast compared with actual"), head, known, numbers=(1, 2, 3, 4)))


def forecast_chart(record: Run, forecast: Forecast | None, currency: Currency, id: str) -> Chart | None:
    """Return what the run took over what was expected of as much of the work, with the interval of the forecast; None without a forecast."""
    if forecast is None:
        return None
    bullets, data = [], []
    for label, unit, expected, actual in compared_with_forecast(record, forecast):
        if expected is None or actual is None or not expected.median > 0.0 or not actual.median > 0.0:
            continue
        took, planned, place = _actual(actual, unit, currency), " ".join(filter(None, _expected(expected, unit, currency))), _place(expected, actual)
        times = f"{significant(actual.median / expected.median, 2)} ×"
        axis = linear_axis(max(expected.high, actual.median), words=_ticks(max(expected.high, actual.median), unit, currency), most_ticks=4)
        bullets.append(Bullet(label, expected, actual.median, f"{took} · {times}", f"{label}: took {took}, forecast {planned}, {place}", axis))
        data.append((label, took, planned, times, place))
    if not bullets:
        return None
    inside = sum(place == "inside" for *_, place in data)
    title = f"Actual compared with the forecast: {inside} of {len(data)} inside the interval"
    note = "Orange: the run. Blue: the interval of the forecast, its median across."
    head = ("Quantity", "Actual", "Forecast", "Actual / forecast", "Interval")
    return Chart(f"{id}-chart-forecast", title, partial(draw_bullets, title=title, bullets=bullets), head, data, note=note)


def _ticks(most: float, unit: str, currency: Currency) -> Callable[[float], str]:
    if not unit:
        return lambda share: f"{100.0 * share:.3g} %"
    if most < LEAST.get(unit, 0.0):  # smaller than what is ever written
        return lambda value: "" if value else "0"
    return in_one_scale(most, unit, currency)


def compared_with_forecast(record: Run, forecast: Forecast) -> list[tuple[str, str, Interval | None, Interval | None]]:
    """Return the label and unit of the compared quantities, with what was expected of as much of the work and what the run took."""
    expected = _plan_of(record, forecast).results
    found = [(QUANTITIES[name].label, QUANTITIES[name].unit, expected.get(name), actual_result(record, name)) for name in _COMPARED]
    basis = cost_basis_of(record)
    label = "Cost" if basis is None else QUANTITIES[PLANNED_COST[basis]].label
    return [*found, (label, "$", expected.get("cost_usd"), actual_result(record, "cost_usd"))]


def _plan_of(record: Run, forecast: Forecast) -> ComparablePlan:
    """Return the forecast of as much of the work as the run did, counting what the run counts."""
    known = {name: result for name, result in forecast.results.items() if result is not None}
    share = share_done(record)
    if share is None and record.tokens is not None and forecast.tokens:
        share = record.tokens / forecast.tokens
    return comparable(known, has_embodied=record.embodied_kgco2e is not None, cost_basis=record.cost_basis, share=share or 1.0)


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
