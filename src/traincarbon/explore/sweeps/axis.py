"""One axis of a sweep: the values that a field of a plan takes, as a list or as a range."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from traincarbon.errors import PlanError
from traincarbon.estimation.fields import Check, check_number, check_text
from traincarbon.estimation.plan_fields import FIELDS, NUMBERS

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

SCALES = ("linear", "log")
_KEYS = ("from", "to", "n", "scale")
_MOST_LISTED = 1_000_000
"""Values of a list, or whole numbers of a range; they are held in memory."""
_MOST_STEPS = 10**12


class Axis(NamedTuple):
    """The values of a field.

    Attributes:
        name: The field.
        values: The values of a list; empty for a range.
        low: The first value of a range.
        high: The last value of a range.
        steps: Values of a range, both ends included; 0 where a hypercube draws from the whole range.
        is_log: Whether the steps of a range are equal ratios, not equal differences.
    """

    name: str
    values: tuple[float | str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    steps: int = 0
    is_log: bool = False

    @property
    def size(self) -> int:
        """How many values it has; 0 for a whole range."""
        return len(self.values) or self.steps

    @property
    def is_numeric(self) -> bool:
        """Whether all its values are plain numbers, of which an array can be made."""
        return all(isinstance(value, float) for value in self.values)

    def numbers(self, places: "Places") -> "Floats":
        """Return the numbers at *places*, counted from 0."""
        if self.values:
            return np.array(self.values, dtype=float)[places]
        return self.at(places / max(self.steps - 1, 1))

    def at(self, shares: "Floats") -> "Floats":
        """Return the numbers of a range at *shares* of the way from its first value to its last."""
        if self.is_log:
            found: Floats = self.low * np.exp(shares * math.log(self.high / self.low))
        else:
            found = self.low + shares * (self.high - self.low)
        return np.where(shares == 1.0, self.high, np.clip(found, self.low, self.high))


def axis_of(name: str, stated: object) -> Axis:
    """Return the axis that a list or a table of a grid states for the field *name*.

    Raises:
        PlanError: the list is empty or holds a value twice, or the table is no range.
        CarbonError: a value is one that the field cannot hold.
    """
    return _range(name, stated) if isinstance(stated, Mapping) else _list(name, stated)


def _list(name: str, stated: Any) -> Axis:
    if not stated:
        raise PlanError(f"{name} is an empty list", hint="name at least one value, or leave the field out")
    if len(stated) > _MOST_LISTED:
        raise PlanError(f"{name} lists {len(stated):,} values", hint=f"list at most {_MOST_LISTED:,}, or give a range: {_EXAMPLE}")
    values = tuple(_value(name, each) for each in stated)
    if len(set(values)) < len(values):
        twice = Counter(values).most_common(1)[0][0]
        raise PlanError(f"{name} lists {twice!r} twice", hint="name every value once")
    return Axis(name, values)


def _value(name: str, value: object) -> float | str:
    if isinstance(value, (list, Mapping)):
        raise PlanError(f"{name} holds a list within a list", hint=f"write one list, or a range: {_EXAMPLE}")
    checked: float | str = check_number(name, value, FIELDS[name]) if name in NUMBERS else check_text(name, value, FIELDS[name])
    return checked


def _range(name: str, stated: Mapping[str, object]) -> Axis:
    if name not in NUMBERS:
        raise PlanError(f"{name} is a range, but the field does not hold a number", hint=f"list its values: {name} = [..., ...]")
    for key in stated:
        if key not in _KEYS:
            raise PlanError(f"unknown key {key!r} in the range of {name}", hint=f"a range has {', '.join(_KEYS)}: {_EXAMPLE}")
    for key in ("from", "to"):
        if key not in stated:
            raise PlanError(f"the range of {name} has no {key}", hint=_EXAMPLE)
    low, high = _value(name, stated["from"]), _value(name, stated["to"])
    if isinstance(low, str) or isinstance(high, str):
        raise PlanError(f"the range of {name} ends in an interval", hint=_EXAMPLE)
    if low > high:
        raise PlanError(f"the range of {name} runs from {low:g} down to {high:g}", hint="exchange from and to")
    scale = stated.get("scale", "linear")
    if scale not in SCALES:
        raise PlanError(f"the scale of {name} is {scale!r}", hint=f"it must be one of {', '.join(SCALES)}")
    if scale == "log" and low <= 0.0:
        raise PlanError(f"the range of {name} begins at {low:g}", hint='a range with scale = "log" begins above 0')
    axis = Axis(name, low=low, high=high, steps=_steps(name, stated.get("n"), low, high), is_log=scale == "log")
    return _whole(axis) if FIELDS[name].check is Check.COUNT and axis.steps else axis


def _steps(name: str, n: object, low: float, high: float) -> int:
    if n is None:
        return 0
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= _MOST_STEPS:
        raise PlanError(f"n of the range of {name} is {n!r}", hint="it is how many values the range has: a whole number")
    if n == 1 and low != high:
        raise PlanError(f"the range of {name} has one value and two ends", hint="raise n to 2 or more")
    return n if low != high else 1


def _whole(axis: Axis) -> Axis:
    """Return the whole numbers nearest to the values of a range, each once."""
    if axis.steps > _MOST_LISTED:
        raise PlanError(f"n of the range of {axis.name} is {axis.steps:,}", hint=f"a range of whole numbers has at most {_MOST_LISTED:,}")
    return Axis(axis.name, tuple(np.unique(np.rint(axis.numbers(np.arange(axis.steps)))).tolist()))


_EXAMPLE = 'as { from = "1B", to = "1T", n = 100, scale = "log" }'
