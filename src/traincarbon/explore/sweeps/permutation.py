"""A random order of very many places, of which any part can be computed without the rest."""

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    Words = npt.NDArray[np.uint64]

_ROUNDS = 6
"""Even, so that both halves end where they began."""


class Permutation:
    """A permutation of 0 … *count* - 1 that *seed* chooses: a Feistel network over two digits of nearly equal base.

    Args:
        count: How many places there are.
        seed: Text that chooses the permutation.

    Example:
        >>> order = Permutation(1000, "a seed")
        >>> sorted(order(np.arange(1000)).tolist()) == list(range(1000))
        True

    References:
        Black and Rogaway 2002, *Ciphers with arbitrary finite domains*, section 5, for the network and for walking out of what is too large.
    """

    def __init__(self, count: int, seed: str) -> None:
        self._count = count
        self._low = max(1, math.isqrt(count - 1) + 1 if count > 1 else 1)
        self._high = -(-count // self._low)
        digests = (hashlib.sha256(f"{seed}\n{turn}".encode()).digest() for turn in range(_ROUNDS))
        self._keys = [np.uint64(int.from_bytes(digest[:8], "big")) for digest in digests]

    def __call__(self, places: "Places") -> "Places":
        """Return where each of *places* goes."""
        found = self._once(places.astype(np.uint64))
        while len(outside := np.flatnonzero(found >= self._count)):
            found[outside] = self._once(found[outside])
        return found.astype(np.int64)

    def _once(self, places: "Words") -> "Words":
        bases = np.uint64(self._low), np.uint64(self._high)
        left, right = places % bases[0], places // bases[0]
        for turn, key in enumerate(self._keys):
            left, right = right, (left + _mixed(right ^ key) % bases[turn % 2]) % bases[turn % 2]
        return bases[0] * right + left


def _mixed(words: "Words") -> "Words":
    """Return *words* with their bits mixed: the last steps of SplitMix64."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
