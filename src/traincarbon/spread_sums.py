"""The log-spreads of a sum by source of uncertainty; those of a sum of arrays are worked out where they are asked for, a few thousand elements at a time.

A sum of arrays has an array of spreads for each source: ten times the numbers of the sum itself.
Most are only asked how far the bounds of an interval are, so that :meth:`SpreadsOfSum.reach` keeps no more of them than a processor's cache holds.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]

TOGETHER = 4096
"""Elements of an array that are worked on together: the spreads of so many fit into the cache of one processor."""
_Cuts: TypeAlias = "dict[int, tuple[Any, Any]]"
"""Arrays, and spreads of sums, with a part of each, by the identity of the whole, which is kept for as long: what is one array stays one."""


def share_of(part: Any, total: Any) -> Any:
    """Return *part* over *total*, and zero where the total is zero."""
    if getattr(total, "size", 0) and total.min() > 0.0:
        return part / total  # as nearly always: one pass over the arrays in place of three
    return part / (total + (total == 0.0))


def weighted(share: Any, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spreads of a sum of which one term, whose spreads are *ours*, has this *share*, and the other the rest."""
    rest = 1.0 - share
    spreads = {name: share * s for name, s in ours.items()}
    for name, t in theirs.items():
        if name not in spreads:
            spreads[name] = rest * t
        elif (s := ours[name]) is t or (s.__class__ is float and t.__class__ is float and s == t):
            spreads[name] = s  # a factor of both terms: of arrays of plans it stays one number
        else:
            spreads[name] = spreads[name] + rest * t
    return spreads


class SpreadsOfSum(Mapping[str, Any]):
    """The log-spread of a sum by source, in the order of the sources of its terms.

    It keeps the share of the first term, not its median or that of the sum: other code holds those, and may change them in place.
    Threads may read the same sum at once.

    Args:
        share: The share of the first term in the sum, an array of one dimension. [1]
        ours: The spreads of the first term.
        theirs: The spreads of the second term.
    """

    __slots__ = ("_held", "shape")

    def __init__(self, share: "Array", ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        self.shape = share.shape
        self._held: tuple[Array, Mapping[str, Any], Mapping[str, Any]] | dict[str, Any] = share, ours, theirs

    def copy(self) -> dict[str, Any]:
        """Return the spreads as a dictionary of its own."""
        return self._all().copy()

    def reach(self, z: float) -> Any:
        """Return the factor between the median and either bound that is *z* standard deviations away: one number where all the spreads are."""
        import numpy as np  # it is imported wherever there are arrays

        found = np.empty(self.shape)
        for where, reach in self.reaches(z):
            if reach.__class__ is float:
                return reach
            found[where] = reach
        return found

    def reaches(self, z: float) -> Iterator[tuple[slice, Any]]:
        """Yield :meth:`reach` for some elements at a time, with where they are."""
        import numpy as np  # it is imported wherever there are arrays

        for start in range(0, self.shape[0], TOGETHER):
            where = slice(start, start + TOGETHER)
            squares: Any = 0.0
            for s in self.part(where, {}).values():
                squares = squares + s * s
            exponent = z * squares**0.5
            yield where, math.exp(exponent) if isinstance(exponent, float) else np.exp(exponent)

    def part(self, where: slice | None, cuts: _Cuts) -> dict[str, Any]:
        """Return the spreads of the elements at *where*, or of all."""
        held = self._held  # looked up once: another thread may put the spreads of all in its place
        if isinstance(held, dict):
            return {name: self._cut(s, where, cuts) for name, s in held.items()}
        share, ours, theirs = held
        return weighted(self._cut(share, where, cuts), self._cut_all(ours, where, cuts), self._cut_all(theirs, where, cuts))

    def _all(self) -> dict[str, Any]:
        held = self._held
        if not isinstance(held, dict):
            self._held = held = self.part(None, {})
        return held

    def _cut_all(self, spreads: Mapping[str, Any], where: slice | None, cuts: _Cuts) -> Mapping[str, Any]:
        if where is None:
            return spreads
        if isinstance(spreads, SpreadsOfSum) and spreads.shape == self.shape:
            if id(spreads) not in cuts:
                cuts[id(spreads)] = spreads, spreads.part(where, cuts)
            return cast("dict[str, Any]", cuts[id(spreads)][1])
        return {name: self._cut(s, where, cuts) for name, s in spreads.items()}

    def _cut(self, value: Any, where: slice | None, cuts: _Cuts) -> Any:
        """Return the elements of *value* at *where*; one number, and one of a row of one, as it is."""
        if where is None or getattr(value, "shape", ()) != self.shape:
            return value
        if id(value) not in cuts:
            cuts[id(value)] = value, value[where]
        return cuts[id(value)][1]

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self._all(),)
