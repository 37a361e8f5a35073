"""A run as it really was: against its forecast, and over time."""

import time
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.plan import Plan
from traincarbon.formatting import amount, counted, significant
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.record import RunRecord
from traincarbon.reporting.charts import Line, lines, share_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import name, section, table, text
from traincarbon.reporting.run_history import Trace
from traincarbon.reporting.sections.forecast import WHOLE, Forecast, actual_of, forecast_table, percent, share_done
from traincarbon.reporting.sections.summary import card_html
from traincarbon.uncertain import Interval, median_of

_J_PER_KWH = 3.6e6
_SHORT_S = 600.0
"""A run shorter than this is shown to the second."""
_MEASURED = ("counter", "power")
_PARTS = {"gpu": "Accelerators", "cpu": "Processors", "dram": "Memory", "server": "Whole servers", "other": "Rest of the servers"}
_ENDED = {"finished": "finished", "failed": "failed", "killed": "was killed", "lost": "was lost", "running": "is running"}
_HOWS = {"counter": "measured, by energy counters", "power": "measured, by power readings", "modelled": "modelled"}


class Actual(NamedTuple):
    """A run with its forecast, where one is known, and what it did over time."""

    record: RunRecord
    forecast: Forecast | None
    trace: Trace | None


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
        forecast_table(record, actual.forecast, currency, cost_basis=actual.trace.cost_basis if actual.trace is not None else ""),
        _over_time(actual, database),
        _notes(record),
    )


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
        said.append(f"Its accelerators were at work {percent(busy)} of the time and idle {percent(1.0 - busy)}.")
    return " ".join(said)


def _work_done(record: RunRecord) -> str:
    """Return how much of the plan's work the run did, where both are known."""
    done = share_done(record)
    return "" if done is None or record.tokens is None else f" It saw {text(amount(record.tokens, 'count', digits=3))} tokens, {percent(done)} of its plan."


def _metered(record: RunRecord) -> str:
    """Return the energy of the run and how much of it was measured."""
    total = record.metered_kwh
    if not total:
        return "was not metered" if total is None else "used nothing that a meter saw"
    measured_j = sum(energy_j or 0.0 for part, energy_j in record.energy_j.items() if record.how.get(part) in _MEASURED)
    share = measured_j / _J_PER_KWH / total
    how = "all of it measured" if share > WHOLE else "all of it modelled" if share < 1.0 - WHOLE else f"{percent(share)} of it measured, the rest modelled"
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
    scale = currency.scale(total or 0.0, "kWh")
    rows = []
    for part, label in _PARTS.items():
        energy_j = record.energy_j.get(part)
        if energy_j is not None and total:
            energy_kwh = energy_j / _J_PER_KWH
            how = _HOWS.get(record.how.get(part, ""), "")
            rows.append([label, share_bar(energy_kwh / total), text(scale.text(significant(energy_kwh / scale.size, 3))), how])
        elif part in record.missing:
            rows.append([label, "", "not measured", name(record.missing[part], most=200)])
    return table("Energy, measured and modelled", ["Part", "Share", "Energy", "How it is known"], rows, numbers=(2,)) if rows else ""


def _over_time(actual: Actual, database: Database) -> str:
    trace = actual.trace
    if trace is None:
        return ""
    with_seconds = trace.end_s - trace.begin_s < _SHORT_S
    begin, end = (_moment(wall_s, with_seconds=with_seconds) for wall_s in (trace.begin_s, trace.end_s))
    most_w = max((value for values in trace.power_w.values() for value in values if value is not None), default=0.0)
    series = [Line(_PARTS.get(part, part), values) for part, values in trace.power_w.items()]
    charts = lines("Power over time", series=series, top=_watts(most_w), begin=begin, end=end, most=most_w)
    reach = _flop_per_token_over_peak(actual.record, database)
    if reach is not None:
        mfu = [None if rate is None else rate * reach for rate in trace.tokens_per_s]
        most = max((value for value in mfu if value is not None), default=0.0)
        charts += lines("Utilisation (MFU) over time", series=[Line("MFU", mfu)], top=percent(most), begin=begin, end=end, most=most)
    return charts


def _moment(wall_s: float, *, with_seconds: bool) -> str:
    """Return an instant to the minute or the second, nothing where the clock was beyond what has a date."""
    try:
        return time.strftime(f"%Y-%m-%d %H:%M{':%S' if with_seconds else ''} UTC", time.gmtime(wall_s))
    except (OverflowError, ValueError, OSError):
        return ""


def _flop_per_token_over_peak(record: RunRecord, database: Database) -> float | None:
    """Return the MFU for one token a second: model FLOP of a token over the peak of all accelerators; None where one of them is not known."""
    if not record.params or not record.hw or not record.accelerators:
        return None
    try:
        peak = gather(Plan(hw=record.hw), database).value("peak_flop_per_s")
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
