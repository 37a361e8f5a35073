"""Uncertain quantities: medians with named log-spreads, computed without random numbers.

An :class:`Uncertain` is ``median · exp(Σ s_k z_k)`` with independent standard normal ``z_k``.
The name ``k`` states the source of a spread: two quantities that share a name are correlated.
Products add the spreads name by name, exactly.
Sums weight them by the share of each term in the total, the first-order (delta-method) expansion of the logarithm of the sum.
Medians may be floats or NumPy arrays.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from traincarbon.errors import OutOfRangeError
from traincarbon.spread_sums import SpreadsOfSum, share_of, weighted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]

Num: TypeAlias = Any
"""What a formula computes with: a float, a NumPy array or an :class:`Uncertain`; all three obey the same arithmetic."""


class Interval(NamedTuple):
    """A median with the bounds of a confidence level; arrays where the plan held arrays."""

    low: Any
    median: Any
    high: Any

    @classmethod
    def of(cls, value: Num, level: float = 0.9) -> "Interval":
        """Return *value*, certain or not, with its bounds at the confidence *level*.

        Example:
            >>> Interval.of(3.0)
            Interval(low=3.0, median=3.0, high=3.0)
        """
        if value.__class__ is Uncertain:
            reach, median = value.reach(level), value.median
            return tuple.__new__(cls, (median / reach, median, median * reach))  # what the class does, without its own call: an estimate makes twenty
        return cls(value, value, value)

    @property
    def is_exact(self) -> bool:
        """Whether both bounds are the median."""
        return bool(self.low == self.high)

    def log_spread(self, level: float = 0.9) -> float:
        """Return σ of the natural logarithm of a log-normal value that has these bounds at the confidence *level*; 0 for one that is exact.

        Example:
            >>> round(Interval(2.0, 4.0, 8.0).log_spread(), 3), Interval.of(4.0).log_spread()
            (0.421, 0.0)
        """
        if not 0.0 < self.low < self.high:
            return 0.0
        return math.log(self.high / self.low) / (2.0 * z_of(level))

    def to_dict(self) -> dict[str, Any]:
        """Return the interval fit for JSON, see :func:`traincarbon.decode.interval` for the way back."""
        return self._asdict()


Z_90 = 1.6448536269514722
"""Half-width of the central 90 % of a standard normal."""


class Uncertain:
    """A log-normal quantity: its *median* and, by source, its log-spreads.

    Text shows the median with the interval of 90 %; a format such as ``.1f`` holds for each of the three numbers. Units are not known here.
    ``<``, ``<=``, ``>`` and ``>=`` compare medians, so that quantities can be sorted and held to a limit. ``==`` also compares the spreads.

    Args:
        median: The median, a positive float or an array of them. [any unit]
        spreads: Name of a source of uncertainty to σ of the natural logarithm; negative where the quantity falls as the source rises.

    Example:
        >>> hours = Uncertain(1000.0, {"mfu": -0.3})
        >>> power = Uncertain(0.5, {"power": 0.1})
        >>> energy = hours * power
        >>> energy.median, energy.spreads
        (500.0, {'mfu': -0.3, 'power': 0.1})
        >>> low, high = energy.interval(0.9)
        >>> round(low), round(high)
        (297, 841)
        >>> print(energy, f"{energy:.0f}", energy > 400.0)
        500 (300 – 840) 500 (297 – 841) True
    """

    __slots__ = ("median", "spreads")
    __array_ufunc__ = None
    """``array * Uncertain`` is one Uncertain of arrays: NumPy may not apply it element by element."""

    def __init__(self, median: "float | Array", spreads: Mapping[str, Any] | None = None) -> None:
        self.median: Any = median
        self.spreads: dict[str, Any] | SpreadsOfSum = dict(spreads) if spreads else {}

    @classmethod
    def from_interval(cls, low: float, high: float, *, name: str, level: float = 0.9) -> "Uncertain":
        """Return the log-normal whose central *level* interval is *low* to *high*, with a spread called *name*.

        Raises:
            OutOfRangeError: *low* is not positive or *high* is below it.
        """
        if not 0.0 < low <= high < math.inf:
            raise OutOfRangeError(f"not an interval of positive numbers: {low:g}..{high:g}", hint="write low..high, as 0.3..0.5")
        return cls(math.sqrt(low * high), {name: math.log(high / low) / (2.0 * z_of(level))})

    @property
    def sigma(self) -> Any:
        """The total log-spread: the root of the sum of the squares of the named ones."""
        squares: Any = 0.0
        for s in self.spreads.values():
            squares = squares + s * s
        return squares**0.5

    def reach(self, level: float = 0.9) -> Any:
        """Return the factor between the median and either bound of the central *level* interval."""
        z = Z_90 if level == 0.9 else z_of(level)
        spreads = self.spreads
        if type(spreads) is SpreadsOfSum:
            return spreads.reach(z)
        squares: Any = 0.0  # as in sigma: every result of an estimate asks for its reach
        for s in spreads.values():
            squares = squares + s * s
        exponent = z * squares**0.5
        return math.exp(exponent) if exponent.__class__ is float else _exp(exponent)

    def interval(self, level: float = 0.9) -> tuple[Any, Any]:
        """Return the bounds of the central *level* interval."""
        reach = self.reach(level)
        return self.median / reach, self.median * reach

    def shares(self) -> dict[str, Any]:
        """Return the share of each source in the variance of the logarithm; they sum to 1, and are empty for an exact quantity."""
        squares = {name: s * s for name, s in self.spreads.items()}
        total: Any = sum(squares.values())
        if isinstance(total, (int, float)):
            return {name: square / total for name, square in squares.items() if square > 0.0}
        positive = total + (total == 0.0)
        return {name: square / positive for name, square in squares.items()}

    def __mul__(self, other: Num) -> "Uncertain":
        result = Uncertain.__new__(Uncertain)
        if other.__class__ is Uncertain:
            result.median = self.median * other.median
            result.spreads = spreads = self.spreads.copy()
            for name, s in other.spreads.items():
                spreads[name] = spreads[name] + s if name in spreads else s
        else:
            result.median = self.median * other
            result.spreads = self.spreads
        return result

    __rmul__ = __mul__

    def __truediv__(self, other: Num) -> "Uncertain":
        result = Uncertain.__new__(Uncertain)
        if other.__class__ is Uncertain:
            result.median = self.median / other.median
            result.spreads = spreads = self.spreads.copy()
            for name, s in other.spreads.items():
                spreads[name] = spreads[name] - s if name in spreads else -s
        else:
            result.median = self.median / other
            result.spreads = self.spreads
        return result

    def __rtruediv__(self, other: Num) -> "Uncertain":
        result = Uncertain.__new__(Uncertain)
        result.median = other / self.median
        result.spreads = {name: -s for name, s in self.spreads.items()}
        return result

    def __add__(self, other: Num) -> "Uncertain":
        result = Uncertain.__new__(Uncertain)
        if other.__class__ is not Uncertain:
            result.median = total = self.median + other
            share = self.median / total if total.__class__ is float and total else _share(self.median, total)
            result.spreads = {name: share * s for name, s in self.spreads.items()}
            return result
        result.median = total = self.median + other.median
        if total.__class__ is float:
            result.spreads = weighted(self.median / total if total else 0.0, self.spreads, other.spreads)
        elif len(getattr(total, "shape", ())) == 1:
            result.spreads = SpreadsOfSum(share_of(self.median, total), self.spreads, other.spreads)
        else:
            result.spreads = weighted(_share(self.median, total), self.spreads, other.spreads)
        return result

    __radd__ = __add__

    def __neg__(self) -> "Uncertain":
        return Uncertain(-self.median, self.spreads)

    def __sub__(self, other: Num) -> "Uncertain":
        return self.__add__(-other)

    def __rsub__(self, other: Num) -> "Uncertain":
        return self.__neg__().__add__(other)

    def __pow__(self, exponent: float) -> "Uncertain":
        result = Uncertain.__new__(Uncertain)
        result.median = self.median**exponent
        result.spreads = {name: exponent * s for name, s in self.spreads.items()}
        return result

    def __lt__(self, other: Num) -> Any:
        return self.median < median_of(other)

    def __le__(self, other: Num) -> Any:
        return self.median <= median_of(other)

    def __gt__(self, other: Num) -> Any:
        return self.median > median_of(other)

    def __ge__(self, other: Num) -> Any:
        return self.median >= median_of(other)

    def __repr__(self) -> str:
        return f"Uncertain({self.median!r}, {self.spreads!r})"

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        if hasattr(self.median, "shape"):
            return repr(self)
        low, high = self.interval(0.9)
        if spec:
            middle, bounds = format(self.median, spec), f"{low:{spec}} – {high:{spec}}"
        else:
            from traincarbon.formatting import significant

            middle = significant(self.median, 3, is_exact=low == high)
            bounds = f"{significant(low, 2, is_exact=False)} – {significant(high, 2, is_exact=False)}"
        return middle if low == high else f"{middle} ({bounds})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Uncertain) or self.spreads.keys() != other.spreads.keys():
            return False
        return _same(self.median, other.median) and all(_same(s, other.spreads[name]) for name, s in self.spreads.items())

    __hash__ = None  # type: ignore[assignment]


def median_of(value: Num) -> Any:
    """Return the median of *value*; an exact value is its own median."""
    return value.median if value.__class__ is Uncertain else value


def any_of(condition: Any) -> bool:
    """Say whether *condition* is true, or whether any of an array of conditions is."""
    return condition if isinstance(condition, bool) else bool(condition.any())


def where(condition: Any, yes: Num, no: Num) -> Num:
    """Return *yes* where *condition* is true and *no* elsewhere, for single values and, element by element, for arrays.

    Example:
        >>> where(True, 1.0, 2.0)
        1.0
        >>> import numpy as np
        >>> mixed = where(np.array([True, False]), Uncertain(1.0, {"a": 0.1}), 2.0)
        >>> mixed.median.tolist(), mixed.spreads["a"].tolist()
        ([1.0, 2.0], [0.1, 0.0])
    """
    if not hasattr(condition, "shape"):
        return yes if condition else no
    share = condition.astype(float)
    first, second = median_of(yes), median_of(no)
    median = share * first + (1.0 - share) * second
    spreads = [value.spreads if value.__class__ is Uncertain else {} for value in (yes, no)]
    names = dict.fromkeys([*spreads[0], *spreads[1]])
    return Uncertain(median, {name: share * spreads[0].get(name, 0.0) + (1.0 - share) * spreads[1].get(name, 0.0) for name in names}) if names else median


def clamp(value: Num, low: float, high: float) -> Num:
    """Return *value* limited to *low* and *high*; of an uncertain value the median is limited and the spreads stay."""
    if value.__class__ is Uncertain:
        return Uncertain(clamp(value.median, low, high), value.spreads)
    if isinstance(value, (int, float)):
        return min(max(value, low), high)
    return value.clip(low, high)


@lru_cache(maxsize=64)
def z_of(level: float) -> float:
    """Return the half-width z of the central *level* of a standard normal.

    Raises:
        OutOfRangeError: *level* is not between 0 and 1.

    Example:
        >>> round(z_of(0.9), 6), round(z_of(0.5), 6)
        (1.644854, 0.67449)
    """
    if not 0.0 < level < 1.0:
        raise OutOfRangeError(f"confidence level {level:g} is not between 0 and 1", hint="0.9 means a 90 % interval")
    if level == 0.9:
        return Z_90
    low, high = 0.0, 40.0
    while high - low > 1e-15 * high:
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if math.erf(middle / math.sqrt(2.0)) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _share(part: Any, total: Any) -> Any:
    """Return *part* over *total*, and zero if the total is zero."""
    if total.__class__ is float:
        return part / total if total else 0.0
    return share_of(part, total)


def _same(left: Any, right: Any) -> bool:
    equal = left == right
    return equal if isinstance(equal, bool) else bool(equal.all())


def _exp(exponent: Any) -> Any:
    if isinstance(exponent, (int, float)):
        return math.exp(exponent)
    import numpy as np  # it is imported wherever there are arrays

    return np.exp(exponent)
