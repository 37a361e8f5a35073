"""Values that a page holds once, however often they are used."""

from typing import Generic, TypeAlias, TypeVar

from traincarbon.uncertain import Num, Uncertain

T = TypeVar("T")
UNKNOWN = -1
"""The place of a number that is not known."""
_DIGITS = 12
"""Digits of a number in the page: a thousand times finer than the figures are compared."""

Pair: TypeAlias = "tuple[float] | tuple[float, int]"
"""A number as its median, followed by the place of its spreads where it has any."""


class Kept(Generic[T]):
    """Values, each held once; what uses one holds its place.

    Example:
        >>> kept = Kept[tuple[int, ...]]()
        >>> kept.place((1, 2)), kept.place((3,)), kept.place((1, 2)), kept.values
        (0, 1, 0, [(1, 2), (3,)])
    """

    def __init__(self) -> None:
        self.values: list[T] = []
        self._places: dict[str, int] = {}

    def place(self, value: T) -> int:
        """Return the place of *value*, a new one where it is not held yet."""
        at = self._places.setdefault(repr(value), len(self.values))
        if at == len(self.values):
            self.values.append(value)
        return at


class Numbers:
    """Numbers with their spreads, each held once.

    Example:
        >>> numbers = Numbers()
        >>> numbers.place(2), numbers.place(Uncertain(2.0, {"mfu": 0.5})), numbers.place(None)
        (0, 1, -1)
        >>> numbers.pool.values, numbers.spreads.values
        ([(2.0,), (2.0, 0)], [{'mfu': 0.5}])
    """

    def __init__(self) -> None:
        self.pool: Kept[Pair] = Kept()
        self.spreads: Kept[dict[str, float]] = Kept()

    def place(self, value: Num | None) -> int:
        """Return the place of *value*, :data:`UNKNOWN` for None."""
        if value is None:
            return UNKNOWN
        if not isinstance(value, Uncertain):
            return self.pool.place((_rounded(value),))
        spreads = {name: _rounded(spread) for name, spread in value.spreads.items()}
        return self.pool.place((_rounded(value.median), self.spreads.place(spreads)) if spreads else (_rounded(value.median),))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
