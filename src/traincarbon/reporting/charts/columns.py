"""Stacked columns over time: what each month took, by project."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import LETTER, box, drawing, label, mark, rule, widest, y_axis
from traincarbon.reporting.charts.drawing import series as one_series
from traincarbon.reporting.charts.keys import draw_keys
from traincarbon.reporting.markup import Html

MOST_SERIES = 6
"""There are so many colours."""
_HIGH = 150.0
_SIDE = 8.0
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
    keys, top = draw_keys(_key(series), width)
    left, right, bottom = widest(axis) + 8.0, width - _SIDE, top + _HIGH
    parts = [*keys, y_axis(axis._replace(title=""), left=left, right=right, top=top, bottom=bottom), rule(left, bottom, right, bottom, "ch-axis")]
    step = (right - left) / max(len(names), 1)
    tops = [bottom] * len(names)
    for colour, each in enumerate(series):
        parts.append(one_series(each.label, _series(each, colour, names, tops, axis, left=left, step=step)))
    parts += _names(names, left, step, bottom)
    return drawing(width, bottom + 24.0, title, parts)


def _key(series: Sequence[Series]) -> list[tuple[str, Callable[[float, float], Html]]]:
    return [(each.label, partial(_patch, colour)) for colour, each in enumerate(series)]


def _patch(colour: int, x: float, y: float) -> Html:
    return box(x, y, _PATCH, _PATCH, f"c{colour % MOST_SERIES}")


def _series(each: Series, colour: int, names: Sequence[str], tops: list[float], axis: Axis, *, left: float, step: float) -> list[Html]:
    """Return the parts of one series, on top of the ones before, whose tops they move."""
    parts = []
    for at, (value, words) in enumerate(zip(each.values, each.words, strict=True)):
        height = axis.share(value) * _HIGH
        if height > 0.0:
            tops[at] -= height
            drawn = box(left + step * (at + (1.0 - _FULL) / 2.0), tops[at], step * _FULL, height, f"c{colour % MOST_SERIES} ch-edge")
            parts.append(mark(f"{names[at]}, {each.label}: {words}", drawn))
    return parts


def _names(names: Sequence[str], left: float, step: float, bottom: float) -> list[Html]:
    """Return the names of the columns, without those that would touch the one before."""
    parts, taken = [], -1e9
    for at, words in enumerate(names):
        half, x = len(words) * LETTER / 2.0, left + step * (at + 0.5)
        if x - half > taken:
            parts.append(label(x, bottom + 16.0, words, anchor="middle", css="ch-tick"))
            taken = x + half + 6.0
    return parts
