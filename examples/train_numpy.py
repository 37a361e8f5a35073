"""A decoder-only transformer trained with NumPy only: forward pass, backward pass written by hand, Adam.

    python examples/train_numpy.py --layers 2 --hidden 64 --heads 2 --steps 100

Each operation returns its output and a function that carries the gradient of the loss back through it and adds the
gradients of its weights to ``gradients``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from decoder import Decoder, Weights
from training_loop import BETAS, EPSILON, State, command_line, options_of, train

Array = NDArray[np.floating]
Backward = Callable[[Array], Array]

_NORM_EPSILON = 1e-5


def loss_and_gradients(model: Decoder, weights: Weights, tokens: NDArray[np.integer]) -> tuple[float, Weights]:
    """Return the mean cross-entropy of predicting each next token, and its gradient with respect to each weight.

    Args:
        model: The sizes.
        weights: As ``model.shapes()`` has them.
        tokens: Of shape (batch, seq_len + 1). [0–255]
    """
    gradients: Weights = {}
    seen, next_tokens = tokens[:, :-1], tokens[:, 1:]
    x = weights["embedding"][seen] + weights["positions"][: seen.shape[1]]
    way_back: list[Backward] = []
    for layer in range(model.layers):
        for block in (_attention_block, _feed_block):
            x, backward = block(model, weights, gradients, f"{layer}", x)
            way_back.append(backward)
    x, backward = _norm(weights, gradients, "last_norm", x)
    loss, slope = _cross_entropy(x @ weights["embedding"].T, next_tokens)
    gradients["embedding"] = _flat(slope).T @ _flat(x)
    slope = backward(slope @ weights["embedding"])
    for backward in reversed(way_back):
        slope = backward(slope)
    np.add.at(gradients["embedding"], seen, slope)
    gradients["positions"] = np.zeros_like(weights["positions"])
    gradients["positions"][: seen.shape[1]] = slope.sum(axis=0)
    return loss, gradients


def _attention_block(model: Decoder, weights: Weights, gradients: Weights, layer: str, x: Array) -> tuple[Array, Backward]:
    """Add to each position what attention reads from it and from the positions before."""
    normed, back_norm = _norm(weights, gradients, f"{layer}.attention_norm", x)
    qkv, back_qkv = _linear(weights, gradients, f"{layer}.qkv", normed)
    read, back_read = _attention(qkv, model.heads)
    mixed, back_mix = _linear(weights, gradients, f"{layer}.mix", read)
    return x + mixed, lambda slope: slope + back_norm(back_qkv(back_read(back_mix(slope))))


def _feed_block(model: Decoder, weights: Weights, gradients: Weights, layer: str, x: Array) -> tuple[Array, Backward]:  # noqa: ARG001  same signature as the other block
    """Add to each position the output of two layers applied to that position only."""
    normed, back_norm = _norm(weights, gradients, f"{layer}.feed_norm", x)
    wide, back_widen = _linear(weights, gradients, f"{layer}.widen", normed)
    narrow, back_narrow = _linear(weights, gradients, f"{layer}.narrow", np.maximum(wide, 0))
    return x + narrow, lambda slope: slope + back_norm(back_widen(back_narrow(slope) * (wide > 0)))


def _linear(weights: Weights, gradients: Weights, name: str, x: Array) -> tuple[Array, Backward]:
    matrix = weights[f"{name}.matrix"]

    def backward(slope: Array) -> Array:
        gradients[f"{name}.matrix"] = _flat(x).T @ _flat(slope)
        gradients[f"{name}.bias"] = _flat(slope).sum(axis=0)
        return slope @ matrix.T

    return x @ matrix + weights[f"{name}.bias"], backward


def _norm(weights: Weights, gradients: Weights, name: str, x: Array) -> tuple[Array, Backward]:
    """Bring each position to mean 0 and variance 1, then scale and shift it."""
    scale = weights[f"{name}.scale"]
    centred = x - x.mean(axis=-1, keepdims=True)
    per_deviation: Array = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _NORM_EPSILON)
    normed: Array = centred * per_deviation

    def backward(slope: Array) -> Array:
        gradients[f"{name}.scale"] = _flat(slope * normed).sum(axis=0)
        gradients[f"{name}.shift"] = _flat(slope).sum(axis=0)
        scaled: Array = slope * scale
        along = (scaled * normed).mean(axis=-1, keepdims=True)
        by_x: Array = (scaled - scaled.mean(axis=-1, keepdims=True) - normed * along) * per_deviation
        return by_x

    return normed * scale + weights[f"{name}.shift"], backward


def _attention(qkv: Array, heads: int) -> tuple[Array, Backward]:
    """Let each position read the values of the positions up to itself, weighted by how well its query matches their keys."""
    batch, length, _ = qkv.shape
    query, key, value = qkv.reshape(batch, length, 3, heads, -1).transpose(2, 0, 3, 1, 4)
    per_root = 1 / np.sqrt(query.shape[-1], dtype=qkv.dtype)
    future = np.triu(np.ones((length, length), bool), k=1)
    scores = query @ key.swapaxes(-1, -2) * per_root
    share = np.exp(np.where(future, -np.inf, scores - scores.max(axis=-1, keepdims=True, where=~future, initial=-np.inf)))
    share /= share.sum(axis=-1, keepdims=True)

    def joined(parts: Array) -> Array:
        return parts.swapaxes(1, 2).reshape(batch, length, -1)

    def backward(slope: Array) -> Array:
        by_head = slope.reshape(batch, length, heads, -1).swapaxes(1, 2)
        by_share = by_head @ value.swapaxes(-1, -2)
        by_score = share * (by_share - (by_share * share).sum(axis=-1, keepdims=True)) * per_root
        parts = (by_score @ key, by_score.swapaxes(-1, -2) @ query, share.swapaxes(-1, -2) @ by_head)
        return np.concatenate([joined(part) for part in parts], axis=-1)

    return joined(share @ value), backward


def _cross_entropy(logits: Array, next_tokens: NDArray[np.integer]) -> tuple[float, Array]:
    """Return the mean cross-entropy of *next_tokens*, in nats, and its gradient with respect to the logits."""
    surplus = logits - logits.max(axis=-1, keepdims=True)
    chance = np.exp(surplus)
    total = chance.sum(axis=-1, keepdims=True)
    chance /= total
    at = next_tokens[..., None]
    loss = float((np.log(total) - np.take_along_axis(surplus, at, axis=-1)).mean())
    np.put_along_axis(chance, at, np.take_along_axis(chance, at, axis=-1) - 1, axis=-1)
    return loss, chance / next_tokens.size


def _flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


class NumpyTrainer:
    """The weights, and Adam's two moments of their gradients."""

    def __init__(self, model: Decoder, state: State) -> None:
        self.model = model
        self.weights, self.first, self.second = state

    def step(self, number: int, tokens: NDArray[np.integer], learning_rate: float) -> float:
        """Learn from one batch as step *number*, counted from 1; return the loss before the update."""
        loss, gradients = loss_and_gradients(self.model, self.weights, tokens)
        unbias_first, unbias_second = (1 - beta**number for beta in BETAS)
        for name, gradient in gradients.items():
            first, second = self.first[name], self.second[name]
            first += (1 - BETAS[0]) * (gradient - first)
            second += (1 - BETAS[1]) * (gradient**2 - second)
            self.weights[name] -= learning_rate / unbias_first * first / (np.sqrt(second / unbias_second) + EPSILON)
        return loss

    def state(self) -> State:
        """Return weights and moments."""
        return State(self.weights, self.first, self.second)


if __name__ == "__main__":
    parser = command_line(__doc__)
    train(NumpyTrainer, options_of(parser, parser.parse_args()))
