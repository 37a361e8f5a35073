"""How many tokens a sample of a data set has, without changing what the training will draw from it."""

import contextlib
import random
import sys
from collections.abc import Iterator, Mapping, Sequence, Sized
from typing import NamedTuple

_LOOKED_AT = 8
"""Samples of a data set that are looked at."""
TOKENS = "input_ids"


class Lengths(NamedTuple):
    """Tokens of the samples that were looked at. [1]."""

    least: float
    mean: float
    most: float


def lengths_of(dataset: object, *, name: str = TOKENS) -> Lengths | None:
    """Return the tokens of some samples of a data set; None where it has no index, no length or no tokens. Never raises.

    Args:
        dataset: Samples by index, each with its tokens under *name*.
        name: The key of the tokens.

    Example:
        >>> lengths_of([{"input_ids": [1, 2, 3]}, {"input_ids": [4]}])
        Lengths(least=1.0, mean=2.0, most=3.0)
        >>> lengths_of(iter(()))
    """
    if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
        return None
    try:
        with _random_state_kept():
            size = len(dataset)
            places = sorted({place * size // _LOOKED_AT for place in range(_LOOKED_AT)}) if size else []
            found = [length for place in places if (length := tokens_in(dataset[place], name=name)) is not None]
    except Exception:  # noqa: BLE001  the user's own code; the training itself will say what is wrong with it
        return None
    return Lengths(float(min(found)), sum(found) / len(found), float(max(found))) if found else None


class BatchSize(NamedTuple):
    """What a batch holds.

    Attributes:
        tokens: Its tokens, padding included; None where they are not known. [1]
        samples: Its samples; None where they are not known. [1]
    """

    tokens: int | None
    samples: int | None


def size_of(batch: object, *, name: str = TOKENS) -> BatchSize:
    """Return what a batch holds, nothing of one that cannot be looked at: it is the user's own, and a training must not fail with its count.

    Example:
        >>> size_of({"input_ids": [[1, 2], [3, 4], [5, 6]]}), size_of(object())
        (BatchSize(tokens=6, samples=3), BatchSize(tokens=None, samples=None))
    """
    try:
        return BatchSize(tokens_in(batch, name=name), samples_in(batch))
    except Exception:  # noqa: BLE001  the user's own code; the step itself will say what is wrong with it
        return BatchSize(None, None)


def tokens_in(sample: object, *, name: str = TOKENS) -> int | None:
    """Return the tokens of a sample or of a batch, padding included; None where it has none.

    Tokens stand under *name*, or, of a tensor or a tuple, are its first tensor of whole numbers.

    Example:
        >>> tokens_in({"input_ids": [5, 6, 7]}), tokens_in({"input_ids": [[5, 6], [7, 8]]}), tokens_in({"pixel_values": [0.5]})
        (3, 4, None)
    """
    if isinstance(sample, Mapping):
        return _size(sample.get(name))
    value = sample[0] if isinstance(sample, (tuple, list)) and sample else sample
    if isinstance(value, Mapping):
        return _size(value.get(name))
    kind = str(getattr(value, "dtype", ""))
    return _size(value) if "int" in kind or "long" in kind else None


def samples_in(batch: object) -> int | None:
    """Return the samples of a batch: the length of its first value; None where it has none.

    Example:
        >>> samples_in({"input_ids": [[1, 2], [3, 4], [5, 6]]}), samples_in({})
        (3, None)
    """
    if isinstance(batch, Mapping):
        value: object = next((each for each in batch.values() if isinstance(each, Sized)), None)
    else:
        value = batch[0] if isinstance(batch, (tuple, list)) and batch else batch
    if isinstance(value, Mapping):
        return samples_in(value)
    if not isinstance(value, Sized) or isinstance(value, (str, bytes)) or tuple(getattr(value, "shape", (0,))) == ():
        return None
    return len(value)


def _size(value: object) -> int | None:
    """Return the elements of a tensor, an array, a sequence or a sequence of sequences."""
    numel = getattr(value, "numel", None)
    if callable(numel):
        return int(numel())
    size = getattr(value, "size", None)
    if isinstance(size, int):
        return size
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return sum(len(each) if isinstance(each, Sequence) else 1 for each in value)
    return None


@contextlib.contextmanager
def _random_state_kept() -> Iterator[None]:
    """Leave the generators of Python, NumPy and PyTorch as they are, as samples may be augmented at random."""
    state = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    arrays = numpy.random.get_state() if numpy is not None else None
    tensors = torch.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy is not None:
            numpy.random.set_state(arrays)
        if torch is not None:
            torch.set_rng_state(tensors)
