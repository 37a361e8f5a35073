"""The forecast of a run, and how the run compares with it."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import interval, number
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.formatting import significant
from traincarbon.ledger.record import Run
from traincarbon.quantities import QUANTITIES, RECORDED, CostBasis
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, html, table, text, texts
from traincarbon.uncertain import Interval

NEARLY_ALL = 0.99
"""A share from which a part counts as the whole."""
_COMPARED = ("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "mfu")
_ESTIMATED_COST = {CostBasis.RENT: "rent_usd", CostBasis.OWN: "own_usd", CostBasis.ELECTRICITY: "electricity_usd"}
"""The quantity of an estimate that counts the same as the cost of a run."""
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


def share_done(record: Run) -> float | None:
    """Return the share of its plan's tokens that a run processed, None where either is not known."""
    planned = number(record.plan.get("tokens")) if record.plan is not None else None
    return record.tokens / planned if record.tokens is not None and planned is not None and planned > 0.0 else None


def forecast_table(record: Run, forecast: Forecast | None, currency: Currency) -> Html:
    """Return the forecast of a run compared with what it took."""
    if forecast is None:
        return html("<p>The run has no plan, so there is no forecast to compare it with.</p>")
    rows = [_row(QUANTITIES[name].label, forecast.results.get(name), actual_result(record, name), QUANTITIES[name].unit, currency) for name in _COMPARED]
    basis = cost_basis_of(record)
    cost = None if basis is None else _ESTIMATED_COST[basis]
    label = "Cost" if cost is None else QUANTITIES[cost].label
    rows.append(_row(label, None if cost is None else forecast.results.get(cost), actual_result(record, "cost_usd"), "$", currency))
    known = [row for row in rows if row]
    if not known:
        return EMPTY
    done = share_done(record)
    is_part = done is not None and done < NEARLY_ALL
    lead = html("<p>The forecast was {}.{}</p>", text(forecast.made), text(" It covers the whole plan; the run completed part of it.") if is_part else EMPTY)
    head = texts("", "Forecast", f"{100.0 * forecast.level:.3g} % interval", "Actual", "Actual / forecast", "Interval")
    return html("{}{}", lead, table(text("Forecast compared with actual"), head, known, numbers=(1, 2, 3, 4)))


def _row(label: str, expected: Interval | None, actual: Interval | None, unit: str, currency: Currency) -> list[Html]:
    """Return a row of forecast and actual; no cells where neither is known."""
    if expected is None and actual is None:
        return []
    shown = (NOT_KNOWN, "") if expected is None else _expected(expected, unit, currency)
    if expected is None or actual is None:
        return texts(label, *shown, NOT_KNOWN if actual is None else _actual(actual, unit, currency), "", "")
    ratio = f"{significant(actual.median / expected.median, 2)} ×" if expected.median else ""
    place = "below" if actual.median < expected.low else "above" if actual.median > expected.high else "inside"
    return texts(label, *shown, _actual(actual, unit, currency), ratio, place)


def _expected(interval: Interval, unit: str, currency: Currency) -> tuple[str, str]:
    if not unit:
        return percent(interval.median), f"{percent(interval.low)} – {percent(interval.high)}"
    median, scale, bounds = currency.shown(interval, unit)
    return f"{median} {scale}".rstrip(), f"{bounds} {scale}".rstrip() if bounds != "exact" else bounds


def _actual(interval: Interval, unit: str, currency: Currency) -> str:
    return currency.amount(interval.median, unit, digits=3) if unit else percent(interval.median)


def percent(share: float) -> str:
    """Return a share in percent, with three digits.

    Example:
        >>> percent(0.9312)
        '93.1 %'
    """
    return f"{significant(100.0 * share, 3)} %"
