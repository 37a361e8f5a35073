"""Positions for the names of points in a chart, so that no name covers another or a point."""

from collections.abc import Sequence
from typing import NamedTuple

_WIDE, _HIGH = 440.0, 420.0
"""Size of the area of a chart. [pixel]"""
_LETTER, _LINE, _OFF = 7.5, 16.0, 7.0
"""Width of a letter, height of a line, and distance of a name from its point. [pixel]"""


class _Box(NamedTuple):
    left: float
    low: float
    right: float
    high: float

    def covers(self, other: "_Box") -> bool:
        return self.left < other.right and other.left < self.right and self.low < other.high and other.low < self.high


def placed(points: Sequence[tuple[str, float, float]], *, first: Sequence[bool]) -> list[str]:
    """Return the position of each name as plotly's ``textposition``; empty where it would cover a point or another name, or leave the chart.

    Args:
        points: Names, and their positions from left and bottom as shares of the chart.
        first: Whether a point gets its name before the others, which follow from left to right.

    Example:
        >>> placed([("one", 0.5, 0.5), ("two", 0.5, 0.5)], first=[False, True])
        ['bottom center', 'top center']
    """
    marks = [_Box(x * _WIDE - _OFF, y * _HIGH - _OFF, x * _WIDE + _OFF, y * _HIGH + _OFF) for _, x, y in points]
    taken: list[_Box] = []
    found = [""] * len(points)
    for at in sorted(range(len(points)), key=lambda at: (not first[at], points[at][1], at)):
        name, x, y = points[at]
        for place, box in _around(name, x * _WIDE, y * _HIGH):
            is_inside = box.left >= 0.0 and box.right <= _WIDE and box.low >= 0.0 and box.high <= _HIGH
            if is_inside and not any(box.covers(other) for other in (*taken, *marks)):
                taken.append(box)
                found[at] = place
                break
    return found


def _around(name: str, x: float, y: float) -> list[tuple[str, _Box]]:
    half, wide = _LETTER * len(name) / 2.0, _LETTER * len(name)
    return [
        (f"{level} {side}", _Box(x + left, y + low, x + left + wide, y + low + _LINE))
        for side, left in (("center", -half), ("right", _OFF), ("left", -_OFF - wide))
        for level, low in (("top", _OFF), ("bottom", -_OFF - _LINE))
    ]
