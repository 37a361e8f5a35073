"""Points with intervals on two axes: what costs how much of two things, or what was predicted over what came."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import area, curve, drawing, fitted, label, mark, rule, series, widest, x_axis, y_axis
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.charts.keys import draw_keys
from traincarbon.reporting.charts.label_placement import Frame, Place, Spot, placed
from traincarbon.reporting.charts.symbols import symbol
from traincarbon.reporting.markup import Html, joined
from traincarbon.uncertain import Interval

MOST_GROUPS = 6
"""There are so many colours and shapes; one more group is hollow."""
_SIDE = 8.0
_HIGH = 0.62
"""Height of the area over its width."""
_LONGEST_NAME = 28
_KEY_MARK = 5.0


class Dot(NamedTuple):
    """A point: the name that stands beside it where there is room, its values, and what it says when a reader points at it."""

    name: str
    x: Interval
    y: Interval
    tip: str


class Group(NamedTuple):
    """Points with one symbol.

    Attributes:
        label: What they are, in the key.
        dots: The points.
        style: Number of their colour and shape, from 0; None for hollow circles.
        is_first: Whether their names get their places before those of other groups.
        is_line: Whether a line goes through them.
    """

    label: str
    dots: Sequence[Dot]
    style: int | None = 0
    is_first: bool = False
    is_line: bool = False


class _Frame(NamedTuple):
    """Where the axes are on the drawing."""

    x: Axis
    y: Axis
    area: Frame

    def at_x(self, value: float) -> float:
        return self.area.left + self.x.share(value) * (self.area.right - self.area.left)

    def at_y(self, value: float) -> float:
        return self.area.bottom - self.y.share(value) * (self.area.bottom - self.area.top)


def draw_scatter(width: float, *, title: str, x: Axis, y: Axis, groups: Sequence[Group], limit: Limit | None = None, within: float | None = None) -> Html:
    """Return the drawing of points.

    Args:
        width: Width of the drawing. [px]
        title: What a screen reader says of it.
        x: The horizontal axis.
        y: The vertical axis.
        groups: The points; the key names their groups where there are several.
        limit: A value of x that is drawn across.
        within: The factor of a band about the line on which both axes have the same value; None for no such line.
    """
    entries = [(group.label, partial(_key_mark, group)) for group in groups] if len(groups) > 1 else []
    keys, top = draw_keys(entries, width) if entries else ([], 4.0)
    top += 17.0 * bool(y.title) + 12.0 * (limit is not None)
    left, right = widest(y) + 8.0, width - _SIDE
    frame = _Frame(x, y, Frame(left, right, top, top + _HIGH * (right - left)))
    sides = {"left": left, "right": right, "top": top, "bottom": frame.area.bottom}
    titled = label(0.0, top - 10.0 - 12.0 * (limit is not None), fitted(y.title, right), css="ch-tick")
    parts = [*keys, titled, y_axis(y._replace(title=""), **sides), x_axis(x, **sides)]
    if within is not None:
        parts.append(_agreement(frame, within))
    if limit is not None:
        parts.append(_limit(limit, frame))
    places = iter(placed([_spot(dot, group, frame) for group in groups for dot in group.dots], frame.area))
    parts += [_group(group, [next(places) for _ in group.dots], frame) for group in groups]
    return drawing(width, frame.area.bottom + (36.0 if x.title else 22.0), title, parts)


def _group(group: Group, places: Sequence[Place | None], frame: _Frame) -> Html:
    parts = []
    if group.is_line:
        parts.append(curve([(frame.at_x(dot.x.median), frame.at_y(dot.y.median)) for dot in group.dots], f"ch-line s{(group.style or 0) % MOST_GROUPS}"))
    parts += [_dot(dot, place, group, frame) for dot, place in zip(group.dots, places, strict=True)]
    return series(group.label, parts)


def _dot(dot: Dot, place: Place | None, group: Group, frame: _Frame) -> Html:
    x, y = frame.at_x(dot.x.median), frame.at_y(dot.y.median)
    stroke = "ch-err so" if group.style is None else f"ch-err s{group.style % MOST_GROUPS}"
    parts = []
    if not dot.x.is_exact:
        parts.append(rule(frame.at_x(dot.x.low), y, frame.at_x(dot.x.high), y, stroke))
    if not dot.y.is_exact:
        parts.append(rule(x, frame.at_y(dot.y.low), x, frame.at_y(dot.y.high), stroke))
    parts.append(symbol(x, y, *_style(group)))
    if place is not None and dot.name:
        parts.append(label(place.x, place.y, _short(dot.name), anchor=place.anchor, css="ch-strong" if group.is_first else ""))
    return mark(dot.tip, *parts)


def _style(group: Group) -> tuple[str, int]:
    """Return the class and the shape of a group."""
    return ("ch-hollow so", 0) if group.style is None else (f"c{group.style % MOST_GROUPS} ch-edge", group.style)


def _spot(dot: Dot, group: Group, frame: _Frame) -> Spot:
    return Spot(_short(dot.name), frame.at_x(dot.x.median), frame.at_y(dot.y.median), group.is_first)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _key_mark(group: Group, x: float, y: float) -> Html:
    return symbol(x + _KEY_MARK, y + _KEY_MARK, *_style(group))


def _agreement(frame: _Frame, factor: float) -> Html:
    """Return the line on which both axes have the same value, in a band of a *factor*; both axes have the same ends."""
    low, high = frame.x.low, frame.x.high

    def path(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(frame.at_x(x), frame.at_y(y)) for x, y in points]

    upper = path([(low, min(factor * low, high)), (max(high / factor, low), high), (high, high)])
    lower = path([(low, low), (min(factor * low, high), low), (high, max(high / factor, low))])
    return joined([area(upper, lower, "ch-near"), curve(path([(low, low), (high, high)]), "ch-axis")])


def _limit(limit: Limit, frame: _Frame) -> Html:
    x = frame.at_x(limit.value)
    is_left = x < (frame.area.left + frame.area.right) / 2.0
    words = label(x if is_left else x + 4.0, frame.area.top - 5.0, limit.label, anchor="start" if is_left else "end", css="ch-strong")
    return mark(limit.label, rule(x, frame.area.top, x, frame.area.bottom, "ch-limit"), words)
