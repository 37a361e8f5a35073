"""The sizes of a decoder-only transformer over bytes, the shapes of its weights, and their initial values."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

VOCAB = 256
"""Every byte is a token."""
INITIAL_SPREAD = 0.02

Weights = dict[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """The sizes of a decoder: pre-norm blocks of causal attention and a ReLU layer four times as wide, learned positions, tied embedding."""

    layers: int
    hidden: int
    heads: int
    seq_len: int

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built."""
        if min(self.layers, self.hidden, self.heads, self.seq_len) < 1:
            raise ValueError("layers, hidden, heads and seq-len must be at least 1")
        if self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} is not a multiple of heads {self.heads}")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each weight; a matrix is applied from the right, as ``x @ w``."""
        wide = 4 * self.hidden
        shapes: dict[str, tuple[int, ...]] = {"embedding": (VOCAB, self.hidden), "positions": (self.seq_len, self.hidden)}
        for layer in range(self.layers):
            shapes |= {f"{layer}.attention_norm.{part}": (self.hidden,) for part in ("scale", "shift")}
            shapes |= _linear(f"{layer}.qkv", self.hidden, 3 * self.hidden)
            shapes |= _linear(f"{layer}.mix", self.hidden, self.hidden)
            shapes |= {f"{layer}.feed_norm.{part}": (self.hidden,) for part in ("scale", "shift")}
            shapes |= _linear(f"{layer}.widen", self.hidden, wide)
            shapes |= _linear(f"{layer}.narrow", wide, self.hidden)
        return shapes | {f"last_norm.{part}": (self.hidden,) for part in ("scale", "shift")}

    def n_params(self) -> int:
        """Return the exact number of parameters."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    def initial_weights(self, seed: int, dtype: DTypeLike = np.float32) -> Weights:
        """Return the initial weights, the same for the same *seed*: normal, with a smaller spread where blocks add to the residual stream (GPT-2)."""
        random = np.random.default_rng(seed)
        weights: Weights = {}
        for name, shape in self.shapes().items():
            if name.endswith("scale"):
                weights[name] = np.ones(shape, dtype)
            elif name.endswith(("shift", "bias")):
                weights[name] = np.zeros(shape, dtype)
            else:
                adds = name.endswith(("mix.matrix", "narrow.matrix"))
                spread = INITIAL_SPREAD / math.sqrt(2 * self.layers) if adds else INITIAL_SPREAD
                weights[name] = (spread * random.standard_normal(shape)).astype(dtype)
        return weights


def _linear(name: str, n_in: int, n_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.matrix": (n_in, n_out), f"{name}.bias": (n_out,)}
