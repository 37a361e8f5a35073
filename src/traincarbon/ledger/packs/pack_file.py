"""The file of Parquet of a pack: written journal by journal, and read back to the bytes of each."""

import os
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.ledger.packs.ahead import computed_ahead
from traincarbon.ledger.packs.packages import pyarrow

if TYPE_CHECKING:
    import pyarrow as pa

_LEVEL = 1
_GROUP_B = 32_000_000
"""Bytes of journals in a row group, about: what reads one journal reads the groups that it is in."""
_GROUP_ROWS = 100_000
_LINE = "line"
_DEVICE = "devices.list.element."
_REPEATED = ("journal", "run_id", "project", "node", "writer", "kind", *(_DEVICE + name for name in ("device", "part", "how")))


class Content(NamedTuple):
    """Some lines of a journal as a pack holds them: their bytes, and the energy that they add. [J]."""

    journal: str
    lines: int
    content: bytes
    energy_j: float


class PackWriter:
    """Writes a file of Parquet, which is complete once :meth:`close` has returned.

    Args:
        file: The file, which must not exist.
        mode: Its permissions.
    """

    def __init__(self, file: str, *, mode: int) -> None:
        self._stream = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), "wb")
        from traincarbon.ledger.packs.interval_table import schema  # with NumPy, which reading does without

        pq = pyarrow().parquet
        options = {"use_dictionary": list(_REPEATED), "write_statistics": ["journal", "run_id", "project", "time"], "store_schema": True}
        self._writer = pq.ParquetWriter(self._stream, schema(), compression="zstd", compression_level=_LEVEL, **options)
        self._waiting: list[Any] = []
        self._waiting_b = self._waiting_rows = 0

    def add(self, table: "pa.Table", *, size_b: int) -> None:
        """Write lines that are *size_b* long.

        Raises:
            OSError: the disk is full, say.
        """
        self._waiting.append(table)
        self._waiting_b += size_b
        self._waiting_rows += table.num_rows
        if self._waiting_b >= _GROUP_B or self._waiting_rows >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, to the disk itself.

        Raises:
            OSError: the disk is full, say.
        """
        self._flush()
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def discard(self) -> None:
        """Give up; what was written stays in the file. It is safe to call after :meth:`close`."""
        try:
            self._writer.close()
        except OSError:  # that is why it is given up
            pass
        finally:
            try:
                self._stream.close()
            except OSError:
                return

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pyarrow().concat_tables(self._waiting), row_group_size=1 << 30)
        self._waiting, self._waiting_b, self._waiting_rows = [], 0, 0


def contents(file: str, *, journal: str = "") -> Iterator[Content]:
    """Yield what a pack holds in order: of one *journal*, or of all.

    Raises:
        OSError: the file cannot be read, or is not a whole file of Parquet.
    """
    pa = pyarrow()
    try:
        with pa.parquet.ParquetFile(file, memory_map=False) as whole:
            metadata = whole.metadata
        numbers = [number for number in range(metadata.num_row_groups) if not journal or _may_hold(metadata.row_group(number), journal)]
        for table in computed_ahead(partial(_group, file, metadata), numbers):
            yield from _in_group(table, journal)
    except pa.ArrowException as error:
        raise _damaged(file, error) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(file, error) from error


def _group(file: str, metadata: Any, number: int) -> "pa.Table":
    """Return the lines of a group; each has the file opened for itself, as a reader is for one thread."""
    with pyarrow().parquet.ParquetFile(file, metadata=metadata, memory_map=False) as whole:
        return whole.read_row_group(number, columns=["journal", _LINE, "energy_j"], use_threads=False)


def _damaged(file: str, error: Exception) -> OSError:
    return OSError(None, f"it is damaged: {str(error).strip().splitlines()[0][:200]}", file)


def _may_hold(group: Any, journal: str) -> bool:
    stated = group.column(0).statistics
    if stated is None or not stated.has_min_max:
        return True
    return bool(stated.min <= journal <= stated.max)


def _in_group(table: "pa.Table", journal: str) -> Iterator[Content]:
    """Yield the runs of rows of one journal."""
    pa = pyarrow()
    names = pa.compute.run_end_encode(table["journal"].combine_chunks())
    begin = 0
    for name, end in zip(names.values.to_pylist(), names.run_ends.to_pylist(), strict=True):
        if not journal or name == journal:
            part = table.slice(begin, end - begin)
            energy_j = pa.compute.sum(part["energy_j"]).as_py() or 0.0
            yield Content(name, end - begin, b"".join(map(_bytes_of, part[_LINE].chunks)), float(energy_j))
        begin = end


def _bytes_of(lines: "pa.Array") -> bytes:
    """Return the values of an array without gaps, one after the other."""
    _, offsets, data = lines.buffers()
    if data is None or not len(lines):
        return b""
    places = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[places[lines.offset] : places[lines.offset + len(lines)]])
