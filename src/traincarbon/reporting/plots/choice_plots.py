"""Figures of ``carbon compare`` and ``carbon optimise``: cost against CO2e and time, and loss against each of them."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.explore.comparison import Comparison
from traincarbon.explore.optimum import Optimum
from traincarbon.explore.pareto import pareto
from traincarbon.formatting import scale_of
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.plots.figures import BLUE, GREY, GRID, ORANGE, Data, Panel, ends_of, error_bars, layout, log_axis, plain_text
from traincarbon.reporting.plots.label_placement import placed
from traincarbon.uncertain import Interval

_MARGIN = 1.25
Results = Mapping[str, Interval | None]


class _Axis(NamedTuple):
    """A quantity on an axis: its name in the results, its label with the unit, and the size of that unit."""

    quantity: str
    label: str
    size: float

    def on(self, results: Results) -> Interval | None:
        """Return the quantity in the unit of the axis, None where it is not known."""
        found = results[self.quantity]
        return None if found is None else Interval(*(bound / self.size for bound in found))


def comparison_panels(found: Comparison) -> list[Panel]:
    """Return a panel of cost against CO2e and, where durations are known, one of cost against time."""
    results = [option.results for option in found.options]
    names = [plain_text(str(option.where) or option.hardware) for option in found.options]
    across = _axis("cost_usd", results, of_cost=found.money)
    panels = []
    for quantity, title in (("total_kgco2e", "Cost and CO2e"), ("duration_s", "Cost and time")):
        up = _axis(quantity, results)
        points = [
            _Point(name, x, y) for name, each in zip(names, results, strict=True) if (x := across.on(each)) is not None and (y := up.on(each)) is not None
        ]
        if points:
            caption = f"{len(points)} options; no other option beats the orange ones in both. Rest the pointer on a point to see its name."
            panels.append(Panel(title, caption, _scatter(points, across.label, up.label)))
    return panels


def optimum_panels(found: Optimum) -> list[Panel]:
    """Return a panel of the predicted loss against each of cost, CO2e and time that is known."""
    results = [point.results for point in found.frontier]
    panels = []
    for quantity, title in (("cost_usd", "Loss and cost"), ("total_kgco2e", "Loss and CO2e"), ("duration_s", "Loss and time")):
        across = _axis(quantity, results, of_cost=found.money)
        points = [
            _Point(f"{point.params:.3g} parameters on {point.tokens:.3g} tokens", x, point.loss)
            for point in found.frontier
            if (x := across.on(point.results)) is not None
        ]
        if points:
            bound = found.bounds.get(quantity)
            caption = "Each point is a model size with the amount of data that is best for it, or as fixed." + (
                " The dashed line is the budget." if bound else ""
            )
            panels.append(Panel(title, caption, _curve(points, across.label, None if bound is None else bound / across.size)))
    return panels


class _Point(NamedTuple):
    """A point of a chart with its name."""

    name: str
    x: Interval
    y: Interval


def _axis(quantity: str, results: Sequence[Results], *, of_cost: str = "rent") -> _Axis:
    """Return the axis on the scale in which the largest value is easiest to read."""
    label = ("cost to rent" if of_cost == "rent" else "cost of ownership") if quantity == "cost_usd" else QUANTITIES[quantity].short
    largest = max((float(found.median) for each in results if (found := each[quantity]) is not None), default=1.0)
    scale = scale_of(largest, QUANTITIES[quantity].unit)
    return _Axis(quantity, f"{label} [{scale.name}]", scale.size)


def _scatter(points: Sequence[_Point], across: str, up: str) -> Data:
    """Return the options as points with error bars on two logarithmic axes, those of the Pareto set with a colour and symbol of their own."""
    is_best = pareto([(point.x.median, point.y.median) for point in points])
    x_ends, y_ends = ends_of([point.x for point in points], margin=_MARGIN), ends_of([point.y for point in points], margin=_MARGIN)
    positions = placed([(point.name, _share(point.x.median, x_ends), _share(point.y.median, y_ends)) for point in points], first=is_best)
    traces = []
    for wanted, colour, symbol, name in ((False, BLUE, "circle", "beaten in both"), (True, ORANGE, "diamond", "not beaten")):
        group = [(point, position) for point, position, best in zip(points, positions, is_best, strict=True) if best is wanted]
        if group:
            traces.append({**_markers(group, colour, across, up), "marker": {"color": colour, "symbol": symbol, "size": 10}, "name": name})
    return {"data": traces, "layout": layout(log_axis(across, *x_ends), log_axis(up, *y_ends))}


def _share(value: float, ends: tuple[float, float]) -> float:
    """Return the position of *value* on a logarithmic axis, from 0 to 1."""
    return math.log(value / ends[0]) / math.log(ends[1] / ends[0]) if value > 0.0 else 0.0


def _markers(group: Sequence[tuple[_Point, str]], colour: str, across: str, up: str) -> Data:
    points = [point for point, _ in group]
    return {
        "x": [point.x.median for point in points],
        "y": [point.y.median for point in points],
        "error_x": error_bars([point.x for point in points], colour),
        "error_y": error_bars([point.y for point in points], colour),
        "mode": "markers+text",
        "text": [point.name if position else "" for point, position in group],
        "textposition": [position or "top center" for _, position in group],
        "hovertext": [f"<b>{point.name}</b><br>{across}: {_range(point.x)}<br>{up}: {_range(point.y)}" for point in points],
        "hoverinfo": "text",
    }


def _curve(points: Sequence[_Point], across: str, bound: float | None) -> Data:
    """Return the frontier as a line with error bars, the loss on a linear axis, and the budget as a dashed line."""
    xs, losses = [point.x for point in points], [point.y for point in points]
    line: Data = {
        "x": [x.median for x in xs],
        "y": [loss.median for loss in losses],
        "error_x": error_bars(xs, BLUE),
        "error_y": error_bars(losses, BLUE),
        "mode": "lines+markers",
        "line": {"color": BLUE, "width": 2},
        "marker": {"color": BLUE, "size": 8},
        "name": "frontier",
        "hovertext": [f"<b>{point.name}</b><br>loss {_range(point.y)}<br>{across}: {_range(point.x)}" for point in points],
        "hoverinfo": "text",
    }
    low, high = ends_of([*xs, *([Interval.of(bound)] if bound is not None else [])], margin=_MARGIN)
    ends = [min(loss.low for loss in losses), max(loss.high for loss in losses)]
    limit: Data = {"x": [bound, bound], "y": ends, "mode": "lines", "line": {"color": GREY, "dash": "dash"}, "name": "budget", "hoverinfo": "skip"}
    up: Data = {"title": {"text": "predicted loss [nat/token]"}, "tickformat": ".2f", "gridcolor": GRID, "zeroline": False}
    return {"data": [line] if bound is None else [line, limit], "layout": layout(log_axis(across, low, high), up)}


def _range(value: Interval) -> str:
    return f"{value.median:.3g} ({value.low:.2g} – {value.high:.2g})"
