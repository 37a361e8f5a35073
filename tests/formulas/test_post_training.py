"""What fine-tuning and reinforcement learning add, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.compute import causal_training_flop, training_flop, transformer_training_flop
from traincarbon.formulas.hours import hours_with_startup_h
from traincarbon.formulas.post_training import (
    flop_with_forward_passes,
    forward_attention_flop_per_token,
    forward_share,
    mfu_with_generation,
    padded_tokens,
    quantised_mfu,
)

FORWARD = {"compute_flop": 6e18, "forward_params": 1e9, "forward_tokens": 1e9}
MIXED = {"mfu": 0.4, "generated_share": 0.2, "generation_ratio": 0.1}
SHAPE = {"matmul_params": 1e9, "layers": 10.0, "hidden": 1e3, "seq_len": 1e4, "tokens": 1e9}
STARTED = {"accelerator_hours_h": 10.0, "startup_hours": 0.25, "accelerators": 8.0}
EVERY = [
    (padded_tokens, {"text_tokens": 20e6, "padding": 0.75}),
    (flop_with_forward_passes, FORWARD),
    (forward_share, FORWARD),
    (forward_attention_flop_per_token, {"attention_flop_per_token": 6e9, "forward_params": 8e9, "active_params": 1e9}),
    (flop_with_forward_passes, FORWARD | {"attention_flop_per_token": 1e9}),
    (forward_share, FORWARD | {"attention_flop_per_token": 1e9}),
    (mfu_with_generation, MIXED),
    (quantised_mfu, {"mfu": 0.4, "dequantised_factor": 0.75}),
    (hours_with_startup_h, STARTED),
    (causal_training_flop, SHAPE),
]


def test_three_quarters_of_padding_is_four_times_the_tokens():
    assert padded_tokens(text_tokens=20e6, padding=0.75) == 80e6
    assert padded_tokens(text_tokens=20e6, padding=0.0) == 20e6


def test_a_forward_pass_is_two_flop_a_parameter():
    # 6e18 + 2 × 1e9 × 1e9, of which a quarter
    assert flop_with_forward_passes(**FORWARD) == 8e18
    assert flop_with_forward_passes(**FORWARD | {"forward_params": 0.0}) == 6e18
    assert forward_share(**FORWARD | {"compute_flop": 8e18}) == 0.25


def test_a_forward_pass_has_a_third_of_the_attention():
    # a third of 7.2e9 a token: 2.4e9, beside 2 × 1e9
    own = forward_attention_flop_per_token(attention_flop_per_token=7.2e9, forward_params=1e9, active_params=1e9)
    assert own == pytest.approx(2.4e9)
    assert flop_with_forward_passes(**FORWARD, attention_flop_per_token=own) == pytest.approx(6e18 + 4.4e18)
    assert forward_share(**FORWARD | {"compute_flop": 10.4e18}, attention_flop_per_token=own) == pytest.approx(4.4 / 10.4)
    # twice the layers of twice the width have eight times the parameters
    assert forward_attention_flop_per_token(attention_flop_per_token=7.2e9, forward_params=8e9, active_params=1e9) == pytest.approx(9.6e9)
    assert forward_attention_flop_per_token(attention_flop_per_token=7.2e9, forward_params=0.0, active_params=1e9) == 0.0


def test_generation_takes_its_own_time():
    # 80 % of the FLOP at 0.4 and 20 % at 0.04: 0.8 / 0.4 + 0.2 / 0.04 = 7
    assert mfu_with_generation(**MIXED) == pytest.approx(1 / 7)
    assert mfu_with_generation(**MIXED | {"generated_share": 0.0}) == 0.4
    assert mfu_with_generation(**MIXED | {"generation_ratio": 1.0}) == pytest.approx(0.4)


def test_rollouts_take_70_to_90_percent_of_the_time_at_the_ratios_of_published_runs():
    # 8 FLOP a parameter to learn with a reference, 2 to generate: a share of 0.2, at 0.107 and 0.028 of the utilisation
    for ratio, share_of_time in ((0.107, 0.7), (0.028, 0.9)):
        whole = mfu_with_generation(mfu=0.4, generated_share=0.2, generation_ratio=ratio)
        learning = 0.8 / 0.4
        assert 1.0 - learning * whole == pytest.approx(share_of_time, abs=0.005)


def test_causal_attention_is_half_of_full():
    full, causal = transformer_training_flop(**SHAPE), causal_training_flop(**SHAPE)
    plain = training_flop(active_params=1e9, tokens=1e9)
    assert causal - plain == pytest.approx((full - plain) / 2)


def test_all_accelerators_wait_for_the_start():
    assert hours_with_startup_h(**STARTED) == 12.0
    assert hours_with_startup_h(**STARTED | {"startup_hours": 0.0}) == 10.0


@given(st.floats(0.01, 100.0))
def test_each_is_linear_in_what_it_multiplies(factor):
    assert_linear(padded_tokens, "text_tokens", factor, text_tokens=20e6, padding=0.75)
    assert_linear(forward_share, "forward_tokens", factor, **FORWARD)
    assert_linear(causal_training_flop, "tokens", factor, **SHAPE)


@pytest.mark.parametrize(("formula", "inputs"), EVERY)
def test_nonsense_is_refused_and_arrays_agree(formula, inputs):
    for name in inputs:
        assert_refuses(formula, name, NONSENSE, **inputs)
    assert_agrees(formula, **inputs)
