"""A run over time: its power with that of its plan, and its utilisation with what the forecast expected."""

import time
from functools import partial

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.plan import Plan
from traincarbon.formatting import amount, is_negligible
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.run import Run
from traincarbon.reporting.charts.axis import Axis, in_one_scale, linear_axis, time_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.curves import Band, Curve, draw_curves
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.currency import USD
from traincarbon.reporting.run_history import RunHistory
from traincarbon.reporting.sections.forecast import Forecast, percent
from traincarbon.uncertain import Interval, median_of

PARTS = {"gpu": "Accelerators", "cpu": "Processors", "dram": "Memory", "server": "Whole servers", "other": "Rest of the servers"}
"""The parts of a machine that meters tell apart, by what they are called."""
_LEAST_DRAWN = 0.03
"""Parts that stay below this share of the largest power are said, not drawn: their line would lie on the axis."""
_SHORT_S = 600.0
"""Charts of runs shorter than this show seconds."""


def history_charts(record: Run, history: RunHistory, forecast: Forecast | None, database: Database, id: str) -> list[Chart]:
    """Return the power of the run over time with that of its plan, and its utilisation with what the forecast expected."""
    charts = [_power_chart(record, history, forecast, id), _mfu_chart(record, history, forecast, database, id)]
    return [chart for chart in charts if chart is not None]


def _power_chart(record: Run, history: RunHistory, forecast: Forecast | None, id: str) -> Chart | None:
    most_w = max((value for values in history.power_w.values() for value in values if value is not None), default=0.0)
    if not most_w > 0.0:
        return None
    planned = _planned_power(record, history, forecast)
    x, times = _times(history)
    y = linear_axis(most_w if planned is None else max(most_w, planned.high), words=in_one_scale(most_w, "W", USD), title="power")
    parts = [(PARTS.get(part, part), values) for part, values in history.power_w.items()]
    peaks = {label: max((value for value in values if value is not None), default=0.0) for label, values in parts}
    drawn = [(label, values) for label, values in parts if peaks[label] >= _LEAST_DRAWN * most_w]
    curves = [Curve(label, list(zip(times, values, strict=True)), at) for at, (label, values) in enumerate(drawn)]
    rows = [(f"{at:.4g}", *(_reading(values[place], "W") for _, values in parts)) for place, at in enumerate(times)]
    level = None if planned is None else Limit(planned.median, f"plan {amount(planned.median, 'W')}")
    used = record.metered_kwh or 0.0
    title = f"Power over time: {amount(used, 'kWh', digits=3)} at its meters" if used and not is_negligible(used, "kWh") else "Power over time"
    draw = partial(draw_curves, title=title, x=x, y=y, curves=curves, bands=_bands(planned, x), level=level)
    low = [f"{label.lower()}, at most {amount(peak, 'W')}" for label, peak in peaks.items() if peak < _LEAST_DRAWN * most_w]
    note = f"Too little to draw: {'; '.join(low)}." if low else ""
    if forecast is not None and forecast.power is not None and planned is not None:
        what = PARTS[forecast.power.part].lower()
        note = f"Shaded: the plan’s power of the {what}, {amount(planned.low, 'W')} to {amount(planned.high, 'W')}. {note}".rstrip()
    return Chart(f"{id}-chart-power", title, draw, (x.title, *(label for label, _ in parts)), rows, note=note)


def _planned_power(record: Run, history: RunHistory, forecast: Forecast | None) -> Interval | None:
    """Return the power that the plan expects of the accelerators of the run; None where it is unknown, or no meter saw that part."""
    planned = None if forecast is None else forecast.power
    if planned is None or planned.part not in history.power_w:
        return None
    count = record.accelerators or planned.accelerators
    return Interval(*(bound * count for bound in planned.each_w)) if count else None


def _bands(expected: Interval | None, x: Axis) -> list[Band]:
    return [] if expected is None else [Band([(0.0, expected.low), (x.high, expected.low)], [(0.0, expected.high), (x.high, expected.high)])]


def _mfu_chart(record: Run, history: RunHistory, forecast: Forecast | None, database: Database, id: str) -> Chart | None:
    mfu_per_rate = _mfu_of_one_token_per_s(record, database)
    if mfu_per_rate is None:
        return None
    mfu = [None if rate is None else rate * mfu_per_rate for rate in history.tokens_per_s]
    expected = None if forecast is None else forecast.results.get("mfu")
    most = max([value for value in mfu if value is not None] + ([] if expected is None else [expected.high]), default=0.0)
    if not most > 0.0 or not any(mfu):
        return None
    x, times = _times(history)
    y = linear_axis(most, words=lambda share: f"{100.0 * share:.3g} %", title="utilisation (MFU)")
    level = None if expected is None else Limit(expected.median, f"forecast {percent(expected.median)}")
    rows = [(f"{at:.4g}", "not known" if value is None else percent(value)) for at, value in zip(times, mfu, strict=True)]
    draw = partial(
        draw_curves, title="Utilisation over time", x=x, y=y, curves=[Curve("", list(zip(times, mfu, strict=True)), 1)], bands=_bands(expected, x), level=level
    )
    return Chart(f"{id}-chart-mfu", "Utilisation (MFU) over time", draw, (x.title, "MFU"), rows)


def _times(history: RunHistory) -> tuple[Axis, list[float]]:
    """Return the axis of time, and the middle of each bin on it."""
    duration_s = history.end_s - history.begin_s
    axis, unit_s = time_axis(duration_s, since=_moment(history.begin_s, has_seconds=duration_s < _SHORT_S))
    return axis, [(at + 0.5) * history.width_s / unit_s for at in range(len(history.tokens_per_s))]


def _reading(value: float | None, unit: str) -> str:
    return "not known" if value is None else amount(value, unit, digits=3)


def _moment(wall_s: float, *, has_seconds: bool) -> str:
    """Return an instant to the minute or the second, empty where the clock showed no valid date."""
    try:
        return time.strftime(f"%Y-%m-%d %H:%M{':%S' if has_seconds else ''} UTC", time.gmtime(wall_s))
    except (OverflowError, ValueError, OSError):
        return ""


def _mfu_of_one_token_per_s(record: Run, database: Database) -> float | None:
    """Return the MFU at one token per second: FLOP per token over the peak of all accelerators; None where one of them is not known."""
    if not record.params or not record.hw or not record.accelerators:
        return None
    try:
        peak = gather(Plan(hw=record.hw), database).value("peak_flop_per_s")
    except CarbonError:
        return None
    if peak is None:
        return None
    return float(training_flop(active_params=record.params, tokens=1.0) / (median_of(peak) * record.accelerators))
