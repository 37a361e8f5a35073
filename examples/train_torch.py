"""The same decoder-only transformer trained with PyTorch, on a processor or a GPU.

    python examples/train_torch.py --layers 8 --hidden 512 --heads 8 --seq-len 512 --device cuda --precision bf16

From the same seed it learns what ``train_numpy.py`` learns, up to rounding, and either continues the other's checkpoint.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from decoder import VOCAB, Decoder
from training_loop import BETAS, EPSILON, State, command_line, options_of, train

_NORM_EPSILON = 1e-5


def loss_of(model: Decoder, weights: dict[str, Tensor], tokens: Tensor) -> Tensor:
    """Return the mean cross-entropy of predicting each next token.

    Args:
        model: The sizes.
        weights: As ``model.shapes()`` has them.
        tokens: Of shape (batch, seq_len + 1). [0–255]
    """
    seen, next_tokens = tokens[:, :-1], tokens[:, 1:]
    x = weights["embedding"][seen] + weights["positions"][: seen.shape[1]]
    for layer in range(model.layers):
        query, key, value = _linear(weights, f"{layer}.qkv", _norm(weights, f"{layer}.attention_norm", x)).chunk(3, dim=-1)
        heads = [part.unflatten(-1, (model.heads, -1)).transpose(1, 2) for part in (query, key, value)]
        read = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + _linear(weights, f"{layer}.mix", read.transpose(1, 2).flatten(2))
        wide = _linear(weights, f"{layer}.widen", _norm(weights, f"{layer}.feed_norm", x))
        x = x + _linear(weights, f"{layer}.narrow", wide.relu())
    logits = _norm(weights, "last_norm", x) @ weights["embedding"].T
    return functional.cross_entropy(logits.float().reshape(-1, VOCAB), next_tokens.reshape(-1))


def _linear(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return x @ weights[f"{name}.matrix"] + weights[f"{name}.bias"]


def _norm(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], weights[f"{name}.scale"], weights[f"{name}.shift"], _NORM_EPSILON)


class TorchTrainer:
    """The weights on their device, with PyTorch's Adam.

    Args:
        model: The sizes.
        state: Weights and moments to start from.
        device: ``cpu``, ``cuda`` or any other that PyTorch knows.
        precision: ``fp32``, or ``bf16`` for matrix products and attention in 16 bits with weights in 32.
    """

    def __init__(self, model: Decoder, state: State, *, device: str = "cpu", precision: str = "fp32") -> None:
        self.model = model
        self.device = device
        self.in_16_bits = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16")
        self.weights = {name: torch.tensor(weight, device=device, requires_grad=True) for name, weight in state.weights.items()}
        self.adam = torch.optim.Adam(self.weights.values(), betas=BETAS, eps=EPSILON)
        for name, weight in self.weights.items():
            moments = {"exp_avg": torch.tensor(state.first[name], device=device), "exp_avg_sq": torch.tensor(state.second[name], device=device)}
            self.adam.state[weight] = {"step": torch.tensor(0.0), **moments}

    def step(self, number: int, tokens: NDArray[np.integer], learning_rate: float) -> float:
        """Learn from one batch as step *number*, counted from 1; return the loss before the update."""
        with self.in_16_bits:
            loss = loss_of(self.model, self.weights, torch.from_numpy(tokens).to(self.device))
        self.adam.zero_grad()
        loss.backward()
        self.adam.param_groups[0]["lr"] = learning_rate
        for moments in self.adam.state.values():
            moments["step"].fill_(number - 1)
        self.adam.step()
        return loss.item()

    def state(self) -> State:
        """Return weights and moments."""
        moments = {name: self.adam.state[weight] for name, weight in self.weights.items()}
        return State(
            {name: weight.detach().cpu().numpy() for name, weight in self.weights.items()},
            {name: kept["exp_avg"].cpu().numpy() for name, kept in moments.items()},
            {name: kept["exp_avg_sq"].cpu().numpy() for name, kept in moments.items()},
        )


if __name__ == "__main__":
    parser = command_line(__doc__)
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, …")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="number format of matrix products; default fp32")
    parsed = parser.parse_args()
    train(lambda model, state: TorchTrainer(model, state, device=parsed.device, precision=parsed.precision), options_of(parser, parsed))
