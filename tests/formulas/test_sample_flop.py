"""FLOP of one sample, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.compute import training_flop
from traincarbon.formulas.sample_flop import (
    audio_seconds,
    flop_with_attention,
    flop_with_frozen_encoders,
    latent_video_tokens,
    masked_autoencoder_flop,
    patch_tokens,
    scaled_gmac,
    self_distillation_flop,
    two_part_flop,
)

CLIP = {"image_size": 224.0, "patch_size": 16.0, "latent_factor": 1.0, "frames": 16.0, "frames_per_token": 2.0}
TOWERS = {"params": 150e6, "other_params": 64e6, "tokens_per_sample": 197.0, "other_tokens": 77.0}
MASKED = {"params": 330e6, "decoder_params": 26e6, "mask_ratio": 0.75, "tokens_per_sample": 197.0}
CROPS = {"params": 22e6, "global_crops": 2.0, "local_crops": 8.0, "tokens_per_sample": 197.0, "local_tokens": 37.0}
ATTENTION = {"flop_per_sample": 1e11, "layers": 12.0, "hidden": 768.0, "tokens_per_sample": 100.0}
FROZEN = {"flop_per_sample": 2e12, "frozen_gmac_per_sample": 500.0}
GMAC = {"reference_gmac": 4.1, "image_size": 448.0, "reference_size": 224.0}


def test_a_latent_image_has_fewer_patches():
    # 256 px / 8 = 32 cells, in patches of 2: 16 × 16 as in DiT-XL/2
    assert patch_tokens(image_size=256.0, patch_size=2.0, latent_factor=8.0) == 256.0


def test_a_clip_has_the_patches_of_each_pair_of_frames():
    # 14 × 14 patches, 8 tubelets: 1568 as in VideoMAE
    assert patch_tokens(**CLIP) == 1568.0
    assert patch_tokens(image_size=224.0, patch_size=16.0) == 196.0


def test_the_first_frame_of_a_latent_clip_is_a_latent_frame_of_its_own():
    # 49 frames of 720 x 480 are 13 latent frames of 30 × 45 patches in CogVideoX, 129 of 1280 x 720 are 33 of 45 × 80 in HunyuanVideo
    clip = {"patch_size": 2.0, "latent_factor": 8.0, "frames_per_token": 4.0}
    assert latent_video_tokens(image_size=(480.0 * 720.0) ** 0.5, frames=49.0, **clip) == pytest.approx(13 * 30 * 45)
    assert latent_video_tokens(image_size=960.0, frames=129.0, **clip) == 33 * 45 * 80
    image = latent_video_tokens(image_size=960.0, frames=1.0, **clip)
    assert image == patch_tokens(image_size=960.0, patch_size=2.0, latent_factor=8.0)
    with pytest.raises(OutOfRangeError, match="frames is 0.5"):
        latent_video_tokens(image_size=960.0, frames=0.5, **clip)


def test_each_part_of_a_model_sees_its_own_tokens():
    # 6 × (86e6 × 197 + 64e6 × 77)
    assert two_part_flop(**TOWERS) == 6 * (86e6 * 197 + 64e6 * 77)


def test_parts_that_see_the_same_are_one_model():
    one = training_flop(active_params=150e6, tokens=197.0)
    assert two_part_flop(**TOWERS | {"other_tokens": 197.0}) == pytest.approx(one)


def test_a_masked_autoencoder_encodes_a_quarter_of_the_patches():
    # encoder: 196 / 4 + 1 = 50 tokens of 304e6; decoder: 197 of 26e6
    assert masked_autoencoder_flop(**MASKED) == pytest.approx(6 * (304e6 * 50 + 26e6 * 197))


def test_without_a_mask_the_encoder_sees_all():
    assert masked_autoencoder_flop(**MASKED | {"mask_ratio": 0.0}) == pytest.approx(6 * 330e6 * 197)


def test_self_distillation_learns_from_all_crops_and_its_teacher_sees_the_large_ones():
    # 6 × (2 × 197 + 8 × 37) + 2 × 2 × 197 = 4,928 a parameter
    assert self_distillation_flop(**CROPS) == 22e6 * 4928


def test_self_distillation_of_a_small_vit_takes_13_5_forward_passes():
    # one forward pass of a large crop is 2 N T: the student's three thirds of all crops, and two of the teacher
    forward = 2 * 22e6 * 197
    assert self_distillation_flop(**CROPS) / forward == pytest.approx(12.5, abs=0.1)
    assert self_distillation_flop(**CROPS | {"local_crops": 10.0}) / forward == pytest.approx(13.5, abs=0.2)


def test_attention_grows_with_the_square_of_the_tokens():
    # 12 × 12 × 768 × 100²
    assert flop_with_attention(**ATTENTION) == 1e11 + 12 * 12 * 768 * 100**2


def test_frozen_encoders_run_forward_only():
    # 500 GMAC, 2 FLOP each
    assert flop_with_frozen_encoders(**FROZEN) == 3e12


def test_twice_the_side_is_four_times_the_work():
    assert scaled_gmac(**GMAC) == pytest.approx(16.4)
    assert scaled_gmac(**GMAC | {"image_size": 224.0}) == 4.1


def test_an_hour_of_audio_is_3600_samples():
    assert audio_seconds(audio_hours=960.0) == 960 * 3600


@given(st.floats(0.01, 100.0))
def test_each_is_linear_in_what_it_multiplies(factor):
    assert_linear(patch_tokens, "frames", factor, **CLIP)
    assert_linear(self_distillation_flop, "params", factor, **CROPS)
    assert_linear(scaled_gmac, "reference_gmac", factor, **GMAC)
    assert_linear(audio_seconds, "audio_hours", factor, audio_hours=960.0)


EVERY = [
    (patch_tokens, CLIP),
    (two_part_flop, TOWERS),
    (masked_autoencoder_flop, MASKED),
    (self_distillation_flop, CROPS),
    (flop_with_attention, ATTENTION),
    (flop_with_frozen_encoders, FROZEN),
    (scaled_gmac, GMAC),
    (audio_seconds, {"audio_hours": 960.0}),
]


@pytest.mark.parametrize(("formula", "inputs"), EVERY)
def test_nonsense_is_refused_and_arrays_agree(formula, inputs):
    for name in inputs:
        assert_refuses(formula, name, NONSENSE, **inputs)
    assert_agrees(formula, **inputs)


def test_a_mask_is_a_share():
    with pytest.raises(OutOfRangeError, match=r"mask_ratio is 1\.5"):
        masked_autoencoder_flop(**MASKED | {"mask_ratio": 1.5})
