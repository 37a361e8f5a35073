"""Lines on two axes: money over time, power over time, a chance over an amount."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import (
    LETTER,
    LINE,
    area,
    axis_data,
    box,
    curve,
    dot,
    drawing,
    fitted,
    label,
    mark,
    rule,
    series,
    widest,
    x_axis,
    y_axis,
)
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.markup import Html, joined

_COLOURS = 6
_SIDE = 8.0
_BELOW = 18.0
"""From the base of a label above a line to that of one below it. [px]"""


class Curve(NamedTuple):
    """A line.

    Attributes:
        label: What it is called, beside its end.
        points: Its points; None where a value is not known.
        colour: Number of its colour.
        is_dashed: Whether it is dashed.
    """

    label: str
    points: Sequence[tuple[float, float | None]]
    colour: int = 0
    is_dashed: bool = False


class Point(NamedTuple):
    """A point that is marked: its place, what stands beside it and what it says when a reader points at it."""

    x: float
    y: float
    label: str
    tip: str
    is_strong: bool = False


class Band(NamedTuple):
    """An area between two values of y over the whole width, or between two lines."""

    lower: Sequence[tuple[float, float]]
    upper: Sequence[tuple[float, float]]
    colour: int = 0


class _Frame(NamedTuple):
    """Where the axes are on the drawing."""

    x: Axis
    y: Axis
    left: float
    right: float
    top: float
    bottom: float

    def at_x(self, value: float) -> float:
        return self.left + self.x.share(value) * (self.right - self.left)

    def at_y(self, value: float) -> float:
        return self.bottom - self.y.share(value) * (self.bottom - self.top)


def draw_curves(
    width: float,
    *,
    title: str,
    x: Axis,
    y: Axis,
    curves: Sequence[Curve] = (),
    points: Sequence[Point] = (),
    bands: Sequence[Band] = (),
    limit: Limit | None = None,
    level: Limit | None = None,
    height: float = 122.0,
) -> Html:
    """Return the drawing of lines.

    Args:
        width: Width of the drawing. [px]
        title: What a screen reader says of it.
        x: The horizontal axis.
        y: The vertical axis.
        curves: The lines, each labelled at its end.
        points: Points that are marked and labelled.
        bands: Areas behind the lines.
        limit: A value of x that is drawn across.
        level: A value of y that is drawn across.
        height: Height between the axes. [px]
    """
    top = 10.0 + 12.0 * bool(y.title) + 26.0 * (limit is not None)
    frame = _Frame(x, y, widest(y) + 8.0, width - _SIDE, top, top + height)
    sides = {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom}
    parts = [y_axis(y, **sides), x_axis(x, **sides), *(_band(band, frame) for band in bands)]
    if level is not None:
        at = frame.at_y(level.value)
        words = label(frame.left + 4.0, at - 4.0, fitted(level.label, frame.right - frame.left), css="ch-strong")
        parts.append(mark(level.label, rule(frame.left, at, frame.right, at, "ch-limit"), words))
    if limit is not None:
        parts.append(_limit(limit, frame))
    drawn = [each for each in curves if any(value is not None for _, value in each.points)]
    parts += [series(each.label, [_curve(each, frame)]) for each in drawn]
    parts += _end_labels(drawn, frame)
    parts += [_point(each, frame) for each in points]
    axes = (axis_data("x", x, first=frame.left, last=frame.right), axis_data("y", y, first=frame.bottom, last=frame.top))
    return drawing(width, frame.bottom + (36.0 if x.title else 22.0), title, parts, axes=axes)


def _curve(each: Curve, frame: _Frame) -> Html:
    css = f"ch-line s{each.colour % _COLOURS}{' ch-dashed' if each.is_dashed else ''}"
    return curve([(frame.at_x(x), None if y is None else frame.at_y(y)) for x, y in each.points], css)


def _end_labels(curves: Sequence[Curve], frame: _Frame) -> list[Html]:
    """Return the labels at the ends of lines, the highest first: above its line, or below it where the label before has no room for that."""
    ends = []
    for each in curves:
        x, y = next((x, y) for x, y in reversed(each.points) if y is not None)
        ends.append((frame.at_y(y) - 5.0, frame.at_x(x), each))
    ends.sort(key=lambda end: end[0])
    parts, taken = [], frame.top - LINE
    for y, x, each in ends:
        at = max(y, taken + LINE)
        if at > y and y + _BELOW < frame.bottom:
            at = max(at, y + _BELOW)
        taken = at
        words = fitted(each.label, frame.right - frame.left)
        anchored = max(x, frame.left + len(words) * LETTER + 4.0)
        parts.append(label(anchored, at, words, anchor="end", css=f"ch-name t{each.colour % _COLOURS}"))
    return parts


def _point(point: Point, frame: _Frame) -> Html:
    x, y = frame.at_x(point.x), frame.at_y(point.y)
    room = len(point.label) * LETTER + 8.0
    is_low = y + 14.0 > frame.bottom
    is_right = x + room > frame.right or is_low
    right = max(x - 8.0, frame.left + room - 4.0) if is_low else x - 8.0
    css = "ch-strong" if point.is_strong else ""
    words = label(right if is_right else x + 8.0, y - 6.0 if is_right else y + 13.0, point.label, anchor="end" if is_right else "start", css=css)
    return mark(
        point.tip,
        box(x - 12.0, y - 12.0, 24.0, 24.0, "ch-hit"),
        dot(x, y, "c1 ch-edge" if point.is_strong else "c0 ch-edge", radius=5.5 if point.is_strong else 4.0),
        words,
    )


def _band(band: Band, frame: _Frame) -> Html:
    upper, lower = ([(frame.at_x(x), frame.at_y(y)) for x, y in line] for line in (band.upper, band.lower))
    return area(upper, lower, f"ch-area c{band.colour % _COLOURS}")


def _limit(limit: Limit, frame: _Frame) -> Html:
    x = frame.at_x(limit.value)
    half = len(limit.label) * LETTER / 2.0
    words = label(min(max(x, frame.left + half), frame.right - half), frame.top - 16.0, limit.label, anchor="middle", css="ch-strong")
    return joined([mark(limit.label, rule(x, frame.top, x, frame.bottom, "ch-limit"), words)])
