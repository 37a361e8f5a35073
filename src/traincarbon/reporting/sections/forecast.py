"""What was expected of a run, and how far from it the run came out."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import interval
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import FIELDS, Plan
from traincarbon.formatting import significant
from traincarbon.ledger.record import RunRecord
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import table, text
from traincarbon.uncertain import Interval

WHOLE = 0.99
"""Share from which a part stands for the whole."""
_FORECAST = (
    ("Time", "duration_s", "s"),
    ("Energy of the facility", "facility_energy_kwh", "kWh"),
    ("CO2e of the electricity", "operational_kgco2e", "kg CO2e"),
    ("CO2e of making the hardware", "embodied_kgco2e", "kg CO2e"),
    ("Utilisation (MFU)", "mfu", ""),
)
_COSTS = {
    "rent": ("Cost to rent", "rent_usd"),
    "electricity and a share of the purchase": ("Cost to own", "own_usd"),
    "electricity alone": ("Cost of electricity", "electricity_usd"),
}
"""What a tracker counts as cost, to what it is called and the figure of an estimate that says the same."""
_RECORDED = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd")
_LEVEL = 0.9
"""Confidence level of what a tracker records."""


class Forecast(NamedTuple):
    """What was expected of a run: figures of an estimate, at their confidence level, and where they are from."""

    results: Mapping[str, Interval | None]
    level: float
    made: str


def forecast_of(record: RunRecord, database: Database) -> Forecast | None:
    """Return what was estimated of the run when it began, or else what is estimated of its plan now; None where it carries no plan."""
    if record.plan is None:
        return None
    recorded = {name: found for name, value in record.plan.items() if (found := interval(value)) is not None}
    if recorded:
        return Forecast(recorded, _LEVEL, "made when it began")
    try:
        answer = estimate(Plan.from_dict({name: value for name, value in record.plan.items() if name in FIELDS}), database=database)
    except CarbonError:
        return None
    return Forecast(answer.results, answer.level, "made now, from the plan that the run carries")


def actual_of(record: RunRecord, figure: str) -> Interval | None:
    """Return what the run states of a *figure*, None where it does not."""
    if figure == "duration_s":
        return Interval(record.duration_s, record.duration_s, record.duration_s) if record.duration_s else None
    if figure == "mfu":
        return None if record.mfu is None else Interval(record.mfu, record.mfu, record.mfu)
    stated = getattr(record, figure) if figure in _RECORDED else None
    return None if stated is None else Interval(stated["low"], stated["median"], stated["high"])


def share_done(record: RunRecord) -> float | None:
    """Return the share of its plan's tokens that a run saw, None where either is not known."""
    planned = record.plan.get("tokens") if record.plan is not None else None
    return record.tokens / planned if record.tokens is not None and isinstance(planned, (int, float)) and planned > 0.0 else None


def forecast_table(record: RunRecord, forecast: Forecast | None, currency: Currency, *, cost_basis: str = "") -> str:
    """Return what was expected of a run against what it took; *cost_basis* is what its tracker counted as cost, in the tracker's words."""
    if forecast is None:
        return "<p>The run carries no plan, so there is no forecast to hold it against.</p>"
    called, figure = _COSTS.get(cost_basis, ("Cost, as it was tracked", ""))
    rows = [_compared(label, forecast.results.get(name), actual_of(record, name), unit, currency) for label, name, unit in _FORECAST]
    rows.append(_compared(called, forecast.results.get(figure), actual_of(record, "cost_usd"), "$", currency))
    known = [row for row in rows if row]
    done = share_done(record)
    whole = " It is of the whole plan, of which the run did a part." if done is not None and done < WHOLE else ""
    head = ["", "Forecast", f"{100.0 * forecast.level:.3g} % interval", "Actual", "Actual over forecast", "Interval"]
    return f"<p>The forecast was {forecast.made}.{whole}</p>{table('Forecast against actual', head, known, numbers=(1, 2, 3, 4))}" if known else ""


def _compared(label: str, expected: Interval | None, was: Interval | None, unit: str, currency: Currency) -> list[str]:
    """Return a row of forecast and actual; nothing where neither is known."""
    if expected is None and was is None:
        return []
    shown = (NOT_KNOWN, "") if expected is None else _expected(expected, unit, currency)
    if expected is None or was is None:
        return [label, *shown, NOT_KNOWN if was is None else _one(was, unit, currency), "", ""]
    ratio = f"{significant(was.median / expected.median, 2)} ×" if expected.median else ""
    place = "below it" if was.median < expected.low else "above it" if was.median > expected.high else "inside"
    return [label, *shown, _one(was, unit, currency), ratio, place]


def _expected(interval: Interval, unit: str, currency: Currency) -> tuple[str, str]:
    if not unit:
        return percent(interval.median), f"{percent(interval.low)} – {percent(interval.high)}"
    middle, scale, bounds = currency.shown(interval, unit)
    return text(f"{middle} {scale}"), text(f"{bounds} {scale}" if bounds != "exact" else bounds)


def _one(interval: Interval, unit: str, currency: Currency) -> str:
    return text(currency.amount(interval.median, unit, digits=3)) if unit else percent(interval.median)


def percent(share: float) -> str:
    """Return a share in percent, with three digits.

    Example:
        >>> percent(0.9312)
        '93.1 %'
    """
    return f"{significant(100.0 * share, 3)} %"
