"""Figures of ``carbon calibrate``: what was predicted for each run with and without the calibration, over what was measured."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from traincarbon.calibration.fit import Errors, Fitted
from traincarbon.quantities import S_PER_H
from traincarbon.reporting.plots.figures import AMBER, BLUE, Data, Panel, plain_text, prediction_figure, predictions
from traincarbon.uncertain import Z_90, Interval

if TYPE_CHECKING:
    from traincarbon.uncertain import Array

_MOST_POINTS = 5000
"""A page of more points is slow to draw and shows no more."""


def calibration_panels(fitted: Fitted) -> list[Panel]:
    """Return a panel of hours, one of the accelerators' energy and one of the step time: each run without calibration, and predicted from the other runs."""
    used = fitted.used
    panels = [_panel(fitted, "hours", "GPU-hours", "h", used.hours_h.tolist())]
    if "energy" in fitted.errors:
        rows = fitted.errors["energy"].rows
        panels.append(_panel(fitted, "energy", "Energy of the accelerators", "kWh", used.accelerator_kwh[rows].tolist()))
    if "step" in fitted.errors:
        rows = fitted.errors["step"].rows
        s_per_token = used.hours_h[rows] * S_PER_H / used.accelerators[rows] / used.tokens[rows]
        panels.append(_panel(fitted, "step", "Step time on the run’s layout, per million tokens", "s", (1e6 * s_per_token).tolist()))
    return panels


def _panel(fitted: Fitted, kind: str, title: str, unit: str, measured: Sequence[float]) -> Panel:
    errors = fitted.errors[kind]
    shown = slice(None, None, max(1, len(measured) // _MOST_POINTS))
    values = measured[shown]
    names = [plain_text(fitted.used.ids[at]) for at in errors.rows[shown].tolist()]
    traces: list[Data] = []
    everything = [Interval.of(value) for value in values]
    for name, error_ln, sigma, colour, symbol in (
        ("without calibration", errors.before, errors.before_sigma, AMBER, "circle-open"),
        ("predicted from the other runs", errors.left_out, errors.left_out_sigma, BLUE, "circle"),
    ):
        predicted = _predicted(values, error_ln[shown], sigma[shown])
        everything += predicted
        hover = [_hover(*each, what=name, unit=unit) for each in zip(names, values, predicted, strict=True)]
        traces.append(predictions(name, values, predicted, hover, colour=colour, symbol=symbol))
    return Panel(title, _caption(errors), prediction_figure(traces, everything, truth="measured", unit=unit))


def _predicted(measured: Sequence[float], error_ln: "Array", sigma: "Array") -> list[Interval]:
    """Return the prediction of each measured value with its 90 % interval."""
    medians = [value * math.exp(error) for value, error in zip(measured, error_ln.tolist(), strict=True)]
    reaches = [math.exp(Z_90 * each) for each in sigma.tolist()]
    return [Interval(median / reach, median, median * reach) for median, reach in zip(medians, reaches, strict=True)]


def _hover(name: str, measured: float, predicted: Interval, *, what: str, unit: str) -> str:
    """Return what is shown where the pointer rests on a run."""
    head = f"<b>{name}</b><br>measured {measured:.4g} {unit}<br>{what}: {predicted.median:.4g} {unit}"
    return f"{head}<br>90 % interval {predicted.low:.4g} – {predicted.high:.4g} {unit}"


def _caption(errors: Errors) -> str:
    found = errors.summary()
    return (
        f"{found['n']:.0f} runs; median error ln: {found['before']:.2f} without calibration, {found['left_out']:.2f} predicted from the other runs; "
        f"inside the 90 % interval: {found['coverage_before']:.0%} and {found['coverage_left_out']:.0%}."
    )
