"""The results of some plans of a sweep, as columns of numbers: many plans at once, and apart where they do not go together."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.array_intervals import intervals_of_arrays
from traincarbon.estimation.chain import estimate, estimate_medians
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import NUMBERS
from traincarbon.estimation.result import Estimate
from traincarbon.explore.sweeps.grid import Grid, Rows
from traincarbon.quantities import ESTIMATED, SCOPED
from traincarbon.uncertain import any_of, median_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

FITS, PROBLEM = "fits", "problem"
LAYOUT = ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "sequences", "recompute_layers", "recompute_attention", "sharded_weights")
"""Fields of a layout that a sweep keeps."""
LAYOUT_COLUMNS = (*(f"layout_{name}" for name in LAYOUT), "step_mfu", "step_s", "memory_b")


class Asked(NamedTuple):
    """What a sweep computes of each plan.

    Attributes:
        intervals: Whether the bounds of each result are kept beside its median.
        layouts: Whether the fastest layout of each plan is searched.
        level: Confidence level of the bounds. [1]
    """

    intervals: bool = False
    layouts: bool = False
    level: float = 0.9

    def columns(self, grid: Grid) -> tuple[str, ...]:
        """Return the names of the columns of results, all of them numbers."""
        results = (*ESTIMATED, *(("operational_market_kgco2e",) if "market_intensity" in grid.fields else ()), *SCOPED)
        bounds = tuple(f"{bound}_{name}" for bound in ("low", "high") for name in results) if self.intervals else ()
        return (*results, *bounds, *(LAYOUT_COLUMNS if self.layouts else ()))


class Texts(NamedTuple):
    """A column of text: the texts that occur, and the place of each plan's among them, -1 for none."""

    values: list[str]
    places: "Places"


class Block(NamedTuple):
    """Some plans of a sweep with their results.

    Attributes:
        stated: What each plan states, by field.
        results: Each result by column, NaN where it is unknown; a column that is missing is unknown for all.
        fits: Whether the stated accelerators hold the training.
        problems: Why a plan cannot be estimated, none where it can.
    """

    stated: "dict[str, Floats | Texts]"
    results: "dict[str, Floats]"
    fits: "npt.NDArray[np.bool_]"
    problems: Texts


def evaluated(grid: Grid, asked: Asked, database: Database, *, start: int, stop: int) -> Block:
    """Return the plans of *grid* from *start* up to *stop* with their results."""
    rows = grid.rows(start, stop)
    count = stop - start
    nobody = np.full(count, -1, dtype=np.int64)
    block = Block(_stated(grid, rows), {}, np.ones(count, dtype=bool), Texts([], nobody))
    for group, members in _groups(rows.groups):
        _fill(block, asked, grid.fixed | grid.named(group), rows.numbers, members, database)
    return block


def _stated(grid: Grid, rows: Rows) -> "dict[str, Floats | Texts]":
    """Return what each plan states, in the order of the fields of a plan."""
    names = grid.places(rows.groups)
    stated: dict[str, Floats | Texts] = {}
    for name in grid.fields:
        if name in rows.numbers:
            stated[name] = rows.numbers[name]
        elif name in names:
            axis, places = names[name]
            stated[name] = Texts([value if isinstance(value, str) else repr(value) for value in axis.values], places)
        else:
            value, zeros = grid.fixed[name], np.zeros(len(rows.groups), dtype=np.int64)
            stated[name] = Texts([value], zeros) if isinstance(value, str) else np.full(len(zeros), value, dtype=float)
    return stated


def _groups(groups: "Places") -> "list[tuple[int, Places]]":
    """Return each combination of names with the places of its plans."""
    if groups[0] == groups[-1] and (groups == groups[0]).all():
        return [(int(groups[0]), np.arange(len(groups)))]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return [(int(groups[places[0]]), places) for places in np.split(order, starts[1:])]


def _fill(block: Block, asked: Asked, fields: dict[str, Any], numbers: "dict[str, Floats]", members: "Places", database: Database) -> None:
    """Write the results of *members*, which share the values of *fields*; where some of them cannot be estimated, find out which."""
    arrays = {name: values[members] for name, values in numbers.items()}
    try:
        answer = _estimated(fields, arrays, asked, database)
        values = _values(answer, asked)
    except CarbonError as error:
        if len(members) == 1:
            block.problems.places[members] = _place_of(str(error), block.problems.values)
            block.fits[members] = False
            return
        middle = len(members) // 2
        for part in (members[:middle], members[middle:]):
            _fill(block, asked, fields, numbers, part, database)
        return
    count = len(block.fits)
    for name, value in values.items():
        if len(members) == count and hasattr(value, "shape"):
            block.results[name] = value
            continue
        if name not in block.results:
            block.results[name] = np.full(count, np.nan)
        block.results[name][members] = value
    block.fits[members] = _fit(answer)


def _place_of(text: str, values: list[str]) -> int:
    if text not in values:
        values.append(text)
    return values.index(text)


def _estimated(fields: dict[str, Any], arrays: "dict[str, Floats]", asked: Asked, database: Database) -> Estimate:
    if asked.intervals:
        return estimate(Plan.from_dict(fields | arrays), database=database, level=asked.level)
    exact = {name: median_of(Plan.from_dict({name: value}).number(name)) if name in NUMBERS else value for name, value in fields.items()}
    return estimate_medians(Plan.from_dict(exact | arrays), database=database)


def _values(answer: Estimate, asked: Asked) -> dict[str, Any]:
    """Return the columns of an estimate that are known."""
    known = {name: value for name, value in (answer.values | answer.scopes).items() if value is not None}
    values: dict[str, Any]
    if asked.intervals:
        bounds = [(name, interval) for name, interval in intervals_of_arrays(known.items(), asked.level).items() if interval is not None]
        values = {name: interval.median for name, interval in bounds}
        values |= {f"low_{name}": interval.low for name, interval in bounds} | {f"high_{name}": interval.high for name, interval in bounds}
    else:
        values = {name: median_of(value) for name, value in known.items()}
    return values | _layouts(answer) if asked.layouts else values


def _layouts(answer: Estimate) -> dict[str, Any]:
    spread = answer.layout.spread
    if spread is None:
        return {}
    of_layout = {f"layout_{name}": getattr(spread.layout, name) for name in LAYOUT}
    return of_layout | {"step_mfu": spread.mfu, "step_s": spread.step.total_s, "memory_b": spread.memory.total_b}


def _fit(answer: Estimate) -> Any:
    stated, fewest = answer.stated_accelerators, answer.fewest_accelerators
    if stated is None or fewest is None:
        return True
    is_short = median_of(stated) < median_of(fewest)
    return ~is_short if hasattr(is_short, "shape") else not any_of(is_short)
