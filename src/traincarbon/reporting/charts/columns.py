"""Stacked columns over time: what each month took, by project."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import LETTER, box, drawing, fitted, label, mark, rule, widest, y_axis
from traincarbon.reporting.markup import Html

MOST_SERIES = 6
"""There are so many colours."""
_HIGH = 150.0
_SIDE = 8.0
_KEY = 17.0
_PATCH = 10.0
_FULL = 0.72
"""Share of its place that a column fills."""


class Series(NamedTuple):
    """What is stacked: its name, its value in each column, and what a mark says of each."""

    label: str
    values: Sequence[float]
    words: Sequence[str]


def draw_columns(width: float, *, title: str, names: Sequence[str], series: Sequence[Series], axis: Axis) -> Html:
    """Return the drawing of columns, each a stack of the values of *series*, with a key above.

    Args:
        width: Width of the drawing. [px]
        title: What a screen reader says of it.
        names: The names of the columns.
        series: At most :data:`MOST_SERIES` parts of each column, from the bottom.
        axis: The vertical axis.
    """
    keys, top = _keys(series, width)
    left, right, bottom = widest(axis) + 8.0, width - _SIDE, top + _HIGH
    parts = [*keys, y_axis(axis._replace(title=""), left=left, right=right, top=top, bottom=bottom), rule(left, bottom, right, bottom, "ch-axis")]
    step = (right - left) / max(len(names), 1)
    for at in range(len(names)):
        y = bottom
        for colour, each in enumerate(series):
            height = axis.share(each.values[at]) * _HIGH
            if height > 0.0:
                y -= height
                tip = f"{names[at]}, {each.label}: {each.words[at]}"
                parts.append(mark(tip, box(left + step * (at + (1.0 - _FULL) / 2.0), y, step * _FULL, height, f"c{colour % MOST_SERIES} ch-edge")))
    parts += _names(names, left, step, bottom)
    return drawing(width, bottom + 24.0, title, parts)


def _keys(series: Sequence[Series], width: float) -> tuple[list[Html], float]:
    """Return the key, in as many lines as it needs, and where the chart begins below it."""
    parts, x, y = [], 0.0, 0.0
    for colour, each in enumerate(series):
        words = fitted(each.label, width - 3.0 * _PATCH)
        room = len(words) * LETTER + _PATCH + 18.0
        if x + room > width and x > 0.0:
            x, y = 0.0, y + _KEY
        parts += [box(x, y + 2.0, _PATCH, _PATCH, f"c{colour % MOST_SERIES}"), label(x + _PATCH + 4.0, y + 11.0, words)]
        x += room
    return parts, y + _KEY + 12.0


def _names(names: Sequence[str], left: float, step: float, bottom: float) -> list[Html]:
    """Return the names of the columns, without those that would touch the one before."""
    parts, taken = [], -1e9
    for at, words in enumerate(names):
        half, x = len(words) * LETTER / 2.0, left + step * (at + 0.5)
        if x - half > taken:
            parts.append(label(x, bottom + 16.0, words, anchor="middle", css="ch-tick"))
            taken = x + half + 6.0
    return parts
