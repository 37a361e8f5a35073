"""How many servers: the fewest that hold the model, and a few round numbers worth looking at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.estimate.layout import fewest_accelerators, round_up, server_counts
from traincarbon.uncertain import Uncertain


def test_the_fewest_hold_weights_gradients_and_optimiser():
    # 16 B × 7e9 = 112e9 B over 80e9 × 0.7 = 56e9 B each: 2
    assert fewest_accelerators(params=7e9, trainable_params=7e9, memory_b=80e9, usable_share=0.7) == pytest.approx(2.0)


def test_a_frozen_model_needs_an_eighth():
    inputs = {"params": 7e9, "memory_b": 80e9, "usable_share": 0.7}
    assert fewest_accelerators(trainable_params=0.0, **inputs) * 8 == pytest.approx(fewest_accelerators(trainable_params=7e9, **inputs))


def test_the_fewest_are_had_for_arrays_and_uncertain_models_too():
    inputs = {"memory_b": 80e9, "usable_share": 0.7}
    many = np.array([7e9, 14e9])
    assert fewest_accelerators(params=many, trainable_params=many, **inputs) == pytest.approx([2.0, 4.0])
    vague = Uncertain(7e9, {"params": 0.2})
    fewest = fewest_accelerators(params=vague, trainable_params=vague, **inputs)
    assert (fewest.median, fewest.spreads) == (pytest.approx(2.0), {"params": pytest.approx(0.2)})


@pytest.mark.parametrize(
    ("number", "rounded"), [(0.0, 1), (0.3, 1), (1.0, 1), (7.2, 8), (10.0, 10), (10.1, 12), (33.0, 40), (64.0, 64), (99.0, 100), (234.0, 240), (1010.0, 1200)]
)
def test_a_number_is_rounded_up_to_one_that_people_build(number, rounded):
    assert round_up(number) == rounded


@given(st.floats(0.0, 1e12))
def test_a_rounded_number_is_no_smaller_and_at_most_a_quarter_larger(number):
    rounded = round_up(number)
    assert number <= rounded * (1.0 + 1e-12)
    assert rounded <= max(1.25 * number, number + 1.0, 1.0)


@given(st.floats(1e-3, 1e12), st.sampled_from([1.0, 4.0, 8.0, 16.0, 256.0]), st.floats(1e-3, 1e6))
def test_the_counts_start_at_the_fewest_and_rise(hours, each, fewest):
    counts = server_counts(accelerator_hours_h=hours, accelerator_count=each, fewest=fewest)
    assert 1 <= len(counts) <= 5
    assert counts == sorted(set(counts))
    assert counts[0] >= 1
    assert (counts[0] - 1) * each < fewest <= counts[0] * each or counts[0] == 1
    assert all(isinstance(count, int) for count in counts)


def test_the_counts_reach_from_a_year_to_weeks():
    # 2.18e6 h on 8 each: a year takes 31.1 servers, half of one 63.1, a quarter 126.2, a month 378.5
    assert server_counts(accelerator_hours_h=2.18e6, accelerator_count=8.0, fewest=152.0) == [19, 32, 64, 150, 400]
