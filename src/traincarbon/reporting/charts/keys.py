"""The key above a chart: which mark stands for what."""

from collections.abc import Callable, Sequence

from traincarbon.reporting.charts.drawing import LETTER, fitted, label
from traincarbon.reporting.markup import Html

_LINE = 17.0
_MARK = 10.0


def draw_keys(entries: Sequence[tuple[str, Callable[[float, float], Html]]], width: float) -> tuple[list[Html], float]:
    """Return the key, in as many lines as it needs, and where the chart begins below it.

    Args:
        entries: The words of each entry, and what draws its mark, 10 pixels wide, from its left upper corner.
        width: Width of the drawing. [px]
    """
    parts, x, y = [], 0.0, 0.0
    for stated, draw in entries:
        words = fitted(stated, width - 3.0 * _MARK)
        room = len(words) * LETTER + _MARK + 18.0
        if x + room > width and x > 0.0:
            x, y = 0.0, y + _LINE
        parts += [draw(x, y + 2.0), label(x + _MARK + 4.0, y + 11.0, words)]
        x += room
    return parts, y + _LINE + 12.0
