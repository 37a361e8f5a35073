"""Charts of ``carbon runs``: many runs by month, project and energy; one run compared with its forecast and over time."""

from collections.abc import Sequence
from functools import partial

from traincarbon.database.load import Database
from traincarbon.formatting import amount, counted
from traincarbon.ledger.run import Run
from traincarbon.ledger.shared_boards import counted_once
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.axis import in_one_scale, linear_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.currency import USD
from traincarbon.reporting.sections.forecast import forecast_chart, forecast_of
from traincarbon.reporting.sections.portfolio import portfolio_charts, sums_of
from traincarbon.reporting.sections.run_charts import history_charts
from traincarbon.reporting.subjects import ReportedRun

_MOST = 24


def listing_charts(records: Sequence[Run]) -> list[Chart]:
    """Return what runs took by month and project, the money spent so far, and the energy of the largest."""
    largest = _largest(records)
    return [*portfolio_charts(records, USD, budget_usd=None), *([] if largest is None else [largest])]


def sums_words(records: Sequence[Run]) -> str:
    """Return what the runs took together, in one sentence, with how many runs do not state it."""
    total = sums_of("", records, counted_once(records))
    words = []
    for quantity, known in total.known.items():
        if known:
            without = f" ({counted(total.runs - known, 'run')} without)" if known < total.runs else ""
            label = "" if QUANTITIES[quantity].unit == "h" else f"{QUANTITIES[quantity].label}: "
            words.append(f"{label}{amount(total.totals[quantity], QUANTITIES[quantity].unit, digits=3)}{without}")
    return f"{'; '.join(words)}." if words else "The runs do not state what they took."


def run_charts(run: ReportedRun, database: Database) -> list[Chart]:
    """Return a run compared with its forecast, and its power and utilisation over time, as far as they are known."""
    forecast = forecast_of(run.record, database)
    compared = forecast_chart(run.record, forecast, USD, "run")
    over_time = [] if run.history is None else history_charts(run.record, run.history, forecast, database, "run")
    return [*([] if compared is None else [compared]), *over_time]


def _largest(records: Sequence[Run]) -> Chart | None:
    """Return the runs of most energy, that of the facility where it is known, else that at the meters; None where none is known."""
    known = [(record, value) for record in records if (value := _energy_kwh(record))]
    known.sort(key=lambda each: (-each[1], each[0].run_id))
    if not known:
        return None
    shown, most = known[:_MOST], known[0][1]
    words = [amount(kwh, "kWh", digits=3) for _, kwh in shown]
    bars = [Bar(_name(record), 0.0, kwh, each) for (record, kwh), each in zip(shown, words, strict=True)]
    title = f"Energy by run: {_name(shown[0][0])} took the most, {words[0]}" if len(shown) > 1 else "Energy by run"
    draw = partial(draw_bars, title=title, bars=bars, axis=linear_axis(most, words=in_one_scale(most, "kWh", USD)))
    rows = [(record.run_id, record.project, record.state, each) for (record, _), each in zip(shown, words, strict=True)]
    left_out = len(records) - len(shown)
    note = f"{counted(left_out, 'run')} with less or unknown energy not drawn." if left_out else ""
    return Chart("chart-energy", title, draw, ("Run", "Project", "State", "Energy"), rows, note=note)


def _energy_kwh(record: Run) -> float | None:
    energy = record.facility_energy_kwh
    return record.metered_kwh if energy is None else energy["median"]


def _name(record: Run) -> str:
    return f"{record.project} · {record.run_id}" if record.project else record.run_id
