"""A run as it really was: against its forecast, and over time."""

import time
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimate.chain import estimate
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.result import Interval
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.record import RunRecord
from traincarbon.report.charts import Line, lines, share_bar
from traincarbon.report.currency import Currency
from traincarbon.report.markup import name, section, table, text
from traincarbon.report.said import Said, said_by
from traincarbon.report.trace import Trace
from traincarbon.uncertain import median_of
from traincarbon.wording import amount, counted, significant

_FORECAST = (
    ("Time", "duration_s", "s"),
    ("Energy of the facility", "facility_energy_kwh", "kWh"),
    ("CO2e of the electricity", "operational_kgco2e", "kg CO2e"),
    ("CO2e of making the hardware", "embodied_kgco2e", "kg CO2e"),
    ("Cost to rent", "rent_usd", "$"),
    ("Cost to own", "own_usd", "$"),
    ("Utilisation (MFU)", "mfu", ""),
)
_J_PER_KWH = 3.6e6
_STATED = {
    "facility_energy_kwh": "facility_energy_kwh",
    "operational_kgco2e": "operational_kgco2e",
    "embodied_kgco2e": "embodied_kgco2e",
    "rent_usd": "cost_usd",
}
"""Figures of an estimate to those of a run that say the same."""
_PARTS = {"gpu": "Accelerators", "cpu": "Processors", "dram": "Memory", "server": "Whole servers", "other": "Rest of the servers"}
_ENDED = {"finished": "finished", "failed": "failed", "killed": "was killed", "lost": "was lost", "running": "is running"}
_HOWS = {"counter": "measured, by energy counters", "power": "measured, by power readings", "modelled": "modelled"}


class Actual(NamedTuple):
    """A run with its forecast, where one is known, and what it did over time."""

    record: RunRecord
    forecast: Said | None
    trace: Trace | None


def forecast_of(record: RunRecord, database: Database) -> Said | None:
    """Return what would have been estimated of the plan that the run carries, or None where it carries none that can be estimated."""
    if record.plan is None:
        return None
    try:
        return said_by(estimate(Plan.from_dict(record.plan), database=database))
    except CarbonError:
        return None


def run_section(actual: Actual, database: Database, currency: Currency, id: str) -> str:
    """Return a run: what it was, what it took, how that was known, against its forecast, and over time."""
    record = actual.record
    title = f"Run {name(record.run_id, most=60)}"
    return section(
        id,
        title,
        f"<p class='lead'>{_sentence(record, currency)}</p>",
        _energy(record, currency),
        _against_forecast(actual, currency),
        _over_time(actual, database),
        _notes(record),
    )


def actual_of(record: RunRecord, figure: str) -> Interval | None:
    """Return what the run states of a *figure* of the estimate, None where it does not."""
    if figure == "duration_s":
        return Interval(record.duration_s, record.duration_s, record.duration_s) if record.duration_s else None
    if figure == "mfu":
        return None if record.mfu is None else Interval(record.mfu, record.mfu, record.mfu)
    stated = getattr(record, _STATED[figure]) if figure in _STATED else None
    return None if stated is None else Interval(stated["low"], stated["median"], stated["high"])


def busy_share(record: RunRecord) -> float | None:
    """Return the share of its time in which the run's accelerators were at work, None where no meter saw it."""
    seen = [use.utilisation for use in record.by_device if use.part == "gpu" and use.utilisation is not None]
    return sum(seen) / len(seen) if seen else None


def _sentence(record: RunRecord, currency: Currency) -> str:
    on = counted(record.nodes, "node") + (f" with {counted(record.accelerators, 'accelerator')}" if record.accelerators is not None else "")
    hardware = f" ({name(record.hw, most=80)})" if record.hw else ""
    project = f" of project {name(record.project, most=80)}" if record.project else ""
    exit_code = f", exit code {record.exit_code}" if record.exit_code is not None else ""
    began = f" began {text(record.started_at[:16].replace('T', ' '))} UTC," if record.started_at else ""
    metered = (
        f"used <strong>{text(amount(record.metered_kwh, 'kWh', digits=3))}</strong> at the meters" if record.metered_kwh is not None else "was not metered"
    )
    restarts = f", restarted {counted(record.restarts, 'time')}" if record.restarts else ""
    said = [f"The run{project}{began} ran {text(currency.amount(record.duration_s, 's', digits=3))} on {on}{hardware} and {metered}."]
    said.append(f"It {_ENDED[record.state]}{exit_code}{restarts}.{_work_done(record)}")
    busy = busy_share(record)
    if busy is not None:
        said.append(f"Its accelerators were at work {_percent(busy)} of the time and idle {_percent(1.0 - busy)}.")
    return " ".join(said)


def _work_done(record: RunRecord) -> str:
    """Return how much of the plan's work the run did, where both are known."""
    planned = record.plan.get("tokens") if record.plan is not None else None
    if record.tokens is None or not isinstance(planned, (int, float)) or not planned > 0.0:
        return ""
    return f" It saw {text(amount(record.tokens, 'count', digits=3))} tokens, {_percent(record.tokens / planned)} of its plan."


def _energy(record: RunRecord, currency: Currency) -> str:
    total = record.metered_kwh
    size, scale = currency.scale(total or 0.0, "kWh")
    rows = []
    for part, label in _PARTS.items():
        energy_j = record.energy_j.get(part)
        if energy_j is not None and total:
            energy_kwh = energy_j / _J_PER_KWH
            how = _HOWS.get(record.how.get(part, ""), "")
            rows.append([label, share_bar(energy_kwh / total), f"{significant(energy_kwh / size, 3)} {text(scale)}", how])
        elif part in record.missing:
            rows.append([label, "", "not measured", name(record.missing[part], most=200)])
    return table("Energy at the meters", ["Part", "Share", "Energy", "How it is known"], rows, numbers=(2,)) if rows else ""


def _against_forecast(actual: Actual, currency: Currency) -> str:
    if actual.forecast is None:
        return "<p>The run carries no plan, so there is no forecast to hold it against.</p>"
    rows = []
    for label, figure, unit in _FORECAST:
        expected, was = actual.forecast.results.get(figure), actual_of(actual.record, figure)
        if expected is None or (was is None and figure == "own_usd"):
            continue
        ratio = "" if was is None or not expected.median else f"{significant(was.median / expected.median, 2)} ×"
        inside = "" if was is None else "below it" if was.median < expected.low else "above it" if was.median > expected.high else "inside"
        rows.append([label, *_expected(expected, unit, currency), "not known" if was is None else _one(was, unit, currency), ratio, inside])
    level = f"{100.0 * actual.forecast.level:.3g} % interval"
    head = ["", "Forecast", level, "Actual", "Actual over forecast", "Interval"]
    return table("Forecast against actual", head, rows, numbers=(1, 2, 3, 4)) if rows else ""


def _expected(interval: Interval, unit: str, currency: Currency) -> tuple[str, str]:
    if not unit:
        return _percent(interval.median), f"{_percent(interval.low)} – {_percent(interval.high)}"
    middle, scale, bounds = currency.shown(interval, unit)
    return text(f"{middle} {scale}"), text(f"{bounds} {scale}" if bounds != "exact" else bounds)


def _one(interval: Interval, unit: str, currency: Currency) -> str:
    return text(currency.amount(interval.median, unit, digits=3)) if unit else _percent(interval.median)


def _over_time(actual: Actual, database: Database) -> str:
    trace = actual.trace
    if trace is None:
        return ""
    begin, end = (time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment)) for moment in (trace.begin_s, trace.end_s))
    most_w = max((value for values in trace.power_w.values() for value in values if value is not None), default=0.0)
    series = [Line(_PARTS.get(part, part), values) for part, values in trace.power_w.items()]
    charts = lines("Power over time", series=series, top=_watts(most_w), begin=begin, end=end, most=most_w)
    reach = _flop_per_token_over_peak(actual.record, database)
    if reach is not None:
        mfu = [None if rate is None else rate * reach for rate in trace.tokens_per_s]
        most = max((value for value in mfu if value is not None), default=0.0)
        charts += lines("Utilisation (MFU) over time", series=[Line("MFU", mfu)], top=_percent(most), begin=begin, end=end, most=most)
    return charts


def _flop_per_token_over_peak(record: RunRecord, database: Database) -> float | None:
    """Return the MFU for one token a second: model FLOP of a token over the peak of all accelerators; None where one of them is not known."""
    if not record.params or not record.hw or not record.accelerators:
        return None
    try:
        peak = settle(Plan(hw=record.hw), database).given["peak_flop_per_s"].value
    except CarbonError:
        return None
    return float(training_flop(active_params=record.params, tokens=1.0) / (median_of(peak) * record.accelerators))


def _notes(record: RunRecord) -> str:
    gaps = [f"{amount(record.gaps_s, 's')} of it were not metered"] if record.gaps_s else []
    notes = "".join(f"<li>{name(note, most=300)}</li>" for note in [*gaps, *record.notes[:10]])
    return f'<ul class="notes" aria-label="What to know about the run">{notes}</ul>' if notes else ""


def _watts(watts: float) -> str:
    size, unit = (1e6, "MW") if watts >= 1e6 else (1e3, "kW") if watts >= 1e3 else (1.0, "W")
    return f"{significant(watts / size, 3)} {unit}"


def _percent(share: float) -> str:
    return f"{significant(100.0 * share, 3)} %"
