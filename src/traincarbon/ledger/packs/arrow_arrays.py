"""Arrays of Arrow from NumPy's and back, by their buffers: pyarrow's own conversions import pandas, where it is installed, which takes as long as packing 30 MB."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from traincarbon.ledger.packs.packages import pyarrow

if TYPE_CHECKING:
    import pyarrow as pa

Flags = npt.NDArray[np.bool_]


def from_numbers(values: npt.NDArray[Any], *, known: Flags | None = None) -> "pa.Array":
    """Return numbers as an array of Arrow, null where they are not *known*."""
    pa = pyarrow()
    bits = None if known is None or known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def from_texts(texts: Sequence[str | None]) -> "pa.Array":
    """Return texts as an array of Arrow, null where there is none.

    Raises:
        UnicodeEncodeError: one has half a letter, which UTF-8 cannot hold.
    """
    pa = pyarrow()
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    known = np.array([text is not None for text in texts], np.bool_)
    bits = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), len(texts), [bits, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))])


def repeated(text: str, count: int) -> "pa.Array":
    """Return a text so many times."""
    return from_texts([text]).take(from_numbers(np.zeros(count, np.int32)))


def to_floats(column: Any) -> npt.NDArray[np.float64]:
    """Return a column of 64-bit floats, NaN where it is null."""
    array = _one_array(column)
    values = np.frombuffer(array.buffers()[1], np.float64)[array.offset : array.offset + len(array)] if len(array) else np.zeros(0)
    return np.where(_known(array), values, np.nan)


def to_integers(column: Any) -> npt.NDArray[np.int64]:
    """Return a column of 64-bit integers that has no null."""
    array = _one_array(column)
    return np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array)] if len(array) else np.zeros(0, np.int64)


def to_flags(column: Any) -> Flags:
    """Return a column of Booleans, false where it is null."""
    array = _one_array(column)
    return _known(array) & _bits(array.buffers()[1], array)


def to_texts(column: Any) -> npt.NDArray[np.object_]:
    """Return a column of texts, None where it is null. It is quick where many are the same."""
    array = _one_array(column).dictionary_encode()
    found = np.array([*array.dictionary.to_pylist(), None], object)
    codes = np.frombuffer(array.indices.buffers()[1], np.int32)[: len(array)] if len(array) else np.zeros(0, np.int32)
    return found[np.where(_known(array.indices), codes, len(found) - 1)]


def _one_array(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pyarrow().ChunkedArray) else column


def _known(array: Any) -> Flags:
    return _bits(array.buffers()[0], array) if array.null_count else np.ones(len(array), np.bool_)


def _bits(buffer: Any, array: Any) -> Flags:
    if not len(array):
        return np.zeros(0, np.bool_)
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=array.offset + len(array), bitorder="little")[array.offset :].astype(np.bool_)
