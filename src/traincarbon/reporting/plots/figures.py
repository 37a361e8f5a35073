"""Parts of plotly figures, as data that the script of the page draws: panels, axes, error bars and layout."""

import html
import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from traincarbon.uncertain import Interval

Data: TypeAlias = dict[str, object]
"""A part of a figure in plotly's JSON."""
BLUE, ORANGE, GREY, AMBER = "#0072B2", "#D55E00", "#8A8A8A", "#E69F00"
"""Colours that people with any kind of colour vision can tell apart (Okabe and Ito 2008), and grey."""
GRID = "rgba(128,128,128,0.25)"


class Panel(NamedTuple):
    """A figure with a title above it and a sentence below; both plain text."""

    title: str
    caption: str
    figure: Data


def plain_text(name: str) -> str:
    """Return a *name* from outside, shortened and escaped, so that neither browser nor plotly reads markup in it."""
    printable = "".join(character if character.isprintable() else "�" for character in name)
    return html.escape(printable if len(printable) <= 60 else f"{printable[:59]}…", quote=False)


def log_axis(title: str, low: float, high: float) -> Data:
    """Return a logarithmic axis with ticks at decades, or at 1, 2 and 5 of each where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1.0, 2.0, 5.0) if last - first <= 3 else (1.0,)
    every = max(1, round((last - first) / 8))
    ticks = [(step, decade) for decade in range(first, last + 1, every) for step in steps if low <= step * 10.0**decade <= high]
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "title": {"text": title},
        "tickvals": [step * 10.0**decade for step, decade in ticks],
        "ticktext": [_tick(step, decade) for step, decade in ticks],
        "gridcolor": GRID,
        "zeroline": False,
    }


def ends_of(values: Sequence[Interval], *, margin: float) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that holds every positive bound, with a *margin* as a factor at both."""
    bounds = [bound for value in values for bound in value if bound > 0.0] or [1.0]
    return min(bounds) / margin, max(bounds) * margin


def error_bars(values: Sequence[Interval], colour: str = "") -> Data:
    """Return bars from the low to the high bound of each value."""
    bars: Data = {
        "type": "data",
        "symmetric": False,
        "array": [value.high - value.median for value in values],
        "arrayminus": [value.median - value.low for value in values],
        "thickness": 1,
        "width": 0,
    }
    return {**bars, "color": colour} if colour else bars


def predictions(name: str, truths: Sequence[float], predicted: Sequence[Interval], hover: Sequence[str], *, colour: str, symbol: str) -> Data:
    """Return predictions with their intervals over the true values, as markers with bars."""
    return {
        "x": list(truths),
        "y": [value.median for value in predicted],
        "error_y": error_bars(predicted),
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 8, "line": {"width": 1 if symbol == "circle-open" else 0, "color": colour}},
        "name": name,
        "text": list(hover),
        "hoverinfo": "text",
    }


def prediction_figure(traces: Sequence[Data], values: Sequence[Interval], *, truth: str, unit: str) -> Data:
    """Return a figure of predicted over true *values*, both axes logarithmic.

    Args:
        traces: What :func:`predictions` returned.
        values: All values, from which the axes take their range.
        truth: What the predictions are compared with, as ``published``.
        unit: The unit of both axes, empty for a ratio.
    """
    low, high = ends_of(values, margin=1.4)
    in_unit = f" [{unit}]" if unit else ""
    across, up = log_axis(f"{truth}{in_unit}", low, high), log_axis(f"predicted{in_unit}", low, high)
    return {"data": [*_guides(low, high, truth), *traces], "layout": layout(across, up)}


def layout(across: Data, up: Data) -> Data:
    """Return the layout of a figure with these axes and its legend below."""
    return {
        "xaxis": across,
        "yaxis": up,
        "hovermode": "closest",
        "dragmode": False,
        "margin": {"l": 62, "r": 12, "t": 12, "b": 55},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
    }


def _guides(low: float, high: float, truth: str) -> list[Data]:
    """Return the band of a factor of two and the line of a perfect prediction."""
    band: Data = {
        "x": [low, high, high, low],
        "y": [2.0 * low, 2.0 * high, high / 2.0, low / 2.0],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": "rgba(128,128,128,0.18)",
        "line": {"width": 0},
        "name": "within a factor of two",
        "hoverinfo": "skip",
    }
    line: Data = {
        "x": [low, high],
        "y": [low, high],
        "mode": "lines",
        "line": {"color": GREY, "width": 1.5},
        "name": f"predicted = {truth}",
        "hoverinfo": "skip",
    }
    return [band, line]


def _tick(step: float, decade: int) -> str:
    if -4 <= decade <= 3:
        return f"{step * 10.0**decade:g}"
    return f"{f'{step:g}×' if step > 1.0 else ''}10<sup>{decade}</sup>"
