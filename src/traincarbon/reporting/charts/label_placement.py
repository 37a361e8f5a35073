"""Places for the names of points in a chart, so that no name covers another or a point."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.charts.drawing import LETTER

_LINE, _OFF = 15.0, 7.0
"""Height of a line, and distance of a name from its point. [px]"""


class Spot(NamedTuple):
    """A point of a drawing with the name that it may get; y grows downwards. [px]."""

    name: str
    x: float
    y: float
    is_first: bool = False


class Place(NamedTuple):
    """Where a name stands: its base line, and whether it starts or ends there or has it in its middle. [px]."""

    x: float
    y: float
    anchor: str


class Frame(NamedTuple):
    """The area in which names stand. [px]."""

    left: float
    right: float
    top: float
    bottom: float

    def holds(self, other: "Frame") -> bool:
        """Say whether *other* lies inside."""
        return self.left <= other.left and other.right <= self.right and self.top <= other.top and other.bottom <= self.bottom

    def covers(self, other: "Frame") -> bool:
        """Say whether *other* lies over a part of it."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


def placed(spots: Sequence[Spot], frame: Frame) -> list[Place | None]:
    """Return the place of each name; None where it would cover a point or another name, or leave the *frame*.

    Names of points that are first get their places before the others, which follow from left to right.

    Example:
        >>> spots = [Spot("one", 50.0, 50.0), Spot("two", 50.0, 50.0, is_first=True)]
        >>> [place and round(place.y) for place in placed(spots, Frame(0.0, 100.0, 0.0, 100.0))]
        [69, 40]
    """
    marks = [Frame(spot.x - _OFF, spot.x + _OFF, spot.y - _OFF, spot.y + _OFF) for spot in spots]
    taken: list[Frame] = []
    found: list[Place | None] = [None] * len(spots)
    named = [at for at, spot in enumerate(spots) if spot.name]
    for at in sorted(named, key=lambda at: (not spots[at].is_first, spots[at].x, at)):
        for place, box in around(spots[at]):
            if frame.holds(box) and not any(box.covers(other) for other in (*taken, *marks)):
                taken.append(box)
                found[at] = place
                break
    return found


def around(spot: Spot) -> list[tuple[Place, Frame]]:
    """Return the places that a name can have, the best first, each with the area that it covers."""
    width = LETTER * len(spot.name)
    sides = (("middle", spot.x, spot.x - width / 2.0), ("start", spot.x + _OFF, spot.x + _OFF), ("end", spot.x - _OFF, spot.x - _OFF - width))
    return [
        (Place(x, top + _LINE - 3.0, anchor), Frame(left, left + width, top, top + _LINE))
        for anchor, x, left in sides
        for top in (spot.y - _OFF - _LINE, spot.y + _OFF)
    ]
