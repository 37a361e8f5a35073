"""Outliers in groups: values that lie too far from the median of their group."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import bool_, float64, intp

    Array = npt.NDArray[float64]
    Codes = npt.NDArray[intp]
    Flags = npt.NDArray[bool_]

_FEWEST = 4
"""Runs of a kind from which one can be told to be unlike the others."""
_WIDTHS = 5.0
"""Robust standard deviations from the median of its like at which a run is an outlier."""
_LEAST_FACTOR = 2.5
"""And times what its like take, so that the odd run of a tight group stays."""
_ROBUST = 1.4826
"""Median absolute deviation to standard deviation, of a normal."""


def outliers(y: "Array", group_of: "Codes", *, least_factor: float = _LEAST_FACTOR) -> "Flags":
    """Return which logarithms are too far from the median of their group to be of the same kind; of fewer than four none is."""
    import numpy as np

    order = np.argsort(group_of, kind="stable")
    edges = np.flatnonzero(np.diff(group_of[order], prepend=-1, append=-1))
    far = np.zeros(len(y), dtype=bool)
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if high - low >= _FEWEST:
            mine = order[low:high]
            away = np.abs(y[mine] - np.median(y[mine]))
            far[mine] = away > max(_WIDTHS * _ROBUST * float(np.median(away)), float(np.log(least_factor)))
    return far
