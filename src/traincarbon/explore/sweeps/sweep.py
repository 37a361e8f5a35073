"""Sweep a grid of plans into a file of Parquet: in this process, in many, or as one shard of many."""

import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from os import PathLike, fspath, path
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError, PlanError
from traincarbon.explore.compared_results import MONEY
from traincarbon.explore.sweeps.engines import UNITS_OF_WORKER, in_processes, in_this_process, on_dask
from traincarbon.explore.sweeps.evaluation import PROBLEM, Asked, evaluated
from traincarbon.explore.sweeps.front import front_of, objectives
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.names import check_names
from traincarbon.explore.sweeps.outcome import Sweep
from traincarbon.explore.sweeps.parquet_file import ROWS_TOGETHER, stored_in, table_of, tables_in, tables_of_unit, write_tables
from traincarbon.explore.sweeps.place import ENDING, Place
from traincarbon.explore.sweeps.provenance import metadata, provenance
from traincarbon.explore.sweeps.shard import Shard
from traincarbon.explore.sweeps.unfinished import remove_abandoned, remove_folder, written_whole
from traincarbon.explore.sweeps.work import Unit, Work
from traincarbon.files import check_writable
from traincarbon.uncertain import z_of

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = ("all", "pareto")
_MOST_WORKERS = 1024
_MOST_REASONS = 20
"""Reasons that a result tells apart."""
_MOST_ALONE = 1
"""Units that one process computes without keeping each: seconds."""
Progress = Callable[[int, int], object]


def sweep(
    grid: Grid | Mapping[str, Any] | str | PathLike[str],
    output: str | PathLike[str],
    *,
    layouts: bool = False,
    intervals: bool = False,
    keep: str = "all",
    money: str = "rent",
    shard: Shard | str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    level: float = 0.9,
    database: Database | None = None,
    on_progress: Progress | None = None,
) -> Sweep:
    """Estimate every plan of a grid into a file of Parquet, whose columns are the fields of the plans and the results.

    A sweep that was stopped goes on where it was. The shards of a sweep, wherever they are computed, and the sweep in one process make the same file.

    Args:
        grid: A file of TOML, or what it states: a plan in which a field may be a list or a range.
        output: The file to write, which ends in ``.parquet``; that of a shard is named after it.
        layouts: Whether to search the fastest layout of each plan.
        intervals: Whether to keep the bounds of each result beside its median.
        keep: ``all`` plans, or the ``pareto`` front: those that no plan of the same work beats in cost, time and CO2e.
        money: Whether cost is the cost to ``rent`` or to ``own``.
        shard: The part to compute, ``i/n`` counted from 0; None for all of it.
        workers: Processes of this machine.
        scheduler: The address of a scheduler of Dask, whose workers compute instead.
        level: Confidence level of the bounds. [1]
        database: The facts; by default the built-in ones with the user's own.
        on_progress: Called with the plans that are done and all plans, now and then: first with those that were there already.

    Raises:
        MissingExtraError: pyarrow, or distributed for a scheduler, is not installed.
        CarbonError: the grid is impossible, or the file cannot be written; what was computed is kept.
    """
    began_s = time.monotonic()
    file = fspath(output)
    _check(file, keep=keep, money=money, workers=workers, level=level)
    database = database if database is not None else open_database()
    grid = grid if isinstance(grid, Grid) else Grid.from_dict(grid) if isinstance(grid, Mapping) else Grid.read(grid)
    asked, part = Asked(intervals=intervals, layouts=layouts, level=level), Shard.parse(shard) if isinstance(shard, str) else shard
    by = objectives(grid, money=money) if keep == "pareto" else ()
    check_names(grid, database)
    stated = provenance(grid, asked, database, objectives=by)
    work = Work.of(grid, asked, database, by)
    place = Place(file, part, work.sweep_sha256)
    start, stop = (0, grid.count) if part is None else part.bounds(grid.count)
    task = _Task(work, place, stated, _schema(grid, asked, database), on_progress or _ignored)
    check_writable(path.dirname(file), name=file)
    reused = stop - start
    if not place.is_done(place.file, (start, stop)):
        place.check_parts()
        pieces = _pieces(task, start, stop)
        reused -= _compute(task, start, stop, pieces, workers=workers, scheduler=scheduler)
    remove_folder(place.units)
    joined = _join(task, grid.count) if part is not None else None
    kept, set_aside = _counts(place.file)
    return Sweep(place.file, stop - start, (start, stop), kept, reused, set_aside, time.monotonic() - began_s, joined, stated)


class _Task(NamedTuple):
    """What the steps of a sweep need."""

    work: Work
    place: Place
    stated: dict[str, Any]
    schema: "pa.Schema"
    on_progress: Progress


_Piece = Unit | str
"""Plans to compute, or the file of a part that holds some."""


def _check(file: str, *, keep: str, money: str, workers: int, level: float) -> None:
    if not file.endswith(ENDING) or not path.basename(file).removesuffix(ENDING):
        raise PlanError(f"the output is {file!r}", hint=f"name a file that ends in {ENDING}")
    for name, value, choices in (("keep", keep, KEPT), ("money", money, MONEY)):
        if value not in choices:
            raise PlanError(f"{name} is {value!r}", hint=f"it must be one of {', '.join(choices)}")
    if not 1 <= workers <= _MOST_WORKERS:
        raise PlanError(f"workers is {workers}", hint=f"it must be 1 to {_MOST_WORKERS}")
    z_of(level)


def _ignored(done: int, plans: int) -> None:
    """Tell nobody."""


def _schema(grid: Grid, asked: Asked, database: Database) -> "pa.Schema":
    found: pa.Schema = table_of(evaluated(grid, asked, database, start=0, stop=1), asked.columns(grid)).schema
    return found


def _pieces(task: _Task, start: int, stop: int) -> list[_Piece]:
    """Return what the plans from *start* up to *stop* are made of: parts that are there already, and units."""
    pieces: list[_Piece] = []
    at = start
    for rows, file in _parts_there(task) if task.place.shard is None else ():
        if rows[0] < at:
            continue
        pieces += [*task.work.units(at, rows[0]), file]
        at = rows[1]
    return pieces + task.work.units(at, stop)


def _parts_there(task: _Task) -> list[tuple[tuple[int, int], str]]:
    """Return the plans and the file of each part of the same sweep, in the order of their plans."""
    found = []
    for file in task.place.parts().values():
        stored = stored_in(file)
        if stored.stated.get("sweep_sha256") == task.work.sweep_sha256:
            found.append((stored.rows, file))
    return sorted(found)


def _compute(task: _Task, start: int, stop: int, pieces: list[_Piece], *, workers: int, scheduler: str | None) -> int:
    """Compute what is missing of *pieces*, join them in the file, and return how many plans were missing."""
    place = task.place
    remove_abandoned(place.units)
    units = [piece for piece in pieces if isinstance(piece, Unit)]
    missing = [unit for unit in units if not path.exists(place.unit(unit))]
    is_alone = len(units) <= _MOST_ALONE and scheduler is None and not path.isdir(place.units)
    plans = sum(unit.plans for unit in missing)
    if not task.work.by:
        place.check_room(plans=stop - start, columns=len(task.schema), kept=0 if is_alone else plans)
    os.makedirs(place.units, exist_ok=True)
    sources = _alone(task, units) if is_alone else _kept(task, missing, workers=workers, scheduler=scheduler)
    try:
        with closing(sources.ready):
            _write(task, _in_turn(task, pieces, sources, plans=stop - start), place.file, start, stop)
    except BaseException as error:
        if not isinstance(error, CarbonError) or not _was_made(task, start, stop):
            with suppress(OSError):
                os.rmdir(place.units)  # if nothing was computed
            raise
    return plans


def _was_made(task: _Task, start: int, stop: int) -> bool:
    """Return whether another process made the file meanwhile, and removed the units. If anything else is there, the error that led here says more."""
    try:
        return task.place.is_done(task.place.file, (start, stop))
    except CarbonError:
        return False


class _Units(NamedTuple):
    """Where the tables of units come from.

    Attributes:
        missing: The units that are to be computed.
        ready: Yields each of these, in their order, when its tables can be read.
        opened: Yields the tables of a unit.
    """

    missing: frozenset[Unit]
    ready: Generator[Unit, None, None]
    opened: "Callable[[Unit], Iterator[pa.Table]]"


def _alone(task: _Task, units: list[Unit]) -> _Units:
    return _Units(frozenset(units), (unit for unit in units), task.work.tables)


def _kept(task: _Task, units: list[Unit], *, workers: int, scheduler: str | None) -> _Units:
    """Return the *units* as files, which stay until all are joined, so that a sweep that is stopped goes on."""
    files = [(unit, task.place.unit(unit)) for unit in units]
    workers = min(workers, len(units) // UNITS_OF_WORKER)
    if scheduler is not None:
        ready = on_dask(task.work, files, scheduler=scheduler)
    else:
        ready = in_processes(task.work, files, workers=workers) if workers > 1 else in_this_process(task.work, files)
    return _Units(frozenset(units), ready, lambda unit: tables_of_unit(task.place.unit(unit)))


def _in_turn(task: _Task, pieces: list[_Piece], units: _Units, *, plans: int) -> "Iterator[pa.Table]":
    """Yield the tables of *pieces* in their order, each unit as soon as it is ready. Tell how many of *plans* are done: at first those that were there already."""
    done = plans - sum(unit.plans for unit in units.missing)
    task.on_progress(done, plans)
    for piece in pieces:
        after = done
        if isinstance(piece, Unit) and piece in units.missing:
            next(units.ready)
            after += piece.plans
        for table in units.opened(piece) if isinstance(piece, Unit) else tables_in(piece):
            yield table
            done = min(done + (ROWS_TOGETHER if task.work.by else len(table)), after)  # a front is what is left of so many
            task.on_progress(done, plans)
        done = after
    for _ in units.ready:  # ends what computed them
        pass
    task.on_progress(plans, plans)


def _join(task: _Task, plans: int) -> str | None:
    """Join the parts of all shards in the output, if all are there; return the output, or None."""
    output, parts = task.place.output, _parts_there(task)
    edges = [0, *(rows[1] for rows, _ in parts)]
    if [rows[0] for rows, _ in parts] != edges[:-1] or edges[-1] != plans:
        return None
    if task.place.is_done(output, (0, plans)):
        return output
    remove_abandoned(task.place.units)
    os.makedirs(task.place.units, exist_ok=True)
    if not task.work.by:
        task.place.check_room(plans=plans, columns=len(task.schema))
    _write(task, (table for _, file in parts for table in tables_in(file)), output, 0, plans)
    remove_folder(task.place.units)
    return output


def _write(task: _Task, tables: "Iterator[pa.Table]", file: str, start: int, stop: int) -> None:
    """Write *tables*, or those of their plans that are on the front, as one *file*: whole or not at all.

    Raises:
        CarbonError: it cannot be written.
    """

    def put(whole: str) -> None:
        if not task.place.is_done(file, (start, stop)):  # or another process made it meanwhile, or something else
            os.replace(whole, file)

    schema = task.schema.with_metadata(metadata(task.stated, start=start, stop=stop))
    with written_whole(task.place.units, file, put) as stream:
        tables = _seen(tables, unfinished=stream.name)
        write_tables(_front(task, tables) if task.work.by else tables, stream, schema)


def _seen(tables: "Iterator[pa.Table]", *, unfinished: str) -> "Iterator[pa.Table]":
    """Yield *tables*, and let an *unfinished* file be seen as one that is written: a front goes into it in the end."""
    for table in tables:
        with suppress(OSError):
            os.utime(unfinished)
        yield table


def _front(task: _Task, tables: "Iterator[pa.Table]") -> "Iterator[pa.Table]":
    from traincarbon.explore.sweeps.parquet_file import pyarrow

    held = list(tables)
    if held:
        yield front_of(pyarrow().concat_tables(held), by=task.work.by)


def _counts(file: str) -> tuple[int, Counter[str]]:
    """Return how many plans a file holds, and why how many of them have no results."""
    kept, reasons = 0, Counter[str]()
    for table in tables_in(file, columns=(PROBLEM,)):
        kept += len(table)
        problems = table[PROBLEM]
        for each in problems.drop_null().value_counts().to_pylist() if problems.null_count < len(problems) else ():
            reasons[each["values"]] += each["counts"]
    return kept, Counter(dict(reasons.most_common(_MOST_REASONS)))
