"""A network of images beside the family of multimodal models is refused with what to give for it."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError

DATA = {"samples": 1e6, "epochs": 1, "hw": "8xh100"}


def refused(model):
    with pytest.raises(PlanError) as caught:
        estimate(model=model, family="multimodal", params=7e9, **DATA)
    return str(caught.value), caught.value.hint


def test_an_image_encoder_is_refused_with_its_flop():
    # PyTorch Image Models: 191.1 GMAC an image of a ViT-L/14 at 336 px
    said, hint = refused("ViT-L/14@336px")
    assert said == "the model ViT-L/14@336px is the part of a multimodal model that sees images: nothing says what its language model is"
    assert "6 x params x tokens of a sample, and for each image of 336 px 3.8e+11 FLOP where ViT-L/14@336px is frozen, 1.1e+12 where it is trained" in hint


def test_what_the_hint_says_is_counted():
    answer = estimate(family="multimodal", params=7e9, flop_per_sample=6 * 7e9 * 700 + 3.8e11, **DATA)
    assert answer.median("compute_flop") == pytest.approx(1e6 * (6 * 7e9 * 700 + 3.8e11))


def test_a_convolution_has_the_flop_of_its_table():
    assert "for each image of 224 px 6.9e+10 FLOP where convnext-large is frozen" in refused("convnext-large")[1]  # 34.4 GMAC


def test_both_encoders_together_are_refused_with_the_name_of_one():
    said, hint = refused("clip-vit-l-14-336")
    assert said == "the model clip-vit-l-14-336 has an encoder of text too, and a multimodal model has that of images alone"
    assert "ViT-L/14@336px" in hint
