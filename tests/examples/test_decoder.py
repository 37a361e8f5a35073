import re

import numpy as np
import pytest

from decoder import Decoder


def decoder(**sizes):
    return Decoder(**{"layers": 2, "hidden": 12, "heads": 3, "seq_len": 7, **sizes})


def test_parameters_are_counted_exactly():
    embedding, positions, block, last_norm = 256 * 12, 7 * 12, 12 * 12**2 + 13 * 12, 2 * 12
    assert decoder().n_params() == embedding + positions + 2 * block + last_norm


def test_a_layer_adds_the_same_number_of_parameters_each_time():
    one, two, three = (decoder(layers=layers).n_params() for layers in (1, 2, 3))
    assert two - one == three - two == 12 * 12**2 + 13 * 12


def test_the_same_seed_starts_from_the_same_weights_and_another_from_others():
    first, again, other = (decoder().initial_weights(seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["0.qkv.matrix"], other["0.qkv.matrix"])


def test_weights_start_in_their_shapes_with_norms_that_change_nothing():
    weights = decoder().initial_weights(0)
    assert {name: weight.shape for name, weight in weights.items()} == decoder().shapes()
    assert np.all(weights["last_norm.scale"] == 1)
    assert np.all(weights["last_norm.shift"] == 0)


@pytest.mark.parametrize(
    ("sizes", "what"),
    [({"heads": 5}, "hidden 12 is not a multiple of heads 5"), ({"layers": 0}, "must be at least 1"), ({"seq_len": -1}, "must be at least 1")],
    ids=["heads that do not divide", "no layer", "a negative context"],
)
def test_what_cannot_be_built_is_refused(sizes, what):
    with pytest.raises(ValueError, match=re.escape(what)):
        decoder(**sizes)
