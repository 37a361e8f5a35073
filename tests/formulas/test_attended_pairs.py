import numpy as np
import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.attended_pairs import distilled_pairs, flop_with_pairs, masked_pairs
from traincarbon.formulas.sample_flop import flop_with_attention


def test_a_quarter_of_the_patches_attend_to_each_other():
    # 196 patches, 49 of them seen, and the class token
    assert masked_pairs(mask_ratio=0.75, tokens_per_sample=197.0) == 50.0**2
    assert masked_pairs(mask_ratio=0.0, tokens_per_sample=197.0) == 197.0**2
    assert masked_pairs(mask_ratio=1.0, tokens_per_sample=197.0) == 1.0


def test_the_crops_of_dino():
    # student 2 x 197² + 8 x 37², teacher forward on two: a third of 2 x 197²
    assert distilled_pairs(global_crops=2.0, local_crops=8.0, tokens_per_sample=197.0, local_tokens=37.0) == pytest.approx(
        2 * 197**2 + 8 * 37**2 + 2 * 197**2 / 3
    )


def test_all_pairs_of_a_sample_give_its_plain_attention():
    plain = flop_with_attention(flop_per_sample=1e11, layers=12.0, hidden=768.0, tokens_per_sample=197.0)
    assert flop_with_pairs(flop_per_sample=1e11, layers=12.0, hidden=768.0, attended_pairs=197.0**2) == plain


def test_arrays_are_the_same_as_numbers():
    ratios = np.array([0.5, 0.75])
    assert masked_pairs(mask_ratio=ratios, tokens_per_sample=197.0).tolist() == [masked_pairs(mask_ratio=ratio, tokens_per_sample=197.0) for ratio in ratios]


def test_what_cannot_be_is_refused():
    with pytest.raises(OutOfRangeError):
        masked_pairs(mask_ratio=1.5, tokens_per_sample=197.0)
    with pytest.raises(OutOfRangeError):
        distilled_pairs(global_crops=0.0, local_crops=8.0, tokens_per_sample=197.0, local_tokens=37.0)
    with pytest.raises(OutOfRangeError):
        flop_with_pairs(flop_per_sample=1e11, layers=0.0, hidden=768.0, attended_pairs=4.0)
