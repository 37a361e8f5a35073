"""Charts of ``carbon calibrate``: what was predicted for each run with and without the calibration, over what was measured."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from traincarbon.calibration.fit import Fitted
from traincarbon.calibration.prediction_errors import Errors
from traincarbon.formatting import counted, significant
from traincarbon.quantities import S_PER_H
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.scatter import Group
from traincarbon.reporting.plots.predictions import MOST_DOTS, prediction, prediction_chart
from traincarbon.uncertain import Z_90, Interval

if TYPE_CHECKING:
    from traincarbon.uncertain import Array


def calibration_charts(fitted: Fitted) -> list[Chart]:
    """Return a chart of hours, one of the accelerators' energy and one of the step time: each run without calibration, and predicted from the other runs."""
    used = fitted.used
    charts = [_chart(fitted, "hours", "GPU-hours", "h", used.hours_h.tolist())] if "hours" in fitted.errors else []
    if "energy" in fitted.errors:
        rows = fitted.errors["energy"].rows
        charts.append(_chart(fitted, "energy", "Energy of the accelerators", "kWh", used.accelerator_kwh[rows].tolist()))
    if "step" in fitted.errors:
        rows = fitted.errors["step"].rows
        s_per_token = used.hours_h[rows] * S_PER_H / used.accelerators[rows] / used.tokens[rows]
        charts.append(_chart(fitted, "step", "Step time on the run’s layout, per million tokens", "s", (1e6 * s_per_token).tolist()))
    return charts


def _chart(fitted: Fitted, kind: str, title: str, unit: str, measured: Sequence[float]) -> Chart:
    errors = fitted.errors[kind]
    every = max(1, math.ceil(len(measured) / MOST_DOTS))
    shown = slice(None, None, every)
    values, names = measured[shown], [fitted.used.ids[at] for at in errors.rows[shown].tolist()]
    groups = []
    for label, error_ln, sigma, style in (
        ("without calibration", errors.before, errors.before_sigma, None),
        ("predicted from the other runs", errors.left_out, errors.left_out_sigma, 0),
    ):
        predicted = _predicted(values, error_ln[shown], sigma[shown])
        dots = [prediction(name, value, interval, of="measured", unit=unit, kind=label) for name, value, interval in zip(names, values, predicted, strict=True)]
        groups.append(Group(label, dots, style))
    note = _caption(errors) + ("" if every == 1 else f" One of {every} is drawn.")
    return prediction_chart(f"chart-{kind}", title, groups, of="measured", unit=unit, note=note)


def _predicted(measured: Sequence[float], error_ln: "Array", sigma: "Array") -> list[Interval]:
    """Return the prediction of each measured value with its 90 % interval."""
    medians = [value * math.exp(error) for value, error in zip(measured, error_ln.tolist(), strict=True)]
    reaches = [math.exp(Z_90 * each) for each in sigma.tolist()]
    return [Interval(median / reach, median, median * reach) for median, reach in zip(medians, reaches, strict=True)]


def _caption(errors: Errors) -> str:
    found = errors.summary()
    before, left_out = (significant(math.exp(found[name]), 3) for name in ("before", "left_out"))
    return (
        f"{counted(int(found['n']), 'run')}: half within × {before} without calibration, × {left_out} predicted from the other runs; "
        f"inside the 90 % interval {found['coverage_before']:.0%} and {found['coverage_left_out']:.0%}."
    )
