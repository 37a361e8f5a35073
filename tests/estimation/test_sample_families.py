"""What samples of stated work are taken for."""

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.estimation.sample_families import guessed_family

SAMPLES = {"samples": 1e6}


@pytest.mark.parametrize(
    ("stated", "family", "taken"),
    [
        ({"gmac_per_sample": 4.1}, "vision", "images"),
        ({"gmac_per_sample": 90, "frozen_gmac_per_sample": 140}, "diffusion", "images"),
        ({"flop_per_sample": 1e10}, "", "text"),
        ({"flop_per_sample": 1e10, "image_size": 224, "patch_size": 16}, "vision", "images"),
    ],
)
def test_multiply_adds_are_of_images_and_flop_of_text(stated, family, taken):
    guess = guessed_family(Plan(**SAMPLES, **stated))
    assert guess.family == family
    assert f"taken as {taken}: give family" in guess.warning


@pytest.mark.parametrize("said", [{"family": "convolution"}, {"seq_len": 512}, {"model": "resnet-50"}])
def test_a_plan_that_says_it_is_not_guessed_at(said):
    assert guessed_family(Plan(**SAMPLES, gmac_per_sample=4.1, **said)) is None
