"""The layouts of many plans at once: a task for each distinct plan, and one search for those that share machine, habits and fixed degrees."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.search import LayoutTask, Spread
from traincarbon.estimation.layout.task import Assumed, Found, calibrated, layout_task
from traincarbon.estimation.plan import Plan
from traincarbon.formulas.layout import Layout, Shape
from traincarbon.formulas.memory import LayoutMemory
from traincarbon.formulas.step import StepTime
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


def find_layouts(plan: Plan, facts: Facts, database: Database, accelerators: Num) -> Found:
    """Return the fastest layout of each plan of an array that fits, as a spread of arrays with NaN where none does, or why there is none."""
    tasks, assumed, why_none = _tasks(plan, facts, database, accelerators)
    known: dict[Hashable, list[int]] = {}
    for at, task in enumerate(tasks):
        if task is not None:
            known.setdefault((task.machine, task.sustained, *task[6:]), []).append(at)
    if not known:
        return Found(None, why_none, assumed)
    parts = [(rows, fastest_of_each(_together([task for at in rows if (task := tasks[at]) is not None]))) for rows in known.values()]
    spread = _joined(parts, len(tasks))
    if np.isnan(spread.mfu).all():
        return Found(None, "no layout fits in memory and divides model, batch and accelerators", assumed)
    if (given := facts.given("step_calibration")) is not None:
        spread = calibrated(spread, factor=float(median_of(given.value)))
    return Found(spread, "", assumed)


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


def _tasks(plan: Plan, facts: Facts, database: Database, accelerators: Num) -> tuple[list[LayoutTask | None], Assumed, str]:
    """Return the search of each plan, None where there can be none, with what is assumed for the first, and the first reason for none."""
    stated = plan.stated()
    columns = {name: np.asarray(value) for name in stated if hasattr(value := median_of(plan.number(name)), "shape")} if stated else {}
    counts = np.asarray(median_of(accelerators), dtype=float)
    count = max((len(column) for column in (*columns.values(), counts) if column.shape), default=1)
    counts = np.broadcast_to(counts, (count,))
    found: dict[Hashable, LayoutTask | None] = {}
    tasks: list[LayoutTask | None] = []
    assumed: Assumed = []
    why_none = ""
    for at, key in enumerate(zip(counts.tolist(), *(column.tolist() for column in columns.values()), strict=True)):
        if key not in found:
            single = Plan.from_dict({**stated, **dict(zip(columns, key[1:], strict=True)), "accelerators": float(counts[at]), "servers": None})
            try:
                found[key], more = layout_task(single, facts, database, float(counts[at]))
                assumed = assumed or more
            except CarbonError as error:
                found[key], why_none = None, why_none or str(error)
        tasks.append(found[key])
    return tasks, assumed, why_none


def _together(tasks: list[LayoutTask]) -> LayoutTask:
    """Return one search for plans that differ in their model, accelerators, memory and sequences alone."""
    accelerators, memory_b, sequences = (
        np.array(column, dtype=float) for column in zip(*((task.accelerators, task.memory_b, task.sequences) for task in tasks), strict=True)
    )
    shape = Shape(*map(np.array, zip(*(task.shape for task in tasks), strict=True)))
    return tasks[0]._replace(shape=shape, accelerators=accelerators, memory_b=memory_b, sequences=sequences)


def _joined(parts: list[tuple[list[int], Spread]], count: int) -> Spread:
    """Return one spread for all plans from those of some of them."""

    def whole(fields: list[tuple[list[int], "Array"]]) -> "Array":
        joined = np.full(count, np.nan)
        for rows, values in fields:
            joined[rows] = values
        return joined

    layout = Layout(*(whole([(rows, spread.layout[at]) for rows, spread in parts]) for at in range(len(Layout._fields))))
    step = StepTime(*(whole([(rows, spread.step[at]) for rows, spread in parts]) for at in range(len(StepTime._fields))))
    memory = LayoutMemory(*(whole([(rows, spread.memory[at]) for rows, spread in parts]) for at in range(len(LayoutMemory._fields))))
    return Spread(layout, step, memory, whole([(rows, spread.mfu) for rows, spread in parts]))
