"""The Pareto front of a sweep: the plans that no other plan of the same work beats in cost, time and CO2e."""

from typing import TYPE_CHECKING

import numpy as np

from traincarbon.estimation.fields import Section, Use
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.explore.compared_results import COST
from traincarbon.explore.sweeps.grid import Grid

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Floats = npt.NDArray[np.float64]

_OF_WORK = (Section.WORK, Section.SAMPLES, Section.TUNING)
_CHOICES = ("name", "hw", "precision", "startup_hours", "batch_tokens")
"""Fields of those sections, or of the model's shape, that are a choice of how to do the work."""
WORK = tuple(
    name
    for name, field in FIELDS.items()
    if name not in _CHOICES and (field.section in _OF_WORK or (field.section is Section.SHAPE and field.uses & Use.SIZE) or name == "seq_len")
)
"""Fields of a plan that say what is trained on what."""
_COUNTS = ("servers", "accelerators", "dp")
"""Fields that give an estimate its wall-clock time."""


def objectives(grid: Grid, *, money: str) -> tuple[str, ...]:
    """Return what the plans of *grid* are compared in: the cost that comparisons have too, wall-clock time or, where it is unknown, accelerator-hours, and CO2e."""
    time = "duration_s" if any(name in grid.fields for name in _COUNTS) else "accelerator_hours_h"
    return (COST[money], time, "total_kgco2e")


def front_of(table: "pa.Table", *, by: tuple[str, ...]) -> "pa.Table":
    """Return the plans of *table* that no other plan of the same work is as good as in all of *by* and better than in one, in their order.

    A plan of which one of them is unknown is not compared, and left out.
    """
    points = np.column_stack([table[name].to_numpy() for name in by])
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    works = [table[name].combine_chunks().dictionary_encode() for name in WORK if name in table.column_names]
    kind = np.zeros(len(known), dtype=np.int64)
    for column in works:
        codes = column.indices.to_numpy()[known].astype(np.int64)
        kind = np.unique(kind * len(column.dictionary) + codes, return_inverse=True)[1]
    return table.take(known[on_front(points[known], kind)])


def on_front(points: "Floats", works: "npt.NDArray[np.int64]") -> "npt.NDArray[np.bool_]":
    """Return which rows of *points* no other row of the same work beats: is at most as large everywhere and smaller somewhere.

    All works are gone through at once, a point of each at a time: there may be as many as rows.

    Example:
        >>> on_front(np.array([[1.0, 5.0], [2.0, 2.0], [3.0, 3.0], [1.0, 5.0], [9.0, 9.0]]), np.array([0, 0, 0, 0, 1])).tolist()
        [True, True, False, True, True]
    """
    left = np.lexsort((*points.T[::-1], works))
    kept = np.zeros(len(points), dtype=bool)
    while len(left):
        is_first = np.diff(works[left], prepend=-1) != 0
        best = left[is_first][np.cumsum(is_first) - 1]
        is_beaten, is_same = np.ones(len(left), dtype=bool), np.ones(len(left), dtype=bool)
        for values in points.T:
            is_beaten &= values[left] >= values[best]
            is_same &= values[left] == values[best]
        kept[left[is_same]] = True
        left = left[~is_beaten]
    return kept
