"""Whether it fits: the state of a training, and how many accelerators hold it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.layout import Layout, Shape
from traincarbon.formulas.memory import layout_memory
from traincarbon.formulas.training_state import fewest_accelerators, fewest_with_activations, least_activations_b, training_state_b

params = st.floats(1e3, 1e13)
STATE = {"params": 7e9, "trainable_params": 7e9, "weight_b": 2.0, "state_b": 14.0}
FIT = {"training_state_b": 112e9, "memory_b": 80e9, "usable_share": 0.7}


def test_a_fully_trained_parameter_takes_sixteen_bytes():
    # 2 weight + 2 gradient + 4 master + 4 + 4 moments = 16; 7e9 × 16 = 112e9 (Rajbhandari et al. 2020, section 3.1)
    assert training_state_b(params=7e9, trainable_params=7e9) == 112e9


def test_gpt_2_takes_the_24_gigabytes_that_zero_reports():
    # Rajbhandari et al. 2020, section 3.1: 1.5e9 parameters need at least 24 GB
    assert training_state_b(params=1.5e9, trainable_params=1.5e9) == 24e9


@given(params)
def test_a_frozen_model_takes_its_weights_only(n):
    assert training_state_b(params=n, trainable_params=0.0) == 2.0 * n


@given(params, params, st.floats(0.1, 10.0))
def test_the_state_is_linear_in_the_model(n, trained, factor):
    larger = training_state_b(params=n * factor, trainable_params=trained * factor)
    assert larger == pytest.approx(training_state_b(params=n, trainable_params=trained) * factor)


def test_a_state_of_nothing_is_refused():
    assert_refuses(training_state_b, "params", (0.0, *NONSENSE), **STATE)
    for name in ("trainable_params", "weight_b", "state_b"):
        assert_refuses(training_state_b, name, NONSENSE, **STATE)
    assert_agrees(training_state_b, **STATE)


def test_seven_billion_parameters_fill_two_accelerators_of_eighty_gigabytes():
    # 112e9 / (80e9 × 0.7) = 2
    assert fewest_accelerators(**FIT) == pytest.approx(2.0)


@given(params, st.floats(1e9, 1e12), st.floats(0.1, 1.0), st.floats(0.1, 10.0))
def test_fewer_are_needed_the_more_each_holds(state, memory, share, factor):
    inputs = {"training_state_b": state, "memory_b": memory, "usable_share": share}
    assert_linear(fewest_accelerators, "training_state_b", factor, **inputs)
    assert_inverse(fewest_accelerators, "memory_b", factor, **inputs)
    assert_inverse(fewest_accelerators, "usable_share", 0.5, **inputs)


@pytest.mark.parametrize("name", FIT)
def test_memory_that_is_not_there_is_refused(name):
    assert_refuses(fewest_accelerators, name, (0.0, *NONSENSE), **FIT)


def test_more_than_all_of_the_memory_is_refused():
    assert_refuses(fewest_accelerators, "usable_share", (1.01, math.inf), **FIT)
    assert_agrees(fewest_accelerators, **FIT)


LONG = {"layers": 32.0, "hidden": 4096.0, "seq_len": 131072.0}
HELD = {"fewest_accelerators": 4.0, "training_state_b": 112e9, "activations_b": 52.6e9, "memory_b": 40e9, "layout_memory_share": 0.95}


def test_the_least_activations_are_those_of_one_recomputed_sequence():
    # Korthikanti et al. 2022: 2 s b h of each layer that is recomputed, and 34 s b h of the layer at work: 131072 × 4096 × (2 × 32 + 34)
    assert least_activations_b(**LONG) == 131072 * 4096 * 98


def test_no_layout_holds_fewer_activations():
    shape = Shape(layers=32.0, hidden=4096.0, heads=32.0, kv_heads=32.0, attention_width=4096.0, ffn=16384.0, ffn_matrices=2.0, vocab=50257.0, seq_len=131072.0)
    for degree in (1.0, 4.0, 8.0):
        layout = Layout(sequences=degree, tp=degree, sequence_parallel=1.0, recompute_layers=1.0)
        assert degree * layout_memory(shape=shape, layout=layout).activations_b >= least_activations_b(**LONG)


@given(st.floats(1.0, 1e3), st.floats(0.1, 10.0))
def test_activations_are_linear_in_the_length_of_a_sequence(layers, factor):
    assert_linear(least_activations_b, "seq_len", factor, **{**LONG, "layers": layers})


def test_activations_matter_only_where_they_need_more_than_the_state_does():
    assert fewest_with_activations(**HELD) == pytest.approx((112e9 + 52.6e9) / 38e9)
    assert fewest_with_activations(**{**HELD, "activations_b": 1e6}) == 4.0
    assert_agrees(fewest_with_activations, **HELD)


@pytest.mark.parametrize("name", LONG)
def test_activations_of_nothing_are_refused(name):
    assert_refuses(least_activations_b, name, (0.0, *NONSENSE), **LONG)


@pytest.mark.parametrize("name", HELD)
def test_accelerators_without_memory_for_activations_are_refused(name):
    assert_refuses(fewest_with_activations, name, (0.0, *NONSENSE), **HELD)
