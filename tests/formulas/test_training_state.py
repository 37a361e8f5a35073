"""Whether it fits: the state of a training, and how many accelerators hold it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.training_state import fewest_accelerators, training_state_b

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
