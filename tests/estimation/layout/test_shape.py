"""The shape that a plan of a given size is taken to have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.estimation.layout.shape import shape_of

VOCAB = {"vocab": 50257.0, "seq_len": 2048.0}


@pytest.mark.parametrize(
    ("params", "layers", "hidden"),
    [(175e9, 96, 12288), (13e9, 40, 5120), (6.7e9, 32, 4096)],
    ids=["GPT-3 175B", "GPT-3 13B", "GPT-3 6.7B"],
)
def test_the_guess_is_the_shape_of_gpt_3(params, layers, hidden):
    # Brown et al. 2020, table 2.1, of whose 13B the width is 5140
    guess = shape_of(params=params, **VOCAB)
    assert (guess.layers, guess.hidden) == (layers, hidden)


@given(st.floats(1e8, 1e13))
def test_a_guessed_shape_has_about_the_parameters_asked_for(params):
    guess = shape_of(params=params, **VOCAB)
    counted = guess.layers * 12 * guess.hidden**2 + guess.hidden * guess.vocab
    assert counted == pytest.approx(params, rel=0.13)
    assert guess.hidden % guess.heads == 0


@given(st.floats(1e5, 1e13))
def test_every_count_of_a_guess_is_whole_and_positive(params):
    guess = shape_of(params=params, **VOCAB)
    assert all(count >= 1 and count == int(count) for count in (guess.layers, guess.hidden, guess.heads))


def test_what_is_known_is_kept():
    guess = shape_of(params=530e9, layers=105.0, hidden=20480.0, heads=128.0, kv_heads=8.0, ffn=65536.0, ffn_matrices=3.0, **VOCAB)
    assert (guess.layers, guess.hidden, guess.heads, guess.kv_heads, guess.ffn, guess.ffn_matrices) == (105, 20480, 128, 8, 65536, 3)


def test_depth_follows_from_a_known_width_and_width_from_a_known_depth():
    assert shape_of(params=530e9, hidden=20480.0, **VOCAB).layers == 104
    assert shape_of(params=530e9, layers=105.0, **VOCAB).hidden == 20480


def test_a_mixture_of_experts_has_its_active_and_its_whole_size():
    guess = shape_of(params=671e9, active_params=37e9, vocab=129280.0, seq_len=4096.0)
    outside = guess.layers * guess.projection_params + guess.hidden * guess.vocab
    each = guess.layers * guess.ffn_matrices * guess.hidden * guess.ffn
    assert outside + each * guess.experts_per_token == pytest.approx(37e9, rel=0.1)
    assert outside + each * guess.experts == pytest.approx(671e9, rel=0.35)
    assert guess.experts_per_token == 8


def test_experts_never_have_less_than_a_third_of_what_a_token_passes_through():
    # so wide that attention and vocabulary alone exceed the active parameters: the experts get 0.3 of these
    guess = shape_of(params=100e9, active_params=2e9, layers=24.0, hidden=8192.0, heads=64.0, vocab=50257.0, seq_len=2048.0)
    visited = guess.layers * guess.ffn_matrices * guess.hidden * guess.ffn * guess.experts_per_token
    assert guess.layers * guess.projection_params + guess.hidden * guess.vocab > 2e9
    assert visited == pytest.approx(0.3 * 2e9)


NUMBERS = st.fixed_dictionaries(
    {"params": st.floats(1e6, 1e13), "vocab": st.sampled_from([32000.0, 50257.0, 128256.0]), "seq_len": st.sampled_from([512.0, 4096.0])},
)
STATED = {
    "active_params": st.floats(1e6, 1e13),
    "layers": st.integers(1, 130).map(float),
    "hidden": st.integers(8, 2500).map(lambda count: 8.0 * count),
    "heads": st.integers(1, 128).map(float),
    "kv_heads": st.integers(1, 16).map(float),
    "ffn": st.integers(64, 60000).map(float),
    "ffn_matrices": st.sampled_from([2.0, 3.0]),
}


@given(st.data(), st.sets(st.sampled_from(sorted(STATED))))
def test_each_of_an_array_has_the_shape_that_it_has_alone(data, names):
    plans = data.draw(st.lists(st.fixed_dictionaries({name: STATED[name] for name in sorted(names)}), min_size=1, max_size=8))
    plans = [{**plan, **data.draw(NUMBERS)} for plan in plans]
    together = shape_of(**{name: np.array([plan[name] for plan in plans]) for name in plans[0]})
    fields = [np.broadcast_to(field, len(plans)).tolist() for field in together]
    assert [list(alone) for alone in zip(*fields, strict=True)] == [list(map(float, shape_of(**plan))) for plan in plans]
