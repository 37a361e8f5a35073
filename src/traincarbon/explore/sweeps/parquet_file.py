"""The files of a sweep as Parquet: plans become tables, tables become files, and files are joined, always with row groups of the same plans."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.columns import of_choices, of_numbers, of_texts
from traincarbon.explore.sweeps.evaluation import FITS, PROBLEM, Block, Texts
from traincarbon.explore.sweeps.provenance import read_metadata
from traincarbon.extras import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_TOGETHER = 65_536
"""Plans of a row group."""
_COMPRESSION = "snappy"
"""The digits of results do not repeat: zstd takes longer than their computation and saves little."""


class Stored(NamedTuple):
    """A file of a sweep: what it says of itself, and how many plans it holds."""

    stated: Mapping[str, Any]
    plans: int

    @property
    def rows(self) -> tuple[int, int]:
        """The first plan of the sweep that it is of, and the one after its last."""
        start, stop = self.stated["rows"]
        return int(start), int(stop)


def pyarrow() -> Any:
    """Return pyarrow.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("a sweep needs pyarrow, which is not installed", extra="parquet") from error
    return pa


def table_of(block: Block, columns: Iterable[str]) -> "pa.Table":
    """Return plans with their results as a table: what each states, the *columns* of results, whether it fits, and why it cannot be estimated."""
    pa = pyarrow()
    unknown = pa.nulls(len(block.fits), pa.float64())
    cells = {name: of_texts(pa, values) if isinstance(values, Texts) else of_numbers(pa, values) for name, values in block.stated.items()}
    always = {*cells, FITS}
    found = {name: of_numbers(pa, values) for name, values in block.results.items()}
    cells |= {name if name not in cells else f"used_{name}": found.get(name, unknown) for name in columns}
    cells |= {FITS: of_choices(pa, block.fits), PROBLEM: of_texts(pa, block.problems)}
    return pa.table(cells, schema=pa.schema([pa.field(name, column.type, nullable=name not in always) for name, column in cells.items()]))


def write_tables(tables: "Iterable[pa.Table]", stream: Any, schema: "pa.Schema") -> int:
    """Write *tables* as one file of Parquet and return how many plans it holds; where one table ends and the next begins leaves no trace."""
    pa = pyarrow()
    texts = [field.name for field in schema if field.type == pa.string()]
    plans = 0
    with pa.parquet.ParquetWriter(stream, schema, compression=_COMPRESSION, use_dictionary=texts, write_batch_size=ROWS_TOGETHER) as writer:
        for table in _regrouped(pa, tables, schema):
            writer.write_table(table, row_group_size=ROWS_TOGETHER)
            plans += len(table)
    return plans


def _regrouped(pa: Any, tables: "Iterable[pa.Table]", schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Yield the rows of *tables* in tables of equal length, the last one shorter."""
    held: list[Any] = []
    count = 0
    for table in tables:
        held.append(table)
        count += len(table)
        while count >= ROWS_TOGETHER:
            whole = pa.concat_tables(held)
            yield whole.slice(0, ROWS_TOGETHER).replace_schema_metadata(schema.metadata).combine_chunks()
            held, count = [whole.slice(ROWS_TOGETHER)], count - ROWS_TOGETHER
    if count:
        yield pa.concat_tables(held).replace_schema_metadata(schema.metadata).combine_chunks()


def tables_in(file: str, *, columns: tuple[str, ...] | None = None) -> "Iterator[pa.Table]":
    """Yield the plans of a *file* of a sweep, a row group at a time, with all their columns or some.

    Raises:
        CarbonError: it cannot be read.
    """
    pa = pyarrow()
    try:
        with pa.parquet.ParquetFile(file) as opened:
            for group in range(opened.num_row_groups):
                yield opened.read_row_group(group, columns=columns).replace_schema_metadata(None)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, error) from error


def tables_of_unit(file: str) -> "Iterator[pa.Table]":
    """Yield the plans of a unit that was computed into *file*.

    Raises:
        CarbonError: it cannot be read.
    """
    pa = pyarrow()
    try:
        with pa.memory_map(file) as content, pa.ipc.open_file(content) as opened:
            for batch in range(opened.num_record_batches):
                yield pa.Table.from_batches([opened.get_batch(batch)])
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, error) from error


def stored_in(file: str) -> Stored:
    """Return what a *file* of Parquet says of itself as a file of a sweep; empty if it does not.

    Raises:
        CarbonError: it is not Parquet, is cut off, or cannot be read.
    """
    pa = pyarrow()
    try:
        with pa.parquet.ParquetFile(file) as opened:
            return Stored(read_metadata(opened.schema_arrow.metadata), opened.metadata.num_rows)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str, error: Exception) -> CarbonError:
    return CarbonError(f"cannot read {file!r}: {str(error).splitlines()[0]}", hint="remove it, and start the sweep again: what else was computed is kept")
