"""Figures of what can be chosen between: ways to do the same work, and what less and more money would buy."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from traincarbon.estimate.result import Interval
from traincarbon.explore.compare import Comparison
from traincarbon.explore.frontier import pareto
from traincarbon.explore.optimum import Optimum
from traincarbon.report.figures import Panel, axis, plain_text

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#8A8A8A"
_MARGIN = 1.25
_MOST_LABELS = 12


class _Quantity(NamedTuple):
    """A figure on an axis: its name in the results, what it is called, and how many of its units make one of the axis."""

    name: str
    label: str
    per_unit: float = 1.0


def of_comparison(found: Comparison) -> list[Panel]:
    """Return a panel of money against CO2e and, where durations are known, one of money against time."""
    money = _Quantity("cost_usd", "rent [$]" if found.money == "rent" else "cost of owning [$]")
    pairs = [(money, _Quantity("total_kgco2e", "CO2e [t]", 1e3), "Money and CO2e"), (money, _Quantity("duration_s", "time [days]", 86400.0), "Money and time")]
    panels = []
    for across, up, title in pairs:
        points = [(plain_text(str(option.where) or option.hardware), option.figures) for option in found.options]
        known = [
            (name, _on(figures, across), _on(figures, up)) for name, figures in points if figures[across.name] is not None and figures[up.name] is not None
        ]
        if known:
            panels.append(Panel(title, f"{len(known)} options; in orange what nothing else beats in both.", _scatter(known, across.label, up.label)))
    return panels


def of_optimum(found: Optimum) -> list[Panel]:
    """Return a panel of the predicted loss against each of money, CO2e and time that is known."""
    money = _Quantity("cost_usd", "rent [$]" if found.money == "rent" else "cost of owning [$]")
    panels = []
    for across, title in (
        (money, "Loss and money"),
        (_Quantity("total_kgco2e", "CO2e [t]", 1e3), "Loss and CO2e"),
        (_Quantity("duration_s", "time [days]", 86400.0), "Loss and time"),
    ):
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
    traces = []
    for wanted, colour, symbol, name in ((False, _BLUE, "circle", "beaten in both"), (True, _ORANGE, "diamond", "not beaten")):
        of_kind = [point for point, is_chosen in zip(points, chosen, strict=True) if is_chosen is wanted]
        if of_kind:
            traces.append(_markers(of_kind, colour, symbol, name, across, up, is_labelled=wanted or len(points) <= _MOST_LABELS))
    xs, ys = [x for _, x, _ in points], [y for _, _, y in points]
    return {"data": traces, "layout": _layout(axis(across, *_range(xs)), axis(up, *_range(ys)))}


def _markers(
    points: Sequence[tuple[str, Interval, Interval]], colour: str, symbol: str, name: str, across: str, up: str, *, is_labelled: bool
) -> dict[str, Any]:
    order = sorted(range(len(points)), key=lambda at: points[at][1].median)
    return {
        "x": [x.median for _, x, _ in points],
        "y": [y.median for _, _, y in points],
        "error_x": _bars([x for _, x, _ in points], colour),
        "error_y": _bars([y for _, _, y in points], colour),
        "mode": "markers+text" if is_labelled else "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 10},
        "name": name,
        "text": [label for label, _, _ in points] if is_labelled else None,
        "textposition": ["top center" if order.index(at) % 2 == 0 else "bottom center" for at in range(len(points))],
        "hovertext": [f"<b>{label}</b><br>{across}: {_span(x)}<br>{up}: {_span(y)}" for label, x, y in points],
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
    up = {"title": {"text": "predicted loss [nat/token]"}, "gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
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
        "margin": {"l": 62, "r": 12, "t": 12, "b": 50},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
    }


def _range(values: Sequence[Interval]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that holds every bound above nothing."""
    bounds = [bound for value in values for bound in value if bound > 0.0] or [1.0]
    return min(bounds) / _MARGIN, max(bounds) * _MARGIN


def _span(value: Interval) -> str:
    return f"{value.median:.3g} ({value.low:.2g} – {value.high:.2g})"
