"""Charts of predictions over what they predicted, both axes logarithmic and alike."""

from collections.abc import Sequence

from traincarbon.formatting import amount, significant
from traincarbon.reporting.charts.axis import Axis, log_axis, quantity_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.scatter import Dot, Group, draw_scatter
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import Html
from traincarbon.uncertain import Interval

NEAR = 2.0
"""The factor of the band about the line of right predictions."""
MOST_DOTS = 250
"""A chart of more points shows no more."""
_COUNTED = {"h": "GPU-hours"}
"""Units that stand in the title of an axis and not at its ticks."""


def prediction(name: str, came: float, predicted: Interval, *, of: str, unit: str, kind: str = "") -> Dot:
    """Return the point of a prediction.

    Args:
        name: What was predicted.
        came: What it was.
        predicted: The prediction.
        of: What it was called, as ``published``.
        unit: The unit of both.
        kind: What the prediction is called, where a chart has several.
    """
    known, middle, low, high = (_words(value, unit) for value in (came, predicted.median, predicted.low, predicted.high))
    tip = f"{name}: {of} {known}, {kind or 'predicted'} {middle} ({low} – {high}), × {significant(predicted.median / came, 3)}"
    return Dot(name, Interval.of(came), predicted, tip)


def prediction_chart(id: str, title: str, groups: Sequence[Group], *, of: str, unit: str, note: str) -> Chart:
    """Return the chart of predictions over what came, with the band of a factor of two about the line of right ones."""
    dots = [dot for group in groups for dot in group.dots]
    axis = _axis([bound for dot in dots for bound in (*dot.x, *dot.y)], unit)
    in_unit = f", {_COUNTED[unit]}" if unit in _COUNTED else ""
    unnamed = [group._replace(dots=[dot._replace(name="") for dot in group.dots]) for group in groups]

    def draw(width: float) -> Html:
        x, y = axis._replace(title=f"{of}{in_unit}"), axis._replace(title=f"predicted{in_unit}, with its 90 % interval")
        return draw_scatter(width, title=title, x=x, y=y, groups=unnamed, within=NEAR)

    rows = [
        (dot.name, group.label, *(_words(value, unit) for value in (dot.x.median, dot.y.median, dot.y.low, dot.y.high)))
        for group in groups
        for dot in group.dots
    ]
    head = ("Name", "Set", of.capitalize(), "Predicted", "Low", "High")
    return Chart(id, title, draw, head, rows, note=f"{note} The line: predicted as {of}; grey: within a factor of two.")


def _axis(values: Sequence[float], unit: str) -> Axis:
    if unit in _COUNTED:
        return quantity_axis(values, "count", USD)
    return quantity_axis(values, unit, USD) if unit else log_axis(values, words=lambda share: _words(share, "", digits=2))


def _words(value: float, unit: str, *, digits: int = 3) -> str:
    if not unit:
        return f"{significant(100.0 * value, digits)} %"
    return amount(value, unit, digits=digits)
