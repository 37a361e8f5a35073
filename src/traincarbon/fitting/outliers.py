"""Find outliers: values too far from the median of their group."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import bool_, float64, intp

    Array = npt.NDArray[float64]
    Codes = npt.NDArray[intp]
    Flags = npt.NDArray[bool_]

_FEWEST = 4
"""Fewest values of a group in which an outlier can be recognised."""
_WIDTHS = 5.0
"""Robust standard deviations from the median at which a value is an outlier."""
_LEAST_FACTOR = 2.5
"""Least factor from the median of an outlier, so that tight groups keep all values."""
_ROBUST = 1.4826
"""Standard deviation over median absolute deviation, for a normal."""


def outliers(y: "Array", group_of: "Codes", *, least_factor: float = _LEAST_FACTOR) -> "Flags":
    """Return which logarithms are too far from the median of their group, none of a group of fewer than four."""
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
