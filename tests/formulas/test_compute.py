"""The arithmetic of a training: 6ND, adapters, encoder-decoders, and transformers of known shape."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.compute import (
    adapter_training_flop,
    attention_share,
    encoder_decoder_training_flop,
    hardware_flop,
    matmul_params,
    training_flop,
    transformer_training_flop,
)

counts = st.floats(1.0, 1e13)
factors = st.floats(0.01, 100.0)
GPT3 = {"layers": 96.0, "hidden": 12288.0, "attention_width": 12288.0, "heads": 96.0, "kv_heads": 96.0, "ffn": 49152.0, "vocab": 50257.0, "head_width": 12288.0}
LLAMA_2_70B = {
    "layers": 80.0,
    "hidden": 8192.0,
    "attention_width": 8192.0,
    "heads": 64.0,
    "kv_heads": 8.0,
    "ffn": 28672.0,
    "vocab": 32000.0,
    "head_width": 8192.0,
    "ffn_matrices": 3.0,
}


def test_gpt_3_takes_six_flop_for_each_parameter_and_token():
    # 6 × 175e9 × 300e9 = 3.15e23; Brown et al. 2020, table D.1, has 3.14e23 of 174.6e9 parameters.
    assert training_flop(active_params=175e9, tokens=300e9) == pytest.approx(3.15e23)
    assert training_flop(active_params=174.6e9, tokens=300e9) == pytest.approx(3.14e23, rel=0.002)


@given(counts, counts, factors)
def test_training_is_linear_in_parameters_and_in_tokens(params, tokens, factor):
    assert_linear(training_flop, "active_params", factor, active_params=params, tokens=tokens)
    assert_linear(training_flop, "tokens", factor, active_params=params, tokens=tokens)


@pytest.mark.parametrize("name", ["active_params", "tokens"])
def test_training_without_parameters_or_tokens_is_refused(name):
    assert_refuses(training_flop, name, (0.0, *NONSENSE), active_params=7e9, tokens=1e12)


def test_training_agrees_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(training_flop, active_params=7e9, tokens=1e12)


def test_an_adapter_skips_the_weight_gradients_of_the_frozen_part():
    # (4 × 7e9 + 6 × 0.07e9) × 1e9 = 28e18 + 0.42e18
    assert adapter_training_flop(frozen_params=7e9, trainable_params=0.07e9, tokens=1e9) == pytest.approx(28.42e18)


def test_an_adapter_without_parameters_takes_two_thirds_of_a_full_training():
    assert adapter_training_flop(frozen_params=7e9, trainable_params=0.0, tokens=1e9) * 3.0 == 2.0 * training_flop(active_params=7e9, tokens=1e9)


@given(counts, counts, counts, factors)
def test_adapters_are_linear_in_tokens_and_never_below_the_backbone(frozen, trainable, tokens, factor):
    inputs = {"frozen_params": frozen, "trainable_params": trainable, "tokens": tokens}
    assert_linear(adapter_training_flop, "tokens", factor, **inputs)
    assert adapter_training_flop(**inputs) >= adapter_training_flop(**{**inputs, "trainable_params": 0.0})


def test_adapters_of_nothing_are_refused():
    inputs = {"frozen_params": 7e9, "trainable_params": 1e7, "tokens": 1e9}
    assert_refuses(adapter_training_flop, "frozen_params", (0.0, *NONSENSE), **inputs)
    assert_refuses(adapter_training_flop, "tokens", (0.0, *NONSENSE), **inputs)
    assert_refuses(adapter_training_flop, "trainable_params", NONSENSE, **inputs)
    assert_agrees(adapter_training_flop, **inputs)


@given(counts, counts)
def test_an_encoder_decoder_takes_half_of_a_decoder_of_its_size(params, tokens):
    assert encoder_decoder_training_flop(active_params=params, tokens=tokens) == pytest.approx(training_flop(active_params=params, tokens=tokens) / 2.0)


def test_t5_11b_takes_three_flop_for_each_parameter_and_token():
    # 3 × 11e9 × 1e12
    assert encoder_decoder_training_flop(active_params=11e9, tokens=1e12) == pytest.approx(3.3e22)
    assert_refuses(encoder_decoder_training_flop, "active_params", (0.0, *NONSENSE), active_params=11e9, tokens=1e12)
    assert_refuses(encoder_decoder_training_flop, "tokens", (0.0, *NONSENSE), active_params=11e9, tokens=1e12)
    assert_agrees(encoder_decoder_training_flop, active_params=11e9, tokens=1e12)


def test_the_shape_of_gpt_3_has_its_parameters():
    # 12 L h² = 12 × 96 × 12288² = 173.95e9; h V = 12288 × 50257 = 0.62e9
    assert matmul_params(**GPT3) == pytest.approx(12 * 96 * 12288**2 + 12288 * 50257)
    assert matmul_params(**GPT3) == pytest.approx(175e9, rel=0.003)


def test_the_shape_of_llama_2_70b_has_its_parameters():
    # attention 80 × 8192² × (2 + 2 × 8 / 64) = 12.08e9; gated 80 × 3 × 8192 × 28672 = 56.37e9; head 8192 × 32000 = 0.26e9
    assert matmul_params(**LLAMA_2_70B) == pytest.approx(80 * 8192**2 * 2.25 + 80 * 3 * 8192 * 28672 + 8192 * 32000)
    assert matmul_params(**LLAMA_2_70B) == pytest.approx(68.98e9 - 8192 * 32000, rel=0.001)  # 68.98e9 published, with the embedding


def test_heads_that_are_wider_than_the_model_have_more_parameters():
    # Qwen3 0.6B: 28 layers of width 1,024 with 16 heads of 128; tied embeddings are the head
    shape = {
        "layers": 28.0,
        "hidden": 1024.0,
        "attention_width": 2048.0,
        "heads": 16.0,
        "kv_heads": 8.0,
        "ffn": 3072.0,
        "vocab": 151936.0,
        "head_width": 1024.0,
    }
    assert matmul_params(**shape, ffn_matrices=3.0) == pytest.approx(596049920, rel=0.001)


@given(st.floats(1.0, 64.0), factors)
def test_parameters_rise_with_key_value_heads_and_scale_with_layers_less_the_head(kv_heads, factor):
    few, all_heads = matmul_params(**{**LLAMA_2_70B, "kv_heads": kv_heads}), matmul_params(**{**LLAMA_2_70B, "kv_heads": 64.0})
    assert few <= all_heads
    head = LLAMA_2_70B["hidden"] * LLAMA_2_70B["vocab"]
    deeper = matmul_params(**{**LLAMA_2_70B, "layers": 80.0 * factor})
    assert deeper - head == pytest.approx((matmul_params(**LLAMA_2_70B) - head) * factor)


def test_an_output_layer_counts_for_the_tokens_that_pass_it_and_by_its_own_width():
    layers = matmul_params(**LLAMA_2_70B, head_share=0.0)
    assert matmul_params(**LLAMA_2_70B, head_share=0.15) - layers == pytest.approx(0.15 * 8192 * 32000)
    assert matmul_params(**{**LLAMA_2_70B, "head_width": 128.0}) - layers == pytest.approx(128 * 32000)
    assert_refuses(matmul_params, "head_share", (-0.1, 1.1, math.nan), **LLAMA_2_70B, head_share=1.0)


@pytest.mark.parametrize("name", LLAMA_2_70B)
def test_a_shape_without_one_of_its_measures_is_refused(name):
    assert_refuses(matmul_params, name, (0.0, *NONSENSE), **LLAMA_2_70B)


def test_a_shape_agrees_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(matmul_params, **LLAMA_2_70B)


def test_the_exact_count_adds_the_attention_scores():
    # PaLM 540B: 6 × 540.35e9 + 12 × 118 × (48 × 256) × 2048 = 3.2421e12 + 0.0356e12 = 3.2777e12 for a token
    count = transformer_training_flop(matmul_params=540.35e9, layers=118.0, hidden=48.0 * 256.0, seq_len=2048.0, tokens=1.0)
    assert count == pytest.approx(6 * 540.35e9 + 12 * 118 * 12288 * 2048)
    assert count == pytest.approx(3.2777e12, rel=1e-4)


@given(st.floats(1.0, 1e6))
def test_the_exact_count_is_at_least_six_n_d_and_meets_it_where_contexts_are_short(seq_len):
    inputs = {"matmul_params": 7e9, "layers": 32.0, "hidden": 4096.0, "tokens": 1e12}
    exact = transformer_training_flop(seq_len=seq_len, **inputs)
    plain = training_flop(active_params=7e9, tokens=1e12)
    assert exact / plain - 1.0 == pytest.approx(12 * 32 * 4096 * seq_len / (6 * 7e9), abs=1e-12)


@pytest.mark.parametrize("name", ["matmul_params", "layers", "hidden", "seq_len", "tokens"])
def test_an_exact_count_of_nothing_is_refused(name):
    inputs = {"matmul_params": 7e9, "layers": 32.0, "hidden": 4096.0, "seq_len": 2048.0, "tokens": 1e12}
    assert_refuses(transformer_training_flop, name, (0.0, *NONSENSE), **inputs)
    assert_agrees(transformer_training_flop, **inputs)


@pytest.mark.parametrize(("repeated_share", "factor"), [(0.0, 1.0), (0.3, 1.1), (1.0, 4.0 / 3.0)])
def test_recomputation_does_the_forward_pass_again(repeated_share, factor):
    assert hardware_flop(compute_flop=3e21, repeated_share=repeated_share) == pytest.approx(3e21 * factor)


@given(st.floats(0.0, 1.0), factors)
def test_recomputing_more_never_takes_less(share, factor):
    none, some, full = (hardware_flop(compute_flop=1e21, repeated_share=repeated) for repeated in (0.0, share, 1.0))
    assert none <= some <= full
    assert_linear(hardware_flop, "compute_flop", factor, compute_flop=1e21, repeated_share=share)


def test_an_impossible_share_of_recomputation_is_refused():
    inputs = {"compute_flop": 1e21, "repeated_share": 0.1}
    assert_refuses(hardware_flop, "compute_flop", (0.0, *NONSENSE), **inputs)
    assert_refuses(hardware_flop, "repeated_share", (1.1, math.inf, *NONSENSE), **inputs)
    assert_agrees(hardware_flop, **inputs)


def test_attention_is_its_share_of_the_flop_and_never_all_of_more():
    shape = {"layers": 32.0, "hidden": 4096.0, "seq_len": 2048.0, "tokens": 1e12}
    # 12 × 32 × 4096 × 2048 × 1e12 = 3.22e21 of 4.2e22
    assert attention_share(**shape, compute_flop=4.2e22) == pytest.approx(0.0767, rel=1e-3)
    assert attention_share(**shape, compute_flop=1e21) == 1.0
    for name in (*shape, "compute_flop"):
        assert_refuses(attention_share, name, (0.0, *NONSENSE), **shape, compute_flop=4.2e22)
    assert_agrees(attention_share, **shape, compute_flop=4.2e22)
