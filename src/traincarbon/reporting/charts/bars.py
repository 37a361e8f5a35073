"""Bars in rows on one axis: amounts, and swings about a middle."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import LETTER, box, drawing, fitted, label, mark, rule, x_axis
from traincarbon.reporting.markup import Html

_ROW = 27.0
_BAR = 8.0
_SIDE = 8.0


class Bar(NamedTuple):
    """A row of bars: from where to where it reaches, its label, and what stands at its right end."""

    label: str
    low: float
    high: float
    words: str
    colour: int = 0


def draw_bars(width: float, *, title: str, bars: Sequence[Bar], axis: Axis, middle: float | None = None) -> Html:
    """Return the drawing of bars, each below its label.

    Args:
        width: Width of the drawing. [px]
        title: What a screen reader says of it.
        bars: The rows, from the top.
        axis: The axis of all of them.
        middle: A value at which each bar changes its colour, as a median between what lowers and what raises it.
    """
    left, right, top = _SIDE, width - _SIDE, 4.0
    bottom = top + _ROW * len(bars) + 2.0
    parts = [x_axis(axis, left=left, right=right, top=top, bottom=bottom)]
    parts += [_row(bar, axis, middle, left=left, right=right, top=top + _ROW * at) for at, bar in enumerate(bars)]
    if middle is not None:
        x = left + axis.share(middle) * (right - left)
        parts.append(rule(x, top, x, bottom, "ch-axis"))
    return drawing(width, bottom + (36.0 if axis.title else 22.0), title, parts)


def _row(bar: Bar, axis: Axis, middle: float | None, *, left: float, right: float, top: float) -> Html:
    room = right - left - len(bar.words) * LETTER - 10.0
    x1, x2 = (left + axis.share(end) * (right - left) for end in (bar.low, bar.high))
    y = top + 15.0
    if middle is None:
        drawn = [box(x1, y, max(x2 - x1, 1.0), _BAR, f"c{bar.colour}")]
    else:
        at = min(max(left + axis.share(middle) * (right - left), x1), x2)
        drawn = [box(x1, y, at - x1, _BAR, "c0"), box(at, y, x2 - at, _BAR, "c1")]
    words = (label(left, top + 11.0, fitted(bar.label, room)), label(right, top + 11.0, bar.words, anchor="end"))
    return mark(f"{bar.label}: {bar.words}", box(left - _SIDE, top, right - left + 2.0 * _SIDE, _ROW, "ch-hit"), *drawn, *words)
