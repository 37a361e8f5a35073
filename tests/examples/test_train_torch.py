import numpy as np
import pytest

from decoder import Decoder
from train_numpy import NumpyTrainer, loss_and_gradients
from training_loop import State

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'traincarbon[torch]'")

MODEL = Decoder(layers=2, hidden=8, heads=2, seq_len=6)


def tokens(seed=0):
    return np.random.default_rng(seed).integers(256, size=(3, MODEL.seq_len + 1))


def state():
    weights = MODEL.initial_weights(0)
    return State(weights, *({name: np.zeros_like(each) for name, each in weights.items()} for _ in range(2)))


def test_both_have_the_same_loss_and_gradients():
    from train_torch import loss_of

    random = np.random.default_rng(3)
    weights = {name: each + 0.3 * random.standard_normal(each.shape) for name, each in MODEL.initial_weights(0, np.float64).items()}
    loss, gradients = loss_and_gradients(MODEL, weights, tokens())
    tensors = {name: torch.tensor(each, requires_grad=True) for name, each in weights.items()}
    other = loss_of(MODEL, tensors, torch.from_numpy(tokens()))
    other.backward()
    assert other.item() == pytest.approx(loss, rel=1e-6)
    for name, tensor in tensors.items():
        assert tensor.grad.numpy() == pytest.approx(gradients[name], rel=1e-5, abs=1e-8), name


def test_both_take_the_same_training():
    from train_torch import TorchTrainer

    ours, other = NumpyTrainer(MODEL, state()), TorchTrainer(MODEL, state())
    losses = [(ours.step(number, tokens(number), 0.003), other.step(number, tokens(number), 0.003)) for number in range(1, 11)]
    assert [first for first, _ in losses] == pytest.approx([second for _, second in losses], rel=1e-4)


def test_each_continues_what_the_other_began():
    from train_torch import TorchTrainer

    whole, begun = NumpyTrainer(MODEL, state()), TorchTrainer(MODEL, state())
    for number in range(1, 4):
        whole.step(number, tokens(number), 0.003)
        begun.step(number, tokens(number), 0.003)
    continued = NumpyTrainer(MODEL, begun.state())
    assert continued.step(4, tokens(4), 0.003) == pytest.approx(whole.step(4, tokens(4), 0.003), rel=1e-4)
    assert continued.step(5, tokens(5), 0.003) == pytest.approx(whole.step(5, tokens(5), 0.003), rel=1e-4)


def test_matrix_products_in_16_bits_keep_weights_in_32():
    from train_torch import TorchTrainer

    ours = TorchTrainer(MODEL, state(), precision="bf16")
    assert ours.step(1, tokens(), 0.003) == pytest.approx(NumpyTrainer(MODEL, state()).step(1, tokens(), 0.003), rel=0.01)
    assert all(weight.dtype == np.float32 for weight in ours.state().weights.values())
