"""The intervals of results that hold an array of plans."""

from collections.abc import Iterable

import numpy as np

from traincarbon.spread_sums import SpreadsOfSum
from traincarbon.uncertain import Interval, Num, Uncertain, z_of


def intervals_of_arrays(values: Iterable[tuple[str, Num | None]], level: float) -> dict[str, Interval | None]:
    """Return the interval of each of *values* by name at the confidence *level*, None where it is unknown.

    The bounds of all lie in one piece of memory, which the system hands out at once: page by page it takes longer than to compute them.
    So one bound that is kept keeps the memory of all of them: keep a copy of it where the others are not needed.

    Example:
        >>> found = intervals_of_arrays([("energy", Uncertain(np.array([1.0, 2.0]), {"power": 0.1})), ("hours", 3.0), ("cost", None)], 0.9)
        >>> found["energy"].high.round(3).tolist(), found["hours"].high, found["cost"]
        ([1.179, 2.358], 3.0, None)
    """
    known = dict(values)
    rows = {name: value for name, value in known.items() if isinstance(value, Uncertain) and len(getattr(value.median, "shape", ())) == 1}
    length = max((len(value.median) for value in rows.values()), default=0)
    rows = {name: value for name, value in rows.items() if len(value.median) == length}
    bounds = np.empty((len(rows), 2, length))
    found = {name: None if value is None or name in rows else Interval.of(value, level) for name, value in known.items()}
    z = z_of(level)
    for (name, value), (low, high) in zip(rows.items(), bounds, strict=True):
        median, spreads = value.median, value.spreads
        parts = spreads.reaches(z) if isinstance(spreads, SpreadsOfSum) and spreads.shape == median.shape else ((slice(None), value.reach(level)),)
        for where, reach in parts:
            np.divide(median[where], reach, out=low[where])
            np.multiply(median[where], reach, out=high[where])
        found[name] = Interval(low, median, high)
    return found
