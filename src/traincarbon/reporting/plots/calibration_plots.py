"""Figures of a calibration, as data: what was expected of each run with and without it, over what was measured."""

from typing import TYPE_CHECKING, Any

from traincarbon.calibration.fit import Errors, Fitted
from traincarbon.quantities import S_PER_H
from traincarbon.reporting.plots.accuracy_plots import Panel, axis, guides, plain_text
from traincarbon.uncertain import Z_90

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITHOUT, _WITH = "#E69F00", "#0072B2"
_MARGIN = 1.4
_MOST_POINTS = 5000
"""A page of more points is slow to draw and shows no more."""


def before_and_after(fitted: Fitted) -> list[Panel]:
    """Return a panel of hours, one of the accelerators' energy and one of the step on a known layout: each run without calibration, and by the others."""
    used = fitted.used
    panels = [_panel(fitted, "hours", "Accelerator-hours", "h", used.hours_h.tolist())]
    if "energy" in fitted.errors:
        rows = fitted.errors["energy"].rows
        panels.append(_panel(fitted, "energy", "Energy of the accelerators", "kWh", used.accelerator_kwh[rows].tolist()))
    if "step" in fitted.errors:
        rows = fitted.errors["step"].rows
        s_per_token = used.hours_h[rows] * S_PER_H / used.accelerators[rows] / used.tokens[rows]
        panels.append(_panel(fitted, "step", "Step on its layout, for a million tokens", "s", (1e6 * s_per_token).tolist()))
    return panels


def _panel(fitted: Fitted, quantity: str, title: str, unit: str, measured: "Sequence[float]") -> Panel:
    import numpy as np

    errors = fitted.errors[quantity]
    shown = slice(None, None, max(1, len(measured) // _MOST_POINTS))
    values = np.array(measured)[shown]
    names = [plain_text(fitted.used.ids[at]) for at in errors.rows[shown].tolist()]
    points, bounds = [], [float(values.min()), float(values.max())]
    for column, name, colour, symbol in (("before", "without calibration", _WITHOUT, "circle-open"), ("left_out", "by the other runs", _WITH, "circle")):
        predicted = values * np.exp(getattr(errors, column)[shown])
        reach = np.exp(Z_90 * getattr(errors, f"{column}_sigma")[shown])
        bounds += [float((predicted / reach).min()), float((predicted * reach).max())]
        points.append(_points(name, colour, symbol, values, (predicted / reach, predicted, predicted * reach), names, unit))
    low, high = min(bounds) / _MARGIN, max(bounds) * _MARGIN
    layout = {
        "xaxis": axis(f"measured [{unit}]", low, high),
        "yaxis": axis(f"predicted [{unit}]", low, high),
        "hovermode": "closest",
        "dragmode": False,
        "margin": {"l": 62, "r": 12, "t": 12, "b": 50},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
    }
    return Panel(title, _caption(errors), {"data": [*guides(low, high, truth="measured"), *points], "layout": layout})


def _points(name: str, colour: str, symbol: str, measured: Any, interval: tuple[Any, Any, Any], names: "Sequence[str]", unit: str) -> dict[str, Any]:
    """Return the predictions of one kind, low, median and high, as markers with bars."""
    low, predicted, high = interval
    hover = [
        f"<b>{run}</b><br>measured {at:.4g} {unit}<br>{name}: {to:.4g} {unit}<br>90 % interval {least:.4g} – {most:.4g} {unit}"
        for run, at, to, least, most in zip(names, measured.tolist(), predicted.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    return {
        "x": measured.tolist(),
        "y": predicted.tolist(),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": (high - predicted).tolist(),
            "arrayminus": (predicted - low).tolist(),
            "thickness": 1,
            "width": 0,
        },
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1, "color": colour}},
        "name": name,
        "text": hover,
        "hoverinfo": "text",
    }


def _caption(errors: Errors) -> str:
    told = errors.summary()
    return (
        f"{told['n']:.0f} runs; median error ln: {told['before']:.2f} without calibration, {told['left_out']:.2f} predicted by the other runs; "
        f"inside the 90 % interval: {told['coverage_before']:.0%} and {told['coverage_left_out']:.0%}."
    )
