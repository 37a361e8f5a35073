"""Agreement of the ranks of a training in PyTorch on the step after which they stop: ranks that stop apart wait for each other for ever."""

import itertools
import math
import sys
import time
from typing import Protocol

_EVERY_S = 1.0
"""Ranks ask each other about so often. [s]"""
_FIRST_STEPS = 10
"""Steps after which the pace is known well enough to leave steps out; before, ranks ask after each step."""
_KEY = "traincarbon/stop"
_TRAININGS = itertools.count()
"""Trainings of this process so far, which all ranks begin in the same order: the keys of each are its own."""


class Store(Protocol):
    """The part of PyTorch's key-value store that is used here; all ranks of a training share one."""

    def set(self, key: str, value: str, /) -> object:
        """Write a value."""

    def get(self, key: str, /) -> bytes:
        """Wait for a value and return it."""

    def check(self, keys: list[str], /) -> bool:
        """Return whether all values are there."""

    def delete_key(self, key: str, /) -> object:
        """Remove a value."""


class Agreement:
    """Decides for all ranks alike. No collective operation and no GPU is involved.

    The first rank answers at the same steps at which the others ask: each step at first, later about once a second.
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
        self._is_whole: bool | None = None
        self._has_wished = False
        self._answers: list[str] = []
        if store is not None:
            store.set(self._here(rank), "1")

    def after(self, step: int, *, wanted: bool) -> bool:
        """Return whether the training is to stop after *step*, the same on every rank.

        Args:
            step: Steps done.
            wanted: Whether this rank wants to stop.
        """
        if self._store is None:
            return wanted
        if step != self._asked[0]:
            self._asked = step, self._agree(self._store, step, wanted=wanted)
        return self._asked[1]

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
        if self._is_whole is None:
            self._is_whole = store.check([self._here(rank) for rank in (range(self._ranks) if not self._rank else (0,))])
        if self._rank:
            return self._is_whole and self._ask(store, step)
        return self._answer(store, step, wanted=wanted)

    def _here(self, rank: int) -> str:
        return f"{self._key}/here/{rank}"

    def _answer(self, store: Store, step: int, *, wanted: bool) -> bool:
        """Tell the other ranks whether to stop, and when to ask again."""
        stops = bool(self._is_whole) and (wanted or store.check([f"{self._key}/wanted"]))
        if step - (self._began or 0) >= _FIRST_STEPS:
            (before, before_s), now_s = self._pace, time.monotonic()
            self._every = max(math.ceil(_EVERY_S * (step - before) / max(now_s - before_s, 1e-3)), 1)
            self._pace = step, now_s
        key = f"{self._key}/{step}"
        self._next = step + self._every
        store.set(key, f"{int(stops)} {self._every}")
        self._answers.append(key)
        if len(self._answers) > 2:  # all have read the answer before the last
            store.delete_key(self._answers.pop(0))
        return stops

    def _ask(self, store: Store, step: int) -> bool:
        stops, every = store.get(f"{self._key}/{step}").decode().split()
        self._next = step + int(every)
        return stops == "1"


def agreement_of_ranks() -> Agreement:
    """Return the agreement of the ranks that torch.distributed connects; that of this process alone where it connects none."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
        return Agreement(None)
    store: Store = distributed.distributed_c10d._get_default_store()  # noqa: SLF001  there is no public name for the store of all ranks
    return Agreement(store, rank=distributed.get_rank(), ranks=distributed.get_world_size())
