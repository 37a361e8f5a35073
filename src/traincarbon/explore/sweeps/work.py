"""The work of a sweep as one value that another process, or another machine, can do a part of."""

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from os import path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.evaluation import Asked, evaluated
from traincarbon.explore.sweeps.front import front_of
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.parquet_file import ROWS_TOGETHER, pyarrow, table_of
from traincarbon.explore.sweeps.provenance import provenance
from traincarbon.explore.sweeps.unfinished import written_whole
from traincarbon.toml import to_toml

if TYPE_CHECKING:
    import pyarrow as pa

_PLANS_OF_UNIT = 16 * ROWS_TOGETHER
_PLANS_OF_UNIT_WITH_LAYOUTS = ROWS_TOGETHER
"""What a process that is killed computes anew: seconds."""


class Unit(NamedTuple):
    """The plans from *start* up to *stop*."""

    start: int
    stop: int

    @property
    def plans(self) -> int:
        """How many they are."""
        return self.stop - self.start


class Work(NamedTuple):
    """A sweep as another process needs it.

    Attributes:
        grid: The grid, as TOML.
        asked: What is computed of each plan.
        roots: Folders of the facts.
        by: What the kept plans are not beaten in; empty where all plans are kept.
        sweep_sha256: What a process that knows the same grid, facts and version finds too.
    """

    grid: str
    asked: Asked
    roots: tuple[str, ...]
    by: tuple[str, ...]
    sweep_sha256: str

    @classmethod
    def of(cls, grid: Grid, asked: Asked, database: Database, by: tuple[str, ...]) -> "Work":
        """Return the work of a sweep."""
        stated = provenance(grid, asked, database, objectives=by)
        return cls(to_toml(grid.to_dict()), asked, database.roots, by, stated["sweep_sha256"])

    def units(self, start: int, stop: int) -> list[Unit]:
        """Return the plans from *start* up to *stop* in units that are computed at once."""
        size = _PLANS_OF_UNIT_WITH_LAYOUTS if self.asked.layouts else _PLANS_OF_UNIT
        return [Unit(at, min(at + size, stop)) for at in range(start, stop, size)]

    def tables(self, unit: Unit) -> "Iterator[pa.Table]":
        """Yield the plans of *unit* with their results, or those on the front, a few at a time."""
        grid, database = _opened(self)
        for at in range(unit.start, unit.stop, ROWS_TOGETHER):
            block = evaluated(grid, self.asked, database, start=at, stop=min(at + ROWS_TOGETHER, unit.stop))
            table = table_of(block, self.asked.columns(grid))
            yield front_of(table, by=self.by) if self.by else table


class Call:
    """What :func:`computed_bytes` becomes when it is pickled: the bytes of a unit, computed where it is unpickled by :func:`pickle.loads`.

    The program that receives and starts it needs nothing of this package, so that its absence there, or another version, is an error of the call alone.
    """

    def __init__(self, work: Work, unit: Unit) -> None:
        self._content = pickle.dumps((work, unit))

    def __reduce__(self) -> tuple[Callable[[bytes], bytes], tuple[bytes]]:
        """Return the function to call, and its argument."""
        return computed_bytes, (self._content,)


def computed_bytes(content: bytes) -> bytes:
    """Return the plans of a unit with their results as bytes of Arrow, which travel to another machine.

    Args:
        content: The work and the unit, pickled.

    Raises:
        CarbonError: this process has other facts or another version of the package than the one that planned the work.
    """
    try:
        work, unit = pickle.loads(content)  # noqa: S301  what sent it may run any function here: that is what it is for
    except (AttributeError, ImportError, TypeError, ValueError) as error:
        raise other_version() from error
    sink = pyarrow().BufferOutputStream()
    _write(work, unit, sink)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def compute_into(work: Work, unit: Unit, file: str) -> None:
    """Write the plans of *unit* with their results into *file*, whole or not at all.

    Raises:
        CarbonError: it cannot be written, or the work is of other facts or another version, as for :func:`computed_bytes`.
    """
    with unit_file(file) as stream:
        _write(work, unit, stream)


@contextmanager
def unit_file(file: str) -> Iterator[BinaryIO]:
    """Open *file* for a unit, and make its folder where needed: another process that made the same sweep may have removed it.

    Raises:
        CarbonError: it cannot be written.
    """
    folder = path.dirname(file)
    with suppress(OSError):  # the file says why
        os.makedirs(folder, exist_ok=True)
    with written_whole(folder, file, lambda whole: os.replace(whole, file)) as stream:
        yield stream


def _write(work: Work, unit: Unit, sink: Any) -> None:
    """Write the tables of *unit* into *sink* as they are computed: to hold them all takes as long as to compute them."""
    writer = None
    for table in work.tables(unit):
        writer = writer or pyarrow().ipc.new_file(sink, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


@lru_cache(maxsize=2)
def _opened(work: Work) -> tuple[Grid, Database]:
    grid, database = Grid.from_toml(work.grid), Database(work.roots)
    if provenance(grid, work.asked, database, objectives=work.by)["sweep_sha256"] != work.sweep_sha256:
        raise other_version()
    return grid, database


def other_version() -> CarbonError:
    """Return the error of a process that does not know what is asked of it, or would answer something else."""
    hint = "install the same version there, with the same hardware_db and calibrations"
    return CarbonError("a worker has other facts or another version of traincarbon, or none", hint=hint)
