"""A run as it really was: against its forecast, and over time."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimate.chain import estimate
from traincarbon.estimate.fields import FIELDS
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.result import Interval
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.processes import interval_of
from traincarbon.ledger.record import RunRecord
from traincarbon.report.charts import Line, lines, share_bar
from traincarbon.report.currency import NOT_KNOWN, Currency
from traincarbon.report.markup import name, section, table, text
from traincarbon.report.summary import card_html
from traincarbon.report.trace import Trace
from traincarbon.uncertain import median_of
from traincarbon.wording import amount, counted, significant

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
_ALL = 0.99
"""Share of its plan from which a run did all of it."""
_J_PER_KWH = 3.6e6
_RECORDED = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd")
_LEVEL = 0.9
"""Confidence level of what a tracker records."""
_MEASURED = ("counter", "power")
_PARTS = {"gpu": "Accelerators", "cpu": "Processors", "dram": "Memory", "server": "Whole servers", "other": "Rest of the servers"}
_ENDED = {"finished": "finished", "failed": "failed", "killed": "was killed", "lost": "was lost", "running": "is running"}
_HOWS = {"counter": "measured, by energy counters", "power": "measured, by power readings", "modelled": "modelled"}


class Forecast(NamedTuple):
    """What was expected of a run: figures of an estimate, at their confidence level, and where they are from."""

    results: Mapping[str, Interval | None]
    level: float
    made: str


class Actual(NamedTuple):
    """A run with its forecast, where one is known, and what it did over time."""

    record: RunRecord
    forecast: Forecast | None
    trace: Trace | None


def forecast_of(record: RunRecord, database: Database) -> Forecast | None:
    """Return what was estimated of the run when it began, or else what is estimated of its plan now; None where it carries no plan."""
    if record.plan is None:
        return None
    recorded = {name: Interval(**interval) for name, value in record.plan.items() if (interval := interval_of(value)) is not None}
    if recorded:
        return Forecast(recorded, _LEVEL, "made when it began")
    try:
        answer = estimate(Plan.from_dict({name: value for name, value in record.plan.items() if name in FIELDS}), database=database)
    except CarbonError:
        return None
    return Forecast(answer.results, answer.level, "made now, from the plan that the run carries")


def run_section(actual: Actual, database: Database, currency: Currency, id: str) -> str:
    """Return a run: what it was, what it took, how that was known, against its forecast, and over time."""
    record = actual.record
    title = f"Run {name(record.run_id, most=60)}"
    return section(
        id,
        title,
        f"<p class='lead'>{_sentence(record, currency)}</p>",
        _cards(actual, currency),
        _energy(record, currency),
        _against_forecast(actual, currency),
        _over_time(actual, database),
        _notes(record),
    )


def actual_of(record: RunRecord, figure: str) -> Interval | None:
    """Return what the run states of a *figure*, None where it does not."""
    if figure == "duration_s":
        return Interval(record.duration_s, record.duration_s, record.duration_s) if record.duration_s else None
    if figure == "mfu":
        return None if record.mfu is None else Interval(record.mfu, record.mfu, record.mfu)
    stated = getattr(record, figure) if figure in _RECORDED else None
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
    restarts = f", restarted {counted(record.restarts, 'time')}" if record.restarts else ""
    said = [f"The run{project}{began} ran {text(currency.amount(record.duration_s, 's', digits=3))} on {on}{hardware} and {_metered(record)}."]
    said.append(f"It {_ENDED[record.state]}{exit_code}{restarts}.{_work_done(record)}")
    busy = busy_share(record)
    if busy is not None:
        said.append(f"Its accelerators were at work {_percent(busy)} of the time and idle {_percent(1.0 - busy)}.")
    return " ".join(said)


def _work_done(record: RunRecord) -> str:
    """Return how much of the plan's work the run did, where both are known."""
    done = _share_done(record)
    return "" if done is None or record.tokens is None else f" It saw {text(amount(record.tokens, 'count', digits=3))} tokens, {_percent(done)} of its plan."


def _share_done(record: RunRecord) -> float | None:
    planned = record.plan.get("tokens") if record.plan is not None else None
    return record.tokens / planned if record.tokens is not None and isinstance(planned, (int, float)) and planned > 0.0 else None


def _metered(record: RunRecord) -> str:
    """Return the energy of the run and how much of it was measured."""
    total = record.metered_kwh
    if not total:
        return "was not metered" if total is None else "used nothing that a meter saw"
    measured_j = sum(energy_j or 0.0 for part, energy_j in record.energy_j.items() if record.how.get(part) in _MEASURED)
    share = measured_j / _J_PER_KWH / total
    how = "all of it measured" if share > _ALL else "all of it modelled" if share < 1.0 - _ALL else f"{_percent(share)} of it measured, the rest modelled"
    return f"used <strong>{text(amount(total, 'kWh', digits=3))}</strong>, {how}"


def _cards(actual: Actual, currency: Currency) -> str:
    """Return the run's figures: what it cost, how long it took, what it used and emitted."""
    record = actual.record
    counts = actual.trace.cost_basis if actual.trace is not None else ""
    metered = record.metered_kwh
    energy, of = actual_of(record, "facility_energy_kwh"), "servers, network, cooling"
    if energy is None and metered is not None:
        energy, of = Interval(metered, metered, metered), "at the meters; the facility’s is not known"
    electricity, making = actual_of(record, "operational_kgco2e"), actual_of(record, "embodied_kgco2e")
    carbon = Interval(*map(sum, zip(electricity, making, strict=True))) if electricity is not None and making is not None else electricity
    cards = [
        card_html("Cost", actual_of(record, "cost_usd"), "$", currency, note=text(counts)),
        card_html("Time", actual_of(record, "duration_s"), "s", currency, note="wall-clock"),
        card_html("Energy", energy, "kWh", currency, note=of),
        card_html("Carbon", carbon, "kg CO2e", currency, note="electricity and the hardware’s making" if making is not None else "of the electricity alone"),
    ]
    return f'<ul class="cards">{"".join(cards)}</ul>'


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
    return table("Energy, measured and modelled", ["Part", "Share", "Energy", "How it is known"], rows, numbers=(2,)) if rows else ""


def _against_forecast(actual: Actual, currency: Currency) -> str:
    forecast, record = actual.forecast, actual.record
    if forecast is None:
        return "<p>The run carries no plan, so there is no forecast to hold it against.</p>"
    called, figure = _COSTS.get(actual.trace.cost_basis if actual.trace is not None else "", ("Cost, as it was tracked", ""))
    rows = [_compared(label, forecast.results.get(name), actual_of(record, name), unit, currency) for label, name, unit in _FORECAST]
    rows.append(_compared(called, forecast.results.get(figure), actual_of(record, "cost_usd"), "$", currency))
    known = [row for row in rows if row]
    done = _share_done(record)
    whole = " It is of the whole plan, of which the run did a part." if done is not None and done < _ALL else ""
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
