"""Intervals in rows on one axis: a forest plot."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.axis import UNIT, Axis
from traincarbon.reporting.charts.drawing import LETTER, axis_data, box, dot, drawing, fitted, label, mark, rule, x_axis
from traincarbon.reporting.markup import EMPTY, Html
from traincarbon.uncertain import Interval

_ROW = 26.0
_SIDE = 8.0


class Row(NamedTuple):
    """A row of intervals.

    Attributes:
        label: What it is about.
        interval: Its interval, None where it is not known.
        words: What stands at its right end: the median, and what else matters.
        is_own: Whether it is the plan itself.
        is_sure: Whether its mark is filled; one that is not is hollow.
        actual: What it really was, None where that is not known.
    """

    label: str
    interval: Interval | None
    words: str
    is_own: bool = False
    is_sure: bool = True
    actual: float | None = None


class Limit(NamedTuple):
    """A value that is drawn across a chart, as a budget."""

    value: float
    label: str


def draw_intervals(width: float, *, title: str, rows: Sequence[Row], axis: Axis, limit: Limit | None = None) -> Html:
    """Return the drawing of *rows*, in which each label stands above its interval so that long ones have room."""
    left, right, top = _SIDE, width - _SIDE, 4.0 if limit is None else 18.0
    bottom = top + _ROW * len(rows) + 2.0
    parts = [x_axis(axis, left=left, right=right, top=top, bottom=bottom)]
    if limit is not None:
        parts.append(_limit(limit, axis, left=left, right=right, top=top, bottom=bottom))
    parts += [_row(row, axis, left=left, right=right, top=top + _ROW * at) for at, row in enumerate(rows)]
    axes = (axis_data("x", axis, first=left, last=right), axis_data("y", UNIT, first=bottom, last=top))
    return drawing(width, bottom + (36.0 if axis.title else 22.0), title, parts, axes=axes)


def _row(row: Row, axis: Axis, *, left: float, right: float, top: float) -> Html:
    room = right - left - len(row.words) * LETTER - 10.0
    css = "ch-strong" if row.is_own else ""
    head = (label(left, top + 11.0, fitted(row.label, room), css=css), label(right, top + 11.0, row.words, anchor="end", css=css))
    tip = f"{row.label}: {row.words}"
    hit = box(left - _SIDE, top, right - left + 2.0 * _SIDE, _ROW, "ch-hit")
    if row.interval is None or not row.interval.median > 0.0:
        return mark(tip, hit, *head)
    y, colour = top + 18.5, 1 if row.is_own else 0
    low, middle, high = (left + axis.share(bound) * (right - left) for bound in row.interval)
    caps = EMPTY if row.interval.is_exact else rule(low, y, high, y, f"ch-bar s{colour}")
    point = dot(middle, y, f"c{colour} ch-edge" if row.is_sure else f"ch-hollow s{colour}", radius=4.5)
    return mark(tip, hit, *head, caps, point, _actual(row, axis, y, left=left, right=right))


def _actual(row: Row, axis: Axis, y: float, *, left: float, right: float) -> Html:
    """Return the mark of what it really was, empty where that is not known."""
    if row.actual is None or not row.actual > 0.0:
        return EMPTY
    return box(left + axis.share(row.actual) * (right - left) - 2.0, y - 6.0, 4.0, 12.0, "c1 ch-edge")


def _limit(limit: Limit, axis: Axis, *, left: float, right: float, top: float, bottom: float) -> Html:
    x = left + axis.share(limit.value) * (right - left)
    half = len(limit.label) * LETTER / 2.0
    return mark(
        limit.label, rule(x, top, x, bottom, "ch-limit"), label(min(max(x, half), right - half), top - 5.0, limit.label, anchor="middle", css="ch-strong")
    )
