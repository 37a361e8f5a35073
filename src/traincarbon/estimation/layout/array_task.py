"""The layouts of many plans at once: a task for each distinct plan, and one search for those that share machine, habits and fixed degrees."""

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.search import LayoutTask, Spread
from traincarbon.estimation.layout.task import Assumed, Found, calibrated, layout_task, sequences_of_each
from traincarbon.estimation.plan import Plan
from traincarbon.formulas.layout import Layout, Shape
from traincarbon.formulas.memory import LayoutMemory
from traincarbon.formulas.step import StepTime
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]


_OF_SHAPE = (
    *("params", "active_params", "layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "ffn_matrices", "vocab", "seq_len"),
    *("tp", "pp", "dp"),
)
"""Numbers of a plan that its layout depends on, beside the accelerators and the size of a step."""


class _Plans(NamedTuple):
    """The distinct searches of an array of plans.

    Attributes:
        tasks: The search for each distinct shape, None where there can be none.
        shape: The place of each search's shape among them.
        accelerators: Accelerators of each search.
        sequences: Sequences of a step of each, NaN where there can be none.
        same: The search of each plan.
        assumed: What is assumed for the first.
        why_none: The first reason why there can be none.
    """

    tasks: list[LayoutTask | None]
    shape: "Places"
    accelerators: "Array"
    sequences: "Array"
    same: "Places"
    assumed: Assumed
    why_none: str


def find_layouts(plan: Plan, facts: Facts, database: Database, accelerators: Num) -> Found:
    """Return the fastest layout of each plan of an array that fits, as a spread of arrays with NaN where none does, or why there is none.

    Plans that differ only in what their layout does not depend on, such as tokens and prices, are searched once.
    """
    plans = _plans(plan, facts, database, accelerators)
    known: dict[Hashable, list[int]] = {}
    for at, task in enumerate(plans.tasks):
        if task is not None:
            known.setdefault((task.machine, task.sustained, task.memory_b, *task[6:]), []).append(at)
    parts: list[tuple[Places, Spread]] = []
    for shapes in known.values():
        rows = np.flatnonzero(np.isin(plans.shape, shapes) & np.isfinite(plans.sequences))
        if len(rows):
            parts.append((rows, fastest_of_each(_together(plans, rows))))
    if not parts:
        return Found(None, plans.why_none, plans.assumed)
    spread = _joined(parts, len(plans.shape), plans.same)
    if np.isnan(spread.mfu).all():
        return Found(None, "no layout fits in memory and divides model, batch and accelerators", plans.assumed)
    if (given := facts.given("step_calibration")) is not None:
        spread = calibrated(spread, factor=float(median_of(given.value)))
    return Found(spread, "", plans.assumed)


def layouts_as_dicts(spread: Spread, run_mfu: Num | None) -> list[dict[str, object] | None]:
    """Return the layout of each plan fit for JSON, None where none fits.

    Args:
        spread: The layouts as arrays.
        run_mfu: Utilisation of whole runs, one or one for each plan; None where it is unknown. [1]
    """
    count = len(spread.mfu)
    reached = None if run_mfu is None else np.broadcast_to(np.asarray(median_of(run_mfu), dtype=float), (count,)).tolist()
    found: list[dict[str, object] | None] = []
    for at in range(count):
        layout, step, memory = ([float(field[at]) for field in fields] for fields in (spread.layout, spread.step, spread.memory))
        one = Spread(Layout(*layout), StepTime(*step), LayoutMemory(*memory), float(spread.mfu[at]), _at(spread.calibration, at))
        found.append(None if np.isnan(spread.mfu[at]) else one.to_dict(None if reached is None else reached[at]))
    return found


def _at(value: Num, place: int) -> float:
    return float(value[place]) if hasattr(value, "shape") and value.shape else float(value)


def _plans(plan: Plan, facts: Facts, database: Database, accelerators: Num) -> _Plans:
    """Return the distinct searches of the plans."""
    stated = plan.stated()
    arrays = {name: np.asarray(value) for name in stated if hasattr(value := median_of(plan.number(name)), "shape")}
    counts = np.asarray(median_of(accelerators), dtype=float)
    count = max((len(array) for array in (*arrays.values(), counts) if array.shape), default=1)
    counts = np.broadcast_to(counts, (count,))
    batch = arrays.get("batch_tokens")
    first_of_shape, shape = _distinct([arrays[name] for name in _OF_SHAPE if name in arrays], count)
    first, same = _distinct([shape, counts, *([] if batch is None else [batch])], count)
    tasks: list[LayoutTask | None] = []
    assumed: Assumed = []
    why_none = ""
    for at in first_of_shape.tolist():
        single = {**stated, **{name: array[at].item() for name, array in arrays.items()}, "accelerators": float(counts[at]), "servers": None}
        if batch is not None:
            single["batch_tokens"] = float(batch.max())
        try:
            task, more = layout_task(Plan.from_dict(single), facts, database, float(counts[at]))
            assumed = assumed or more
            tasks.append(task)
        except CarbonError as error:
            why_none = why_none or str(error)
            tasks.append(None)
    seq_len = np.array([math.nan if task is None else task.shape.seq_len for task in tasks])[shape[first]]
    stated_batch = median_of(plan.number("batch_tokens"))
    sequences = sequences_of_each(seq_len, counts[first], database, batch_tokens=stated_batch if batch is None else batch[first])
    return _Plans(tasks, shape[first], counts[first], sequences, same, assumed, why_none or "no step holds a whole sequence")


def _distinct(columns: "list[Array | Places]", count: int) -> "tuple[Places, Places]":
    """Return a row for each distinct row of *columns*, and which of these each row is."""
    kind = np.zeros(count, dtype=np.int64)
    for column in columns:
        values, places = np.unique(column, return_inverse=True)
        kind = np.unique(kind * len(values) + places, return_inverse=True)[1]
    return np.unique(kind, return_index=True)[1], kind


def _together(plans: _Plans, rows: "Places") -> LayoutTask:
    """Return one search for *rows* of plans that differ in their model, accelerators and sequences alone."""
    shapes, places = np.unique(plans.shape[rows], return_inverse=True)
    tasks = [task for at in shapes.tolist() if (task := plans.tasks[at]) is not None]
    shape = Shape(*(np.array(field, dtype=float)[places] for field in zip(*(task.shape for task in tasks), strict=True)))
    first: LayoutTask = tasks[0]
    together: LayoutTask = first._replace(shape=shape, accelerators=plans.accelerators[rows], sequences=plans.sequences[rows])
    return together


def _joined(parts: "list[tuple[Places, Spread]]", count: int, same: "Places") -> Spread:
    """Return one spread for all plans from those of some searches, of which *same* says which each plan has."""

    def whole(fields: "list[tuple[Places, Array]]") -> "Array":
        joined = np.full(count, np.nan)
        for rows, values in fields:
            joined[rows] = values
        return joined[same]

    layout = Layout(*(whole([(rows, spread.layout[at]) for rows, spread in parts]) for at in range(len(Layout._fields))))
    step = StepTime(*(whole([(rows, spread.step[at]) for rows, spread in parts]) for at in range(len(StepTime._fields))))
    memory = LayoutMemory(*(whole([(rows, spread.memory[at]) for rows, spread in parts]) for at in range(len(LayoutMemory._fields))))
    return Spread(layout, step, memory, whole([(rows, spread.mfu) for rows, spread in parts]))
