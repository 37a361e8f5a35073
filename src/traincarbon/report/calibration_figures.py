"""Figures of a calibration, as data: what was expected of each run with and without it, over what was measured."""

from typing import TYPE_CHECKING, Any

from traincarbon.calibrate.fit import Errors, Fitted
from traincarbon.report.figures import Panel, axis, guides, plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITHOUT, _WITH = "#E69F00", "#0072B2"
_MARGIN = 1.4
_MOST_POINTS = 5000
"""A page of more points is slow to draw and shows no more."""


def before_and_after(fitted: Fitted) -> list[Panel]:
    """Return a panel of hours and one of the accelerators' energy: each run without calibration, and predicted by the other runs."""
    used = fitted.used
    panels = [_panel(fitted, "hours", "Accelerator-hours", "h", used.hours_h.tolist())]
    if "energy" in fitted.errors:
        rows = fitted.errors["energy"].rows
        panels.append(_panel(fitted, "energy", "Energy of the accelerators", "kWh", used.accelerator_kwh[rows].tolist()))
    return panels


def _panel(fitted: Fitted, quantity: str, title: str, unit: str, measured: "Sequence[float]") -> Panel:
    import numpy as np

    errors = fitted.errors[quantity]
    shown = slice(None, None, max(1, len(measured) // _MOST_POINTS))
    values = np.array(measured)[shown]
    series = {name: values * np.exp(getattr(errors, name)[shown]) for name in ("before", "left_out")}
    low = float(min(values.min(), *(column.min() for column in series.values()))) / _MARGIN
    high = float(max(values.max(), *(column.max() for column in series.values()))) * _MARGIN
    names = [plain_text(fitted.used.ids[at]) for at in errors.rows[shown].tolist()]
    points = [
        _points("without calibration", _WITHOUT, "circle-open", values, series["before"], names, unit),
        _points("by the other runs", _WITH, "circle", values, series["left_out"], names, unit),
    ]
    layout = {
        "xaxis": axis(f"measured [{unit}]", low, high),
        "yaxis": axis(f"predicted [{unit}]", low, high),
        "hovermode": "closest",
        "dragmode": False,
        "margin": {"l": 62, "r": 12, "t": 12, "b": 50},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
    }
    return Panel(title, _caption(errors), {"data": [*guides(low, high), *points], "layout": layout})


def _points(name: str, colour: str, symbol: str, measured: Any, predicted: Any, names: "Sequence[str]", unit: str) -> dict[str, Any]:
    hover = [
        f"<b>{run}</b><br>measured {at:.4g} {unit}<br>{name}: {to:.4g} {unit}" for run, at, to in zip(names, measured.tolist(), predicted.tolist(), strict=True)
    ]
    return {
        "x": measured.tolist(),
        "y": predicted.tolist(),
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
