"""Columns of Arrow from arrays of NumPy, over the same memory: what pyarrow itself makes of them, without the pandas that it imports for that."""

from typing import TYPE_CHECKING, Any

import numpy as np

from traincarbon.explore.sweeps.evaluation import Texts

if TYPE_CHECKING:
    import numpy.typing as npt


def of_numbers(pa: Any, values: "npt.NDArray[np.float64]") -> Any:
    """Return a column of *values*, in which NaN is missing."""
    values = np.ascontiguousarray(values, dtype=float)
    is_missing = np.isnan(values)
    known = _bits(pa, ~is_missing) if is_missing.any() else None
    return pa.Array.from_buffers(pa.float64(), len(values), [known, pa.py_buffer(values)])


def of_choices(pa: Any, values: "npt.NDArray[np.bool_]") -> Any:
    """Return a column of true and false."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(pa, values)])


def of_texts(pa: Any, texts: Texts) -> Any:
    """Return a column of *texts*."""
    places = texts.places
    if not texts.values or not len(places):
        return pa.nulls(len(places), pa.string())
    first = int(places[0])
    if first >= 0 and (places == first).all():
        return _repeated(pa, texts.values[first].encode(), len(places))
    found = pa.array(places, mask=places < 0)
    return pa.DictionaryArray.from_arrays(found, pa.array(texts.values, pa.string())).cast(pa.string())


def _repeated(pa: Any, text: bytes, count: int) -> Any:
    ends = np.arange(count + 1, dtype=np.int32) * np.int32(len(text))
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(ends), pa.py_buffer(text * count)])


def _bits(pa: Any, values: "npt.NDArray[np.bool_]") -> Any:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
