"""Figures of what can be chosen between: ways to do the same work, and what less and more money would buy."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from traincarbon.explore.compare import Comparison
from traincarbon.explore.optimum import Optimum
from traincarbon.explore.pareto import pareto
from traincarbon.formatting import scale_of
from traincarbon.reporting.plots.accuracy_plots import Panel, axis, plain_text
from traincarbon.reporting.plots.label_placement import placed
from traincarbon.uncertain import Interval

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#8A8A8A"
_MARGIN = 1.25


class _Quantity(NamedTuple):
    """A figure on an axis: its name in the results, what it is called, and how many of its units make one of the axis."""

    name: str
    label: str
    per_unit: float


def _money(of: str, figures: Sequence[Mapping[str, Interval | None]]) -> _Quantity:
    return _quantity("cost_usd", "rent" if of == "rent" else "cost of owning", "$", figures)


def _carbon(figures: Sequence[Mapping[str, Interval | None]]) -> _Quantity:
    return _quantity("total_kgco2e", "CO2e", "kg CO2e", figures)


def _time(figures: Sequence[Mapping[str, Interval | None]]) -> _Quantity:
    return _quantity("duration_s", "time", "s", figures)


def _quantity(name: str, label: str, unit: str, figures: Sequence[Mapping[str, Interval | None]]) -> _Quantity:
    """Return a figure on the scale in which the largest that is drawn is best read."""
    scale = scale_of(max((float(found.median) for each in figures if (found := each[name]) is not None), default=1.0), unit)
    return _Quantity(name, f"{label} [{scale.name}]", scale.size)


def of_comparison(found: Comparison) -> list[Panel]:
    """Return a panel of money against CO2e and, where durations are known, one of money against time."""
    figures = [option.figures for option in found.options]
    across = _money(found.money, figures)
    panels = []
    for up, title in ((_carbon(figures), "Money and CO2e"), (_time(figures), "Money and time")):
        points = [(plain_text(str(option.where) or option.hardware), option.figures) for option in found.options]
        known = [
            (name, _on(figures, across), _on(figures, up)) for name, figures in points if figures[across.name] is not None and figures[up.name] is not None
        ]
        if known:
            caption = f"{len(known)} options; in orange what nothing else beats in both. Those without a name are named where the pointer rests."
            panels.append(Panel(title, caption, _scatter(known, across.label, up.label)))
    return panels


def of_optimum(found: Optimum) -> list[Panel]:
    """Return a panel of the predicted loss against each of money, CO2e and time that is known."""
    figures = [point.figures for point in found.frontier]
    panels = []
    for across, title in ((_money(found.money, figures), "Loss and money"), (_carbon(figures), "Loss and CO2e"), (_time(figures), "Loss and time")):
        known = [(point, _on(point.figures, across)) for point in found.frontier if point.figures[across.name] is not None]
        if not known:
            continue
        bound = found.bounds.get(across.name)
        names = [f"{point.params:.3g} parameters on {point.tokens:.3g} tokens" for point, _ in known]
        figure = _curve(names, [x for _, x in known], [point.loss for point, _ in known], across.label, None if bound is None else bound / across.per_unit)
        panels.append(
            Panel(
                title,
                "Each point is a size with the data that is best for it, or as it was fixed." + (" The dashed line is the budget." if bound else ""),
                figure,
            )
        )
    return panels


def _on(figures: Mapping[str, Interval | None], quantity: _Quantity) -> Interval:
    interval = figures[quantity.name]
    assert interval is not None
    return Interval(*(bound / quantity.per_unit for bound in interval))


def _scatter(points: Sequence[tuple[str, Interval, Interval]], across: str, up: str) -> dict[str, Any]:
    """Return the options as points with error bars on two logarithmic axes, the Pareto set in a colour and a form of its own."""
    chosen = pareto([(x.median, y.median) for _, x, y in points])
    x_range, y_range = _range([x for _, x, _ in points]), _range([y for _, _, y in points])
    places = placed([(name, _share(x.median, x_range), _share(y.median, y_range)) for name, x, y in points], first=chosen)
    traces = []
    for wanted, colour, symbol, name in ((False, _BLUE, "circle", "beaten in both"), (True, _ORANGE, "diamond", "not beaten")):
        of_kind = [(*point, place) for point, place, is_chosen in zip(points, places, chosen, strict=True) if is_chosen is wanted]
        if of_kind:
            traces.append(_markers(of_kind, colour, symbol, name, across, up))
    return {"data": traces, "layout": _layout(axis(across, *x_range), axis(up, *y_range))}


def _share(value: float, ends: tuple[float, float]) -> float:
    """Return how far along a logarithmic axis *value* stands, from 0 to 1."""
    return math.log(value / ends[0]) / math.log(ends[1] / ends[0]) if value > 0.0 else 0.0


def _markers(points: Sequence[tuple[str, Interval, Interval, str]], colour: str, symbol: str, name: str, across: str, up: str) -> dict[str, Any]:
    return {
        "x": [x.median for _, x, _, _ in points],
        "y": [y.median for _, _, y, _ in points],
        "error_x": _bars([x for _, x, _, _ in points], colour),
        "error_y": _bars([y for _, _, y, _ in points], colour),
        "mode": "markers+text",
        "marker": {"color": colour, "symbol": symbol, "size": 10},
        "name": name,
        "text": [label if place else "" for label, _, _, place in points],
        "textposition": [place or "top center" for *_, place in points],
        "hovertext": [f"<b>{label}</b><br>{across}: {_span(x)}<br>{up}: {_span(y)}" for label, x, y, _ in points],
        "hoverinfo": "text",
    }


def _curve(names: Sequence[str], xs: Sequence[Interval], losses: Sequence[Interval], across: str, bound: float | None) -> dict[str, Any]:
    """Return the frontier as a line with bars, the loss on an even axis; the budget as a dashed line."""
    line = {
        "x": [x.median for x in xs],
        "y": [loss.median for loss in losses],
        "error_x": _bars(xs, _BLUE),
        "error_y": _bars(losses, _BLUE),
        "mode": "lines+markers",
        "line": {"color": _BLUE, "width": 2},
        "marker": {"color": _BLUE, "size": 8},
        "name": "frontier",
        "hovertext": [f"<b>{name}</b><br>loss {_span(loss)}<br>{across}: {_span(x)}" for name, x, loss in zip(names, xs, losses, strict=True)],
        "hoverinfo": "text",
    }
    low, high = _range([*xs, *([Interval(bound, bound, bound)] if bound is not None else [])])
    floor, top = min(loss.low for loss in losses), max(loss.high for loss in losses)
    limit = {"x": [bound, bound], "y": [floor, top], "mode": "lines", "line": {"color": _GREY, "dash": "dash"}, "name": "budget", "hoverinfo": "skip"}
    up = {"title": {"text": "predicted loss [nat/token]"}, "tickformat": ".2f", "gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    return {"data": [line] if bound is None else [line, limit], "layout": _layout(axis(across, low, high), up)}


def _bars(values: Sequence[Interval], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [value.high - value.median for value in values],
        "arrayminus": [value.median - value.low for value in values],
        "thickness": 1,
        "width": 0,
        "color": colour,
    }


def _layout(across: dict[str, Any], up: dict[str, Any]) -> dict[str, Any]:
    return {
        "xaxis": across,
        "yaxis": up,
        "hovermode": "closest",
        "dragmode": False,
        "margin": {"l": 62, "r": 12, "t": 12, "b": 60},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
    }


def _range(values: Sequence[Interval]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that holds every bound above nothing."""
    bounds = [bound for value in values for bound in value if bound > 0.0] or [1.0]
    return min(bounds) / _MARGIN, max(bounds) * _MARGIN


def _span(value: Interval) -> str:
    return f"{value.median:.3g} ({value.low:.2g} – {value.high:.2g})"
