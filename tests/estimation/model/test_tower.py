"""A network of images beside the family of multimodal models is refused with what to give for it."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.model.convolution import find_convolution
from traincarbon.estimation.model.resolve import with_model
from traincarbon.estimation.model.tower import gmac_of_image, refusal_of_network
from traincarbon.estimation.plan import Plan

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


@pytest.mark.parametrize(
    ("model", "size", "frozen"),
    [
        ("openai/clip-vit-large-patch14-336", 336, "3.8e+11"),  # 190.96 GMAC, as ViT-L/14@336px
        ("clip-vit-large-patch14", 224, "1.6e+11"),
        ("laion/CLIP-ViT-H-14-laion2B-s32B-b79K", 224, "3.3e+11"),
        ("google/siglip-so400m-patch14-384", 384, "6.7e+11"),
        ("google/siglip2-so400m-patch14-384", 384, "6.7e+11"),
        ("eva01-clip-g-14", 224, "5.3e+11"),
    ],
)
def test_of_two_encoders_that_of_images_alone_is_counted(model, size, frozen):
    said, hint = refused(model)
    assert "is the part of a multimodal model that sees images" in said
    assert f"for each image of {size} px {frozen} FLOP where" in hint


def test_the_encoder_of_images_has_the_figure_of_the_transformer_of_its_shape(shipped):
    for both, alone in (("clip-vit-l-14-336", "ViT-L/14@336px"), ("clip-vit-b-16", "vit_base_patch16_224"), ("clip-vit-l-14", "ViT-L/14@224px")):
        network, (_, vit) = find_convolution(shipped, both), with_model(Plan(model=alone, samples=1e6, hw="h100"), shipped)
        assert network.gmac - network.text_gmac == pytest.approx(gmac_of_image(vit.config, vit.params), rel=0.02)


def test_the_text_of_every_network_of_two_encoders_is_known_and_the_smaller_part(shipped):
    rows = [row for row in shipped.all_rows("image_networks") if row["family"] == "contrastive"]
    assert len(rows) >= 36
    assert all(0.0 < float(row["text_gmac"]) < 0.5 * float(row["gmac"]) for row in rows)
    assert not [row for row in shipped.all_rows("image_networks") if row["text_gmac"] and row["family"] != "contrastive"]


def test_both_encoders_of_which_the_text_is_unknown_are_refused_with_the_name_of_one(shipped):
    error = refusal_of_network(find_convolution(shipped, "clip-vit-l-14-336")._replace(text_gmac=0.0))
    assert str(error) == "the model clip-vit-l-14-336 has an encoder of text too, and a multimodal model has that of images alone"
    assert "ViT-L/14@336px" in error.hint
