"""By how much a quantity changes, and limits on that."""

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from traincarbon.errors import CarbonError
from traincarbon.quantities import BUDGETED, S_PER_H


class Change(NamedTuple):
    """By how much a quantity changes; what both plans do not know in the same way is cancelled.

    Attributes:
        low: Lower bound, in the unit of the quantity.
        median: Difference of the two medians; negative where it becomes less.
        high: Upper bound.
        share: The difference as a share of what it was, infinite where that was nothing. [1]
        chance: Probability that it becomes more. [1]
    """

    low: float
    median: float
    high: float
    share: float
    chance: float

    @property
    def is_within_uncertainty(self) -> bool:
        """Whether the bounds do not tell if it becomes more or less."""
        return self.low < 0.0 < self.high

    def to_dict(self) -> dict[str, float | bool | None]:
        """Return it fit for JSON; an infinite share is None."""
        stated = {name: value if math.isfinite(value) else None for name, value in self._asdict().items()}
        return {**stated, "is_within_uncertainty": self.is_within_uncertainty}


Changes: TypeAlias = Mapping[str, Change | None]
"""Each compared quantity with its change; None where it is unknown before or after."""


class Limit(NamedTuple):
    """A limit on the change of all plans together.

    Attributes:
        name: What is limited: ``usd``, ``kwh``, ``kgco2e`` or ``hours``.
        most: The most that it may rise: a share of what it was, or an amount. [1 or the unit of the quantity]
        is_share: Whether *most* is a share.
    """

    name: str
    most: float
    is_share: bool

    @property
    def quantity(self) -> str:
        """The quantity that is limited."""
        return BUDGETED[self.name]

    def allows(self, changes: Changes) -> bool | None:
        """Return whether the changes keep the limit by their medians; None where the quantity is unknown."""
        change = changes[self.quantity]
        if change is None:
            return None
        seconds = S_PER_H if self.quantity == "duration_s" else 1.0
        return (change.share if self.is_share else change.median / seconds) <= self.most or change.median <= 0.0

    def __str__(self) -> str:
        return f"{self.name}={100.0 * self.most:g}%" if self.is_share else f"{self.name}={self.most:g}"


def limits_of(text: str) -> tuple[Limit, ...]:
    """Return the limits that a *text* such as ``usd=10%,kgco2e=500`` states.

    Raises:
        CarbonError: it is not a list of limits.

    Example:
        >>> [str(limit) for limit in limits_of("usd=10%, kwh=5e3")]
        ['usd=10%', 'kwh=5000']
    """
    found: dict[str, Limit] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, stated = (piece.strip() for piece in part.partition("="))
        try:
            most = float(stated.removesuffix("%"))
        except ValueError:
            most = math.nan
        if name not in BUDGETED or not 0.0 <= most < math.inf or name in found:
            raise CarbonError(f"the limit is {part!r}", hint=f"write each once, as usd=10% or usd=5000; it limits one of {', '.join(BUDGETED)}")
        found[name] = Limit(name, most / 100.0 if stated.endswith("%") else most, stated.endswith("%"))
    if not found:
        raise CarbonError("no limit is stated", hint="write usd=10% or usd=5000")
    return tuple(found.values())
