"""The plans of a sweep: a grid of all combinations, or a Latin hypercube, as a TOML file states it."""

import math
from collections.abc import Mapping
from functools import cached_property
from os import PathLike, path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.fields import Check
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS, named
from traincarbon.explore.sweeps.axis import Axis, axis_of
from traincarbon.explore.sweeps.permutation import Permutation
from traincarbon.formatting import clean
from traincarbon.reading import read_limited

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

METHODS = ("grid", "latin")
MOST_PLANS = 10**10
"""More plans than these are a mistake: hours of a core, and a terabyte."""
_B_OF_PLAN, _B_OF_TB = 98, 1e12
"""Bytes of the file for each plan, as docs/scale.md measures it of medians: bounds take more, and a front less."""
_MOST_SEED = 2**63


class Rows(NamedTuple):
    """Some plans of a sweep.

    Attributes:
        groups: The place of each plan's combination of values that no array can hold, such as names of hardware.
        numbers: The numbers of each plan, by field.
    """

    groups: "Places"
    numbers: "dict[str, Floats]"


class Grid:
    """The plans of a sweep, numbered from 0, of which any range can be made without the others.

    Text varies slowest, then numbers in the order of the file, the last one fastest.

    Args:
        fixed: Fields that are the same in all plans.
        axes: Fields that vary.
        samples: Plans of a Latin hypercube; None for all combinations.
        seed: Chooses the hypercube.

    Raises:
        PlanError: nothing varies, a range has no number of values, or there are too many plans.
    """

    def __init__(self, *, fixed: Mapping[str, Any], axes: tuple[Axis, ...], samples: int | None = None, seed: int = 0) -> None:
        if not axes:
            raise PlanError("nothing varies in the grid", hint='make a field a list, as servers = [16, 32, 64], or use "carbon estimate" for one plan')
        self.fixed = dict(fixed)
        self.names = tuple(axis for axis in axes if not axis.is_numeric)
        self.numbers = tuple(axis for axis in axes if axis.is_numeric)
        self.samples = samples
        self.seed = seed
        for axis in axes:
            if samples is None and not axis.size:
                raise PlanError(f"the range of {axis.name} has no n", hint='give n, or samples and method = "latin" to draw from the whole range')
        self.count = samples if samples is not None else math.prod(axis.size for axis in axes)
        if self.count > MOST_PLANS:
            hint = f'a sweep has at most {MOST_PLANS:,}: give fewer values, or samples = 1000000 with method = "latin"'
            size = f"about {self.count * _B_OF_PLAN / _B_OF_TB:,.3g} TB of medians, more with --intervals, less with --keep pareto"
            raise PlanError(f"the grid has {_counted(self.count)} plans: {size}", hint=hint)
        groups = math.prod(axis.size for axis in self.names)
        if groups > _MOST_GROUPS:
            raise PlanError(f"the names of the grid have {groups:,} combinations", hint=f"at most {_MOST_GROUPS:,} are swept at once: name fewer")
        self._check()

    @classmethod
    def from_toml(cls, text: str) -> "Grid":
        """Return the grid that a TOML *text* states.

        Raises:
            PlanError: *text* is not TOML, or no grid.
            CarbonError: a value is one that its field cannot hold.
        """
        from traincarbon.toml import parse_toml

        try:
            stated = parse_toml(text)
        except ValueError as error:
            raise PlanError(f"the grid is not TOML: {error}", hint="a grid is a plan in which a field may be a list: servers = [16, 32, 64]") from error
        return cls.from_dict(stated)

    @classmethod
    def from_dict(cls, stated: Mapping[str, Any]) -> "Grid":
        """Return the grid of these fields, lists and ranges.

        Raises:
            PlanError: it is no grid.
            CarbonError: a value is one that its field cannot hold.
        """
        fields = dict(stated)
        method, seed = fields.pop("method", "grid"), fields.pop("seed", 0)
        if method not in METHODS:
            raise PlanError(f"method is {method!r}", hint=f"it must be one of {', '.join(METHODS)}")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _MOST_SEED:
            raise PlanError(f"seed is {seed!r}", hint="it must be a whole number")
        samples = _samples(fields.pop("samples", None)) if method == "latin" else None
        varied = {name: _plain(value) for name, value in named(fields).items() if value is not None}
        axes = tuple(axis_of(name, value) for name, value in varied.items() if isinstance(value, (list, Mapping)))
        fixed = {name: value for name, value in varied.items() if not isinstance(value, (list, Mapping))}
        return cls(fixed=Plan.from_dict(fixed).to_dict(), axes=axes, samples=samples, seed=seed)

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Grid":
        """Return the grid in a TOML *file*; the paths of configurations of models may be relative to it.

        Raises:
            CarbonError: the file cannot be read or is no grid; the message names it.
        """
        try:
            text = read_limited(file).decode("utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise PlanError(f"cannot read {str(file)!r}: {reason}", hint="a grid is a TOML file in UTF-8") from error
        try:
            return cls.from_toml(text).beside(path.dirname(file))
        except CarbonError as error:
            raise type(error)(f"{clean(str(file))}: {error}", hint=error.hint) from error

    def to_dict(self) -> dict[str, object]:
        """Return what the grid states, fit for JSON and for :meth:`from_dict`."""
        stated: dict[str, object] = {**self.fixed}
        for axis in (*self.names, *self.numbers):
            of_range = {"from": axis.low, "to": axis.high, "scale": "log" if axis.is_log else "linear"}
            stated[axis.name] = list(axis.values) if axis.values else of_range | ({"n": axis.steps} if axis.steps else {})
        return stated if self.samples is None else {**stated, "method": "latin", "samples": self.samples, "seed": self.seed}

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it states, in the order of the fields of a plan."""
        stated = {*self.fixed, *(axis.name for axis in (*self.names, *self.numbers))}
        return tuple(name for name in FIELDS if name in stated)

    def named(self, group: int) -> dict[str, float | str]:
        """Return the values that no array can hold of the combination at place *group*."""
        values: dict[str, float | str] = {}
        for axis in reversed(self.names):
            group, place = divmod(group, axis.size)
            values[axis.name] = axis.values[place]
        return values

    def places(self, groups: "Places") -> "dict[str, tuple[Axis, Places]]":
        """Return each axis of what no array can hold, with the place of each plan's value on it, from the places of their combinations."""
        found: dict[str, tuple[Axis, Places]] = {}
        for axis in reversed(self.names):
            groups, place = _divided(groups, axis.size)
            found[axis.name] = (axis, place)
        return found

    def rows(self, start: int, stop: int) -> Rows:
        """Return the plans from *start* up to *stop*."""
        rest = np.arange(start, stop, dtype=np.int64)
        return self._all(rest) if self.samples is None else self._drawn(rest)

    def _all(self, rest: "Places") -> Rows:
        numbers: dict[str, Floats] = {}
        for axis in reversed(self.numbers):
            rest, place = _divided(rest, axis.size)
            numbers[axis.name] = axis.numbers(place)
        return Rows(rest, numbers)

    def _drawn(self, rows: "Places") -> Rows:
        def places(axis: Axis, share: "Floats") -> "Places":
            return np.minimum((share * axis.size).astype(np.int64), axis.size - 1)

        groups, numbers = np.zeros(len(rows), dtype=np.int64), {}
        for axis in self.names:
            groups = groups * axis.size + places(axis, self._shares(axis, rows))
        for axis in self.numbers:
            shares = self._shares(axis, rows)
            found = axis.numbers(places(axis, shares)) if axis.size else axis.at(shares)
            numbers[axis.name] = np.rint(found) if FIELDS[axis.name].check is Check.COUNT else found
        return Rows(groups, numbers)

    def _shares(self, axis: Axis, rows: "Places") -> "Floats":
        """Return where in the axis each plan is: the middle of one of as many equal parts as there are plans."""
        shares: Floats = (self._orders[axis.name](rows) + 0.5) / self.count
        return shares

    @cached_property
    def _orders(self) -> "dict[str, Permutation]":
        return {axis.name: Permutation(self.count, f"{self.seed}\n{axis.name}") for axis in (*self.names, *self.numbers)}

    def plan(self, place: int) -> dict[str, Any]:
        """Return the fields of the plan at *place*."""
        rows = self.rows(place, place + 1)
        return self.fixed | self.named(int(rows.groups[0])) | {name: float(values[0]) for name, values in rows.numbers.items()}

    def spread(self, most: int) -> list[int]:
        """Return the places of at most so many plans that lie evenly in the grid, the first and the last among them: of a small grid all."""
        count = min(most, self.count)
        return [round(at * (self.count - 1) / max(count - 1, 1)) for at in range(count)]

    def _check(self) -> None:
        """Refuse fields that contradict each other in every plan that is looked at; a plan of which they do is only marked.

        Raises:
            CarbonError: they do.
        """
        refused: CarbonError | None = None
        for place in self.spread(_MOST_LOOKED_AT):
            try:
                Plan.from_dict(self.plan(place))
            except CarbonError as error:
                refused = refused or error
            else:
                return
        if refused is not None:
            raise refused

    def beside(self, folder: str) -> "Grid":
        """Return the grid with paths of models that stand relative to *folder*."""

        def placed(value: Any) -> Any:
            beside = path.join(folder, value)
            return beside if not path.exists(value) and path.exists(beside) else value

        fixed = {name: placed(value) if name == "model" else value for name, value in self.fixed.items()}
        axes = tuple(axis._replace(values=tuple(map(placed, axis.values))) if axis.name == "model" else axis for axis in (*self.names, *self.numbers))
        return Grid(fixed=fixed, axes=axes, samples=self.samples, seed=self.seed)


_MOST_GROUPS = 100_000
"""Combinations of hardware, regions and other names."""
_MOST_LOOKED_AT = 200


def _samples(samples: object) -> int:
    if samples is None:
        raise PlanError("a Latin hypercube needs samples", hint="give samples = 100000, the number of plans to draw")
    number = float(samples) if isinstance(samples, (int, float)) and not isinstance(samples, bool) else 0.0
    if number < 1.0 or number != int(number):
        raise PlanError(f"samples is {samples!r}", hint="it is how many plans to draw: a whole number of at least 1")
    return int(number)


def _plain(value: Any) -> Any:
    """Return an array or a tuple as a list."""
    return value.tolist() if hasattr(value, "tolist") else list(value) if isinstance(value, tuple) else value


def _divided(places: "Places", by: int) -> "tuple[Places, Places]":
    whole, rest = np.divmod(places, by)
    return whole, rest


def _counted(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"more than {10**15:,}"
