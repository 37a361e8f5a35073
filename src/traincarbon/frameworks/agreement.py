"""Agreement of the ranks of a training in PyTorch on the step after which they stop: ranks that stop apart wait for each other for ever."""

import contextlib
import itertools
import math
import sys
import time
from datetime import timedelta
from typing import Protocol

_EVERY_S = 1.0
"""Ranks ask each other about so often. [s]"""
_FIRST_STEPS = 10
"""Steps after which the pace is known well enough to leave steps out; before, ranks ask after each step."""
_PATIENCE = timedelta(seconds=120.0)
"""How long a rank waits for the first one, which may be saving a checkpoint. A training whose ranks do not wait for each other loses this once at most."""
_ARRIVAL = timedelta(seconds=10.0)
"""How long a rank waits, once, for the first one to take part."""
_MOST_UNREAD = 1000
"""Answers that are kept for ranks behind the first one."""
_LEFT, _OVER = "left", "over"
"""The answers after which no rank asks again, and none is stopped: a rank did not wait any longer, or the first one is done."""
_KEY = "traincarbon/stop"
_TRAININGS = itertools.count()
"""Trainings of this process so far, which all ranks begin in the same order: the keys of each are its own."""


class Store(Protocol):
    """The part of PyTorch's key-value store that is used here; all ranks of a training share one."""

    def set(self, key: str, value: str, /) -> object:
        """Write a value."""

    def wait(self, keys: list[str], timeout: timedelta, /) -> object:
        """Wait for values. A RuntimeError says that they did not come in time."""

    def check(self, keys: list[str], /) -> bool:
        """Return whether all values are there."""

    def compare_set(self, key: str, expected: str, desired: str, /) -> bytes:
        """Write a value unless there is one (*expected* is ""), and return the one that is there now."""

    def add(self, key: str, amount: int, /) -> int:
        """Add to a number, 0 at first, and return it."""

    def delete_key(self, key: str, /) -> object:
        """Remove a value."""


class Agreement:
    """Decides for all ranks alike. No collective operation and no GPU is involved.

    The first rank answers at the same steps at which the others ask: each step at first, later about once a second.
    An answer stays until all ranks have read it, as ranks that do not wait for each other may be far apart.
    A rank that has no answer in time takes part no longer, and neither does any other: they are stopped together or not at all.
    A training of which some rank has no such object is never stopped. Each rank makes it after the same step or before the first one.

    Args:
        store: What the ranks share; None for a training of one process.
        rank: This process among them.
        ranks: How many there are.
    """

    def __init__(self, store: Store | None, *, rank: int = 0, ranks: int = 1) -> None:
        self._store, self._rank, self._ranks = store, rank, ranks
        self._key = f"{_KEY}/{next(_TRAININGS)}"
        self._began: int | None = None
        self._next, self._every = 0, 1
        self._pace = 0, time.monotonic()
        self._asked = -1, False
        """The last step that was asked for, and the answer: what comes between two steps asks again."""
        self._is_whole = False
        self._has_left = False
        self._has_wished = False
        self._unread: list[int] = []
        if store is not None:
            store.set(self._here(rank), "1")

    def after(self, step: int, *, wanted: bool) -> bool:
        """Return whether the training is to stop after *step*, the same on every rank.

        Args:
            step: Steps done.
            wanted: Whether this rank wants to stop.

        Raises:
            TimeoutError: some rank did not wait for the answer any longer.
        """
        if self._has_left:
            return False
        if self._store is None:
            return wanted
        if step != self._asked[0]:
            self._asked = step, self._agree(self._store, step, wanted=wanted)
        return self._asked[1]

    def give_up(self) -> None:
        """Stop this training no more."""
        self._has_left = True

    def close(self) -> None:
        """Say that this rank is done: the others do not wait for the answers of the first one."""
        is_asked = not (self._rank or self._has_left or self._asked[1])
        self._has_left = True
        if self._store is not None and self._began is not None and is_asked:
            with contextlib.suppress(RuntimeError):  # the store may be gone, and the other ranks with it
                self._store.compare_set(self._answer_at(max(self._next, self._began + 1)), "", _OVER)

    def _agree(self, store: Store, step: int, *, wanted: bool) -> bool:
        if wanted and self._rank and not self._has_wished:
            self._has_wished = True
            store.set(f"{self._key}/wanted", "1")
        if self._began is None:  # the step after this one takes all ranks, so that all have come here
            self._began = step
            self._pace = step, time.monotonic()
            return False
        if step < self._next:
            return False
        return self._ask(store, step) if self._rank else self._answer(store, step, wanted=wanted)

    def _here(self, rank: int) -> str:
        return f"{self._key}/here/{rank}"

    def _answer_at(self, step: int) -> str:
        return f"{self._key}/{step}"

    def _readers_of(self, step: int) -> str:
        return f"{self._key}/{step}/read"

    def _answer(self, store: Store, step: int, *, wanted: bool) -> bool:
        """Tell the other ranks whether to stop, and when to ask again."""
        self._is_whole = self._is_whole or store.check([self._here(rank) for rank in range(self._ranks)])
        stops = self._is_whole and (wanted or store.check([f"{self._key}/wanted"]))
        if step - (self._began or 0) >= _FIRST_STEPS:
            (before, before_s), now_s = self._pace, time.monotonic()
            steps = math.ceil(_EVERY_S * (step - before) / max(now_s - before_s, 1e-3))
            self._every = max(min(steps, 2 * self._every), 1)  # fast steps at the start tell little of those to come
            self._pace = step, now_s
        self._next = step + self._every
        self._forget(store)
        is_full = len(self._unread) >= _MOST_UNREAD
        answer = store.compare_set(self._answer_at(step), "", _LEFT if is_full else f"{int(stops)} {self._every}").decode()
        self._unread.append(step)
        self._check(answer)
        return stops

    def _forget(self, store: Store) -> None:
        """Remove the answers that all ranks have read, the oldest first."""
        while self._unread and store.add(self._readers_of(self._unread[0]), 0) >= self._ranks - 1:
            step = self._unread.pop(0)
            store.delete_key(self._answer_at(step))
            store.delete_key(self._readers_of(step))

    def _ask(self, store: Store, step: int) -> bool:
        """Read the answer of the first rank; where it does not come, write that none does."""
        key = self._answer_at(step)
        if self._is_whole or _comes(store, self._here(0), _ARRIVAL):
            self._is_whole = True
            _comes(store, key, _PATIENCE)
        answer = store.compare_set(key, "", _LEFT).decode()
        self._check(answer)
        if self._has_left:
            return False
        store.add(self._readers_of(step), 1)
        stops, every = answer.split()
        self._next = step + int(every)
        return stops == "1"

    def _check(self, answer: str) -> None:
        self._has_left = answer in {_LEFT, _OVER}
        if answer == _LEFT:
            message = "a rank did not wait any longer"
            raise TimeoutError(message)


def _comes(store: Store, key: str, patience: timedelta) -> bool:
    """Return whether a value is there within *patience*."""
    try:
        store.wait([key], patience)
    except RuntimeError:
        return False
    return True


def agreement_of_ranks() -> Agreement:
    """Return the agreement of the ranks that torch.distributed connects; that of this process alone where it connects none."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
        return Agreement(None)
    store: Store = distributed.distributed_c10d._get_default_store()  # noqa: SLF001  there is no public name for the store of all ranks
    return Agreement(store, rank=distributed.get_rank(), ranks=distributed.get_world_size())
