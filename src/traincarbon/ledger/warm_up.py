"""The warm-up of a run: loading, compiling and the slow first steps, before its script counts at the pace that it then keeps."""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.decode import amount

Mark = tuple[float, float]
"""A time on the monotonic clock, and the count that the script had reported by then. [s, 1]"""

_FIRST_S = 1.0
_GROWTH = 1.5
_MOST = 24
"""Marks that are kept; the last is hours after the first, and no warm-up is longer."""
_AT_PACE = 0.9
"""Once a stretch is this share as fast as what comes after it, the run is warm."""
_LONGEST_SHARE = 0.5
"""Share of the counted time that may be warm-up."""


class WarmUp(NamedTuple):
    """The warm-up of a run, and how long it then ran at its pace."""

    duration_s: float
    """From the beginning until the pace is reached. [s]"""
    done: float
    """Share of the counted work that was done by then. [1]"""
    steady_s: float
    """From then until the last report of the script. [s]"""

    @classmethod
    def of(cls, stated: Mapping[str, object]) -> "WarmUp | None":
        """Return what a record states, None where it states no possible warm-up."""
        if not stated:
            return None
        duration_s, done, steady_s = (amount(stated.get(name)) for name in cls._fields)
        return None if duration_s is None or done is None or steady_s is None or done >= 1.0 else cls(duration_s, done, steady_s)


def with_mark(marks: Sequence[Mark], at_s: float, count: float) -> list[Mark]:
    """Return *marks* with the time of a *count*: the latest, and earlier ones that lie ever further apart.

    Example:
        >>> with_mark([(0.0, 10.0), (0.4, 20.0)], 0.8, 30.0), with_mark([(0.0, 10.0), (1.4, 20.0)], 1.8, 30.0)
        ([(0.0, 10.0), (0.8, 30.0)], [(0.0, 10.0), (1.4, 20.0), (1.8, 30.0)])
    """
    if not marks or count < marks[-1][1]:  # a script that counts anew, as after a restart
        return [(at_s, count)] if count > 0.0 else []
    if count == marks[-1][1]:
        return list(marks)
    latest_s = marks[-1][0] - marks[0][0]
    earlier_s = marks[-2][0] - marks[0][0] if len(marks) > 1 else 0.0
    is_kept = len(marks) == 1 or (len(marks) < _MOST and latest_s >= max(_FIRST_S, _GROWTH * earlier_s))
    return [*marks, (at_s, count)] if is_kept else [*marks[:-1], (at_s, count)]


def warm_up_of_nodes(marks_by_node: Sequence[tuple[Sequence[Mark], float]]) -> WarmUp | None:
    """Return the warm-up of a run from the marks and the beginning of the process on each of its nodes: that of the node that counted for longest."""
    found = (warm_up_of(marks, from_s=from_s) for marks, from_s in marks_by_node)
    return max((each for each in found if each is not None), key=lambda each: each.steady_s, default=None)


def warm_up_of(marks: Sequence[Mark], *, from_s: float) -> WarmUp | None:
    """Return the warm-up that the marks of a process show, None where they are too few.

    Args:
        marks: Times and counts, see :func:`with_mark`.
        from_s: When the process began, on the same clock. [s]

    Example:
        >>> warm_up_of([(60.0, 1.0), (61.0, 2.0), (62.0, 12.0), (160.0, 992.0)], from_s=0.0)
        WarmUp(duration_s=61.0, done=0.0020161290322580645, steady_s=99.0)
    """
    if len(marks) < 2:
        return None
    end_s, total = marks[-1]
    latest_s = marks[0][0] + _LONGEST_SHARE * (end_s - marks[0][0])
    for (at_s, count), (next_s, next_count) in itertools.pairwise(marks):
        rest_s = end_s - next_s
        is_at_pace = rest_s <= 0.0 or (next_count - count) * rest_s >= _AT_PACE * (total - next_count) * (next_s - at_s)
        if is_at_pace or next_s > latest_s:
            return WarmUp(max(at_s - from_s, 0.0), count / total, end_s - at_s)
    return None
