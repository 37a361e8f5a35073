"""The layouts of many plans at once: a task for each distinct plan, and one search for those that share machine, habits and fixed degrees."""

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.layout.array_candidates import take
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.search import LayoutTask, Spread
from traincarbon.estimation.layout.task import OF_SHAPE, Assumed, Found, calibrated, layout_task, repeats_all, sequences_of_each, shape_of_numbers
from traincarbon.estimation.plan import Plan
from traincarbon.formulas.layout import Layout, Shape
from traincarbon.formulas.memory import LayoutMemory
from traincarbon.formulas.step import StepTime
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]


_FIXED = ("tp", "pp", "dp")
"""Numbers of a plan that its layout depends on, beside its shape, the accelerators and the size of a step."""


class _Searches(NamedTuple):
    """The distinct searches of an array of plans.

    Attributes:
        shape: The models, an array for each field.
        group: The task of each search: those of a task differ in model, accelerators and size of a step alone.
        accelerators: Accelerators of each search.
        sequences: Sequences of a step of each, NaN where there can be none.
        same: The search of each plan.
    """

    shape: Shape
    group: "Places"
    accelerators: "Array"
    sequences: "Array"
    same: "Places"


class _Tasks(NamedTuple):
    """A search for each group of plans, None where there can be none, what is assumed for any of them, and the first reason why there can be none."""

    tasks: list[LayoutTask | None]
    assumed: Assumed
    why_none: str


def find_layouts(plan: Plan, facts: Facts, database: Database, accelerators: Num) -> Found:
    """Return the fastest layout of each plan of an array that fits, as a spread of arrays with NaN where none does, or why there is none.

    Plans whose searches are the same, such as those that differ only in tokens and prices, are searched once.
    """
    columns = {name: np.asarray(value, dtype=float) for name in plan.stated() if hasattr(value := median_of(plan.number(name)), "shape")}
    counts = np.asarray(median_of(accelerators), dtype=float)
    count = max((len(array) for array in (*columns.values(), counts) if array.shape), default=1)
    counts = np.broadcast_to(counts, (count,))
    first, stated = _distinct([columns[name] for name in (*OF_SHAPE, *_FIXED) if name in columns], count)
    groups = _groups(plan, {name: array[first] for name, array in columns.items()}, len(first))
    most = np.zeros(int(groups.max()) + 1)
    np.maximum.at(most, groups[stated], counts)
    tasks, assumed, why_none = _tasks(plan, facts, database, columns, counts, most, first, groups)
    if all(task is None for task in tasks):
        return Found(None, why_none, assumed)
    searches = _searches(plan, database, columns, counts, _shapes(plan, columns, tasks, first, groups), groups, stated)
    known: dict[Hashable, list[int]] = {}
    for at, task in enumerate(tasks):
        if task is not None:
            known.setdefault((task.machine, task.sustained, task.memory_b, *task[6:]), []).append(at)
    parts: list[tuple[Places, Spread]] = []
    for alike in known.values():
        rows = np.flatnonzero(np.isin(searches.group, alike) & np.isfinite(searches.sequences))
        if len(rows):
            first_task: Any = tasks[alike[0]]
            numbers = {"accelerators": searches.accelerators[rows], "sequences": searches.sequences[rows]}
            parts.append((rows, fastest_of_each(first_task._replace(shape=take(searches.shape, rows), **numbers))))
    if not parts:
        return Found(None, why_none or "no step holds a whole sequence", assumed)
    spread = _joined(parts, len(searches.group), searches.same)
    if np.isnan(spread.mfu).all():
        return Found(None, "no layout fits in memory and divides model, batch and accelerators", assumed)
    if (given := facts.given("step_calibration")) is not None:
        spread = calibrated(spread, factor=float(median_of(given.value)))
    return Found(spread, "", assumed)


def layouts_as_dicts(spread: Spread, run_step_s: Num | None) -> list[dict[str, object] | None]:
    """Return the layout of each plan fit for JSON, None where none fits.

    Args:
        spread: The layouts as arrays.
        run_step_s: Time of a step of whole runs, one for each plan; None where it is unknown. [s]
    """
    count = len(spread.mfu)
    run_s = None if run_step_s is None else np.broadcast_to(np.asarray(run_step_s, dtype=float), (count,)).tolist()
    found: list[dict[str, object] | None] = []
    for at in range(count):
        layout, step, memory = ([float(field[at]) for field in fields] for fields in (spread.layout, spread.step, spread.memory))
        one = Spread(Layout(*layout), StepTime(*step), LayoutMemory(*memory), float(spread.mfu[at]), _at(spread.calibration, at))
        found.append(None if np.isnan(spread.mfu[at]) else one.to_dict(None if run_s is None else run_s[at]))
    return found


def _at(value: Num, place: int) -> float:
    return float(value[place]) if hasattr(value, "shape") and value.shape else float(value)


def _groups(plan: Plan, columns: "dict[str, Array]", count: int) -> "Places":
    """Return which plans share a task but for their model, accelerators and step; a named model may add to it, so its plans are apart."""
    if plan.model is not None:
        return np.arange(count)
    fixed = [columns[name] for name in _FIXED if name in columns]
    params = columns["params"] if "params" in columns else median_of(plan.number("params"))
    early = [] if params is None else [np.broadcast_to(repeats_all(plan, params), (count,))]
    return _distinct([*fixed, *early], count)[1]


def _tasks(
    plan: Plan, facts: Facts, database: Database, columns: "dict[str, Array]", counts: "Array", most: "Array", first: "Places", groups: "Places"
) -> _Tasks:
    """Return the task of each group, of the first of its plans that has one. *first* are the places of distinct plans.

    It is made for the *most* accelerators of a plan of its group: what a link or a network is assumed to carry is said where any plan uses it.
    """
    tasks: list[LayoutTask | None] = [None] * len(most)
    assumed: dict[str, tuple[str, float, str]] = {}
    why_none = ""
    for place, group in zip(first.tolist(), groups.tolist(), strict=True):
        if tasks[group] is None:
            one = {**{name: array[place].item() for name, array in columns.items()}, "accelerators": float(counts[place]), "servers": None}
            if "batch_tokens" in columns:
                one["batch_tokens"] = float(columns["batch_tokens"].max())
            try:
                tasks[group], more = layout_task(Plan.from_dict({**plan.stated(), **one}), facts, database, float(most[group]))
                assumed = {each[0]: each for each in more} | assumed
            except CarbonError as error:
                why_none = why_none or str(error)
    return _Tasks(tasks, list(assumed.values()), why_none)


def _shapes(plan: Plan, columns: "dict[str, Array]", tasks: list[LayoutTask | None], first: "Places", groups: "Places") -> Shape:
    """Return the models of distinct plans, NaN where a named model has none."""
    if plan.model is not None:
        known = [None if task is None else task.shape for task in tasks]
        nothing = [math.nan] * len(Shape._fields)
        return Shape(*(np.array(field, dtype=float)[groups] for field in zip(*(nothing if each is None else each for each in known), strict=True)))
    number = {name: columns[name][first] if name in columns else median_of(plan.number(name)) for name in OF_SHAPE}
    return Shape(*(np.broadcast_to(field, first.shape) for field in shape_of_numbers(number)))


def _searches(plan: Plan, database: Database, columns: "dict[str, Array]", counts: "Array", shape: Shape, groups: "Places", stated: "Places") -> _Searches:
    """Return the distinct searches; *stated* says which of the models and groups each plan has."""
    first_model, model = _distinct([groups, *(field for field in shape if (field != field[0]).any())], len(groups))
    batch = columns.get("batch_tokens", median_of(plan.number("batch_tokens")))
    of_plan = model[stated]
    first, same = _distinct([of_plan, counts, *([batch] if "batch_tokens" in columns else [])], len(counts))
    rows = first_model[of_plan[first]]
    searched = take(shape, rows)
    batch = batch[first] if "batch_tokens" in columns else batch
    sequences = sequences_of_each(searched.seq_len, counts[first], database, batch_tokens=batch)
    return _Searches(searched, groups[rows], counts[first], sequences, same)


def _distinct(columns: "list[Array | Places]", count: int) -> "tuple[Places, Places]":
    """Return a row for each distinct row of *columns*, and which of these each row is."""
    kind = np.zeros(count, dtype=np.int64)
    for column in columns:
        values, places = np.unique(column, return_inverse=True)
        kind = np.unique(kind * len(values) + places, return_inverse=True)[1]
    return np.unique(kind, return_index=True)[1], kind


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
