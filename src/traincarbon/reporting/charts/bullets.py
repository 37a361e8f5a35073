"""Bullet charts: what something took as a bar, on the interval of what was expected of it; each row on its own axis from 0."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.charts.drawing import LETTER, box, drawing, fitted, label, mark, rule, x_axis
from traincarbon.reporting.markup import Html
from traincarbon.uncertain import Interval

_ROW, _HIGH, _BAR = 58.0, 14.0, 5.0
_SIDE = 8.0


class Bullet(NamedTuple):
    """A row.

    Attributes:
        label: What it is about.
        expected: What was expected.
        actual: What it took.
        words: What stands at its right end.
        tip: What it says when a reader points at it.
        axis: Its axis, from 0.
    """

    label: str
    expected: Interval
    actual: float
    words: str
    tip: str
    axis: Axis


def draw_bullets(width: float, *, title: str, bullets: Sequence[Bullet]) -> Html:
    """Return the drawing: the interval of what was expected as a wide band with its median across, what it took as a narrow bar from 0."""
    parts = [_row(bullet, width, 4.0 + _ROW * at) for at, bullet in enumerate(bullets)]
    return drawing(width, 4.0 + _ROW * len(bullets), title, parts)


def _row(bullet: Bullet, width: float, top: float) -> Html:
    left, right, y = _SIDE, width - _SIDE, top + 16.0
    low, middle, high, end = (left + bullet.axis.share(value) * (right - left) for value in (*bullet.expected, bullet.actual))
    room = right - left - len(bullet.words) * LETTER - 10.0
    return mark(
        bullet.tip,
        box(0.0, top, width, _ROW - 4.0, "ch-hit"),
        x_axis(bullet.axis, left=left, right=right, top=y, bottom=y + _HIGH + 2.0),
        label(left, top + 11.0, fitted(bullet.label, room)),
        label(right, top + 11.0, bullet.words, anchor="end"),
        box(low, y, max(high - low, 1.5), _HIGH, "ch-expected"),
        box(left, y + (_HIGH - _BAR) / 2.0, max(end - left, 1.0), _BAR, "c1"),
        rule(middle, y - 2.0, middle, y + _HIGH + 2.0, "ch-target"),
    )
