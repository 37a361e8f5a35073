import math

import numpy as np
import pytest

from decoder import Decoder
from train_numpy import NumpyTrainer, loss_and_gradients
from training_loop import State

MODEL = Decoder(layers=2, hidden=8, heads=2, seq_len=6)
STEP = 1e-5


def tokens(seed=0, batch=3, length=MODEL.seq_len):
    return np.random.default_rng(seed).integers(256, size=(batch, length + 1))


def busy_weights():
    """Weights large enough that every path carries something."""
    random = np.random.default_rng(3)
    return {name: weight + 0.3 * random.standard_normal(weight.shape) for name, weight in MODEL.initial_weights(0, np.float64).items()}


@pytest.mark.parametrize("name", list(MODEL.shapes()))
def test_the_gradient_by_each_weight_is_the_slope_of_the_loss(name):
    weights, batch = busy_weights(), tokens()
    _, gradients = loss_and_gradients(MODEL, weights, batch)
    direction = np.random.default_rng(4).standard_normal(weights[name].shape)
    ahead, behind = ({**weights, name: weights[name] + sign * STEP * direction} for sign in (1, -1))
    slope = (loss_and_gradients(MODEL, ahead, batch)[0] - loss_and_gradients(MODEL, behind, batch)[0]) / (2 * STEP)
    assert np.sum(gradients[name] * direction) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_every_weight_has_a_gradient_of_its_shape_and_precision():
    weights = MODEL.initial_weights(0)
    _, gradients = loss_and_gradients(MODEL, weights, tokens())
    assert {name: (each.shape, each.dtype) for name, each in gradients.items()} == {name: (each.shape, each.dtype) for name, each in weights.items()}


def test_a_model_that_knows_nothing_is_as_surprised_as_by_a_die_of_256_sides():
    weights = {name: np.zeros(shape) for name, shape in MODEL.shapes().items()}
    assert loss_and_gradients(MODEL, weights, tokens())[0] == pytest.approx(math.log(256))


def total_surprise(weights, batch, length):
    """What the first *length* predictions cost together."""
    return loss_and_gradients(MODEL, weights, batch[:, : length + 1])[0] * batch.shape[0] * length


def test_a_prediction_does_not_change_with_what_comes_after_it():
    weights, batch = busy_weights(), tokens(batch=1)
    alone = [total_surprise(weights, batch, length) - (total_surprise(weights, batch, length - 1) if length > 1 else 0.0) for length in range(1, 7)]
    assert sum(alone) == pytest.approx(total_surprise(weights, batch, 6))
    _, gradients = loss_and_gradients(MODEL, weights, batch[:, :4])
    assert np.all(gradients["positions"][3:] == 0)
    assert np.all(gradients["positions"][:3] != 0)


def test_a_prediction_changes_with_what_came_before_it():
    weights, batch = busy_weights(), tokens(batch=1)
    other = batch.copy()
    other[0, 0] = (batch[0, 0] + 1) % 256
    last = [total_surprise(weights, each, 6) - total_surprise(weights, each, 5) for each in (batch, other)]
    assert last[0] != pytest.approx(last[1], rel=1e-5)


def test_a_context_shorter_than_the_longest_can_be_learned_from():
    loss, gradients = loss_and_gradients(MODEL, busy_weights(), tokens(length=2))
    assert math.isfinite(loss)
    assert np.all(gradients["positions"][2:] == 0)


def trainer(model=MODEL):
    weights = model.initial_weights(0)
    return NumpyTrainer(model, State(weights, *({name: np.zeros_like(each) for name, each in weights.items()} for _ in range(2))))


def test_the_first_step_of_adam_moves_each_weight_by_the_learning_rate_against_its_gradient():
    ours, batch = trainer(), tokens()
    before = {name: weight.copy() for name, weight in ours.weights.items()}
    _, gradients = loss_and_gradients(MODEL, before, batch)
    ours.step(1, batch, 0.01)
    steep = np.abs(gradients["0.qkv.matrix"]) > 1e-4
    moved = (ours.weights["0.qkv.matrix"] - before["0.qkv.matrix"])[steep]
    assert moved == pytest.approx(-0.01 * np.sign(gradients["0.qkv.matrix"][steep]), rel=1e-3)


def test_one_batch_can_be_learned_by_heart():
    ours, batch = trainer(), tokens()
    losses = [ours.step(number, batch, 0.01) for number in range(1, 121)]
    assert losses[0] == pytest.approx(math.log(256), abs=0.1)
    assert losses[-1] < 0.5
