"""From images, audio and samples to tokens and FLOP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.compute import adapter_training_flop, training_flop
from traincarbon.formulas.samples import (
    audio_frames,
    flop_with_frozen,
    flop_with_teacher,
    image_tokens,
    multiply_add_flop,
    sampled_tokens,
    samples_training_flop,
)

factors = st.floats(0.01, 100.0)
SAMPLED = {"samples": 52e3, "epochs": 3.0, "tokens_per_sample": 512.0}
AUDIO = {"audio_hours": 960.0, "frames_per_s": 25.0, "epochs": 2.0}
PER_SAMPLE = {"flop_per_sample": 24.6e9, "samples": 1.28e6, "epochs": 90.0}
TEACHER = {"compute_flop": 6e18, "teacher_params": 7e9, "tokens": 1e9}
FROZEN = {"compute_flop": 4.2e19, "frozen_params": 6e9, "tokens": 1e9}


def test_an_image_is_its_patches_and_the_class_token():
    # (224 / 16)² + 1 = 197, as in ViT-B/16; (384 / 32)² + 1 = 145
    assert image_tokens(image_size=224.0, patch_size=16.0) == 197.0
    assert image_tokens(image_size=384.0, patch_size=32.0) == 145.0


def test_one_patch_is_the_whole_image():
    assert image_tokens(image_size=64.0, patch_size=64.0) == 2.0


def test_tokens_are_samples_times_epochs_times_their_length():
    assert sampled_tokens(**SAMPLED) == 52e3 * 3 * 512


def test_frames_are_seconds_of_audio_times_the_rate():
    # 960 h of 3,600 s, 25 frames each, twice
    assert audio_frames(**AUDIO) == 960 * 3600 * 25 * 2


def test_resnet_50_takes_2_8e18_flop_for_90_epochs_of_imagenet():
    # 4.1 GMAC forward, × 2 FLOP, × 3 with the backward pass, × 1.28 M images × 90
    assert multiply_add_flop(gmac_per_sample=4.1) == pytest.approx(24.6e9)
    assert samples_training_flop(**PER_SAMPLE) == pytest.approx(2.83e18, rel=1e-2)


def test_a_teacher_adds_its_forward_passes():
    # 6e18 + 2 × 7e9 × 1e9
    assert flop_with_teacher(**TEACHER) == 2e19


def test_frozen_parameters_take_four_flop_a_token():
    # 7e9 in all, of which 6e9 are frozen: 6 × 1e9 + 4 × 6e9 a token
    assert flop_with_frozen(**FROZEN) == pytest.approx(3e19)
    whole = training_flop(active_params=7e9, tokens=1e9)
    assert flop_with_frozen(compute_flop=whole, frozen_params=7e9, tokens=1e9) == adapter_training_flop(frozen_params=7e9, trainable_params=0.0, tokens=1e9)


def test_frozen_parameters_may_be_none_and_not_fewer():
    assert flop_with_frozen(**FROZEN | {"frozen_params": 0.0}) == 4.2e19
    assert_refuses(flop_with_frozen, "frozen_params", NONSENSE, **FROZEN)
    for name in ("compute_flop", "tokens"):
        assert_refuses(flop_with_frozen, name, (0.0, *NONSENSE), **FROZEN)
    assert_agrees(flop_with_frozen, **FROZEN)


def test_a_teacher_adds_the_attention_of_its_passes():
    assert flop_with_teacher(**TEACHER, attention_flop_per_token=1e9) == 2.1e19
    assert_refuses(flop_with_teacher, "attention_flop_per_token", NONSENSE, **TEACHER, attention_flop_per_token=1e9)


@given(factors)
def test_each_is_linear_in_what_it_multiplies(factor):
    for formula, inputs in (
        (sampled_tokens, SAMPLED),
        (audio_frames, AUDIO),
        (samples_training_flop, PER_SAMPLE),
        (multiply_add_flop, {"gmac_per_sample": 4.1}),
    ):
        for name in inputs:
            assert_linear(formula, name, factor, **inputs)


@pytest.mark.parametrize(
    ("formula", "inputs"),
    [
        (image_tokens, {"image_size": 224.0, "patch_size": 16.0}),
        (sampled_tokens, SAMPLED),
        (audio_frames, AUDIO),
        (multiply_add_flop, {"gmac_per_sample": 4.1}),
        (samples_training_flop, PER_SAMPLE),
        (flop_with_teacher, TEACHER),
    ],
)
def test_what_is_not_positive_is_refused_and_arrays_agree(formula, inputs):
    for name in inputs:
        assert_refuses(formula, name, (0.0, *NONSENSE), **inputs)
    assert_agrees(formula, **inputs)
