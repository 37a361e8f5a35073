"""Report progress from the loop of a training by wrapping what it iterates over."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, SupportsFloat, TypeVar

from traincarbon.tracking.progress_pipe import VARIABLE, flush_phases, send

T = TypeVar("T")

_EVERY_S = 0.2
"""Time between two reports, so that a loop of short steps is not slowed. [s]"""


class _Count:
    """What the loops of one process did so far."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.steps = 0
        self.tokens = 0.0
        self.start: int | None = None


_DONE: Final[dict[int, _Count]] = {}
"""Process to its count: a loop for each epoch continues the count of the one before, as all report to the same pipe."""


def steps(
    loader: Iterable[T],
    *,
    tokens: SupportsFloat | Callable[[T], SupportsFloat] | None = None,
    total_steps: int | None = None,
    epochs: int = 1,
    start: int | None = None,
) -> Iterable[T]:
    """Return *loader* so that iterating over it reports steps and tokens to the tracker; outside of a tracker, return *loader* itself.

    A step is done when the loop asks for the next batch, so the step that a ``break`` or an exception leaves is not counted.
    The loops of several epochs continue the count. Reports go out five times a second at most, and at the end of the loop.

    Args:
        loader: The batches of the training; wrap the loop that trains, and not one that evaluates.
        tokens: Tokens of a batch: a number, or a function of the batch. If the function fails, tokens are not reported any more. [1]
        total_steps: Steps of the whole training; by default the length of *loader*, if it has one, times *epochs*. [1]
        epochs: How often the training iterates over *loader*. [1]
        start: Steps of the checkpoint from which the training resumes, 0 if it begins anew; without it, the tracker cannot tell repeated work. [1]

    Example:
        >>> for batch in steps([[1, 2], [3, 4]], tokens=len):
        ...     loss = sum(batch)
    """
    return _Steps(loader, tokens=tokens, total_steps=total_steps, epochs=epochs, start=start) if VARIABLE in os.environ else loader


class _Steps(Iterable[T]):
    """The batches of a loader, which report what was done with them."""

    def __init__(
        self, loader: Iterable[T], *, tokens: SupportsFloat | Callable[[T], SupportsFloat] | None, total_steps: int | None, epochs: int, start: int | None
    ) -> None:
        self._loader = loader
        self._tokens = tokens
        self._total = total_steps if total_steps is not None else _length(loader, epochs)
        self._start = start

    def __len__(self) -> int:
        return len(self._loader)  # type: ignore[arg-type]  # it has a length if the loader has one

    def __iter__(self) -> Iterator[T]:
        count = _count(self._start)
        tokens_of, clock = _tokens_of(self._tokens), time.monotonic
        next_s = clock()
        self._report(count)
        try:
            for batch in self._loader:
                yield batch
                count.steps += 1
                if tokens_of is not None:
                    added = tokens_of(batch)
                    if added is None:
                        tokens_of = None
                    else:
                        count.tokens += added
                if clock() >= next_s:
                    next_s = clock() + _EVERY_S
                    self._report(count)
        finally:
            self._report(count)

    def _report(self, count: _Count) -> None:
        stated: dict[str, float] = {"steps": (count.start or 0) + count.steps}
        if count.start is not None:
            stated["start_steps"] = count.start
        if self._total:
            stated["total_steps"] = self._total
        if count.tokens:
            stated |= {"tokens": count.tokens, "start_tokens": 0}
        flush_phases()
        send(stated)


def _count(start: int | None) -> _Count:
    """Return the count of this process, which a fork begins anew; the first loop says where it resumes."""
    process = os.getpid()
    count = _DONE.get(process)
    if count is None:
        _DONE.clear()
        count = _DONE[process] = _Count()
    if not count.steps and start is not None:
        count.start = max(int(start), 0)
    return count


def _length(loader: object, epochs: int) -> int | None:
    """Return the steps of all epochs, None for a loader without a length."""
    try:
        return len(loader) * epochs  # type: ignore[arg-type]  # many loaders are sized
    except Exception:  # noqa: BLE001  a length may be the user's own code; the training must not fail with it
        return None


def _tokens_of(tokens: SupportsFloat | Callable[[T], SupportsFloat] | None) -> Callable[[T], float | None] | None:
    """Return a function of a batch to its tokens, None once they cannot be known."""
    if tokens is None:
        return None
    if not callable(tokens):
        fixed = _number(tokens)
        return None if fixed is None else lambda _: fixed
    return lambda batch: _number_of(tokens, batch)


def _number_of(tokens: Callable[[T], SupportsFloat], batch: T) -> float | None:
    try:
        return _number(tokens(batch))
    except Exception:  # noqa: BLE001  the training must not fail with its progress
        return None


def _number(value: SupportsFloat) -> float | None:
    try:
        number = float(value)
    except Exception:  # noqa: BLE001  a tensor of several elements, a meta tensor
        return None
    return number if 0.0 <= number < 1e18 else None
