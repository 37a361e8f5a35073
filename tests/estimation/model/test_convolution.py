"""Convolutional networks by name."""

import re

import pytest

from traincarbon import estimate
from traincarbon.database.load import open_database
from traincarbon.database.models import model_name
from traincarbon.errors import AmbiguousError, NotFoundError, PlanError
from traincarbon.estimation.families import FAMILIES
from traincarbon.estimation.model.convolution import find_convolution

IMAGENET = {"samples": "1.28M", "epochs": 90, "hw": "8 x V100-16GB"}


def test_at_least_forty_networks_are_known_by_usual_spellings():
    database = open_database()
    assert len(database.all_rows("convolutions")) >= 40
    for name in ("resnet50", "ResNet-50", "resnet_50", "timm/resnet50"):
        assert find_convolution(database, name).id == "resnet-50"
    for name, id in (("resnext50_32x4d", "resnext-50-32x4d"), ("efficientnet_b0", "efficientnet-b0"), ("wide_resnet50_2", "wide-resnet-50-2")):
        assert find_convolution(database, name).id == id
    assert find_convolution(database, "resnet-51") is None


def test_resnet_50_on_imagenet_takes_2_8e18_flop():
    # 6e9 × 4.11 × 1.28e6 × 90
    answer = estimate(model="resnet-50", **IMAGENET)
    assert answer.median("compute_flop") == pytest.approx(2.84e18, rel=0.01)
    assert answer.flop_counts == {"how": "per_sample", "parts": {"model": answer.median("compute_flop")}}
    assert answer.plan.params == pytest.approx(25.6e6, rel=0.01)
    assert answer.plan.family == "convolution"
    assert ("image_size", 224.0) in [(each.name, each.value) for each in answer.assumptions]


def test_larger_images_take_more_work():
    plain, large = (estimate(model="resnet50", image_size=size, **IMAGENET).median("compute_flop") for size in (224, 448))
    assert large == pytest.approx(4 * plain)
    assert estimate(model="resnet50", gmac_per_sample=1, **IMAGENET).median("compute_flop") == pytest.approx(6e9 * 1.28e6 * 90)


def test_a_convolution_by_parameters_and_tokens_is_refused():
    with pytest.raises(PlanError, match="the FLOP of convolution do not follow from params and tokens") as caught:
        estimate(model="resnet50", tokens=1e9, hw="v100-16gb")
    assert "gmac_per_sample" in caught.value.hint


def test_a_network_that_nobody_knows_is_no_model():
    with pytest.raises(NotFoundError, match="no model 'resnet-51'") as caught:
        estimate(model="resnet-51", **IMAGENET)
    assert "resnet-50" in caught.value.hint
    with pytest.raises(AmbiguousError, match="'efficientnet' matches more than one model") as caught:
        estimate(model="efficientnet", **IMAGENET)
    assert "efficientnet-b0" in caught.value.hint


def test_a_vision_transformer_by_name_brings_its_images():
    answer = estimate(model="vit-base", samples=1e6, hw="a100")
    assert answer.flop_counts["how"] == "per_sample"
    assert answer.flop_counts["parts"]["attention"] == pytest.approx(12 * 12 * 768 * 197**2 * 1e6)


@pytest.mark.parametrize(
    ("model", "gmac", "family"),
    [
        ("regnety_160", 15.96, "convolution"),
        ("tf_efficientnetv2_l", 36.1, "separable-convolution"),
        ("mobilenetv3_large_100", 0.23, "separable-convolution"),
        ("vgg19_bn", 19.63, "convolution"),
        ("resnet50.a1_in1k", 4.11, "convolution"),
        ("microsoft/swin-tiny-patch4-window7-224", 4.51, "vision"),
        ("swin_base_patch4_window12_384", 47.19, "vision"),
        ("beit_base_patch16_224", 17.58, "vision"),
        ("openai/clip-vit-base-patch32", 7.39, "contrastive"),
        ("CLIP ViT-L/14", 87.665, "contrastive"),
        ("DiT-XL/2", 118.64, "diffusion"),
        ("runwayml/stable-diffusion-v1-5", 401.6, "diffusion"),
    ],
)
def test_networks_of_images_are_known_by_usual_names(model, gmac, family):
    answer = estimate(model=model, samples=1e6, hw="a100")
    assert answer.median("compute_flop") == pytest.approx(6e15 * gmac)
    assert answer.plan.family == family


def test_full_attention_at_another_image_size_is_pointed_out():
    said = "the multiply-adds of CaiT-S24 are taken to grow with the number of pixels; full attention grows faster"
    assert said in estimate(model="cait-s24", samples=1e6, image_size=384, hw="a100").warnings
    assert said not in estimate(model="cait-s24", samples=1e6, hw="a100").warnings


@pytest.mark.parametrize(
    ("model", "size", "gmac"),
    [
        ("dit-xl/2", 512, 524.6),  # published for the size; without attention it would be 474.6
        ("dit-xl-2-512", 256, 118.64),
        ("dit-xl/2", 1024, 2913.0),  # by shape: 114.41 x 16 + 4.228 x 256
        ("beit-base", 384, 55.54),
        ("beit-large", 384, 191.21),
        ("eva-giant", 336, 620.64),
        ("eva02-large", 448, 362.33),
    ],
)
def test_full_attention_of_a_known_shape_grows_with_the_pairs_of_tokens(model, size, gmac):
    answer = estimate(model=model, samples=1e6, image_size=size, hw="a100")
    assert answer.median("compute_flop") == pytest.approx(6e15 * gmac, rel=0.005)
    assert not [warning for warning in answer.warnings if "number of pixels" in warning]


def test_attention_is_a_part_of_the_multiply_adds(shipped):
    rows = [row for row in shipped.all_rows("image_networks") if row["attention_gmac"]]
    assert len(rows) >= 40
    assert all(float(row["attention_gmac"]) < 0.3 * float(row["gmac"]) for row in rows)  # 0.29 in the U-Net of Stable Diffusion 2 at 768 px
    told = [(row, match) for row in rows if (match := re.search(r"2 x ([0-9]+) layers x ([0-9]+) x ([0-9]+)\^2", row["note"]))]
    assert len(told) >= 40
    for row, match in told:
        layers, width, tokens = (float(part) for part in match.groups())
        assert float(row["attention_gmac"]) == pytest.approx(2e-9 * layers * width * tokens**2, rel=2e-3), row["image_network"]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("mobilenetv2_100.ra_in1k", "mobilenet-v2"),
        ("timm/vgg16_bn.tv_in1k", "vgg-16"),
        ("mobilenetv3_large_100.ra_in1k", "mobilenet-v3-large"),
        ("swin_t", "swin-tiny"),
        ("swin_b", "swin-base"),
        ("swin_v2_t", "swinv2-tiny"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "stable-diffusion-xl"),
        ("stabilityai/stable-diffusion-2-1", "stable-diffusion-2"),
        ("google/siglip2-so400m-patch14-384", "siglip2-so400m-patch14-384"),
        ("vit_so400m_patch14_siglip_384.webli", "vit-so400m-patch14-siglip-384"),
        ("apple/aimv2-large-patch14-224", "aimv2-large"),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "clip-vit-b-32"),
        ("laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", "clip-vit-l-14"),
        ("hf-hub:laion/CLIP-ViT-g-14-laion2B-s34B-b88K", "clip-vit-giant-14"),
        ("stable-diffusion-1.5", "stable-diffusion-1"),
        ("stable-diffusion-1.6", None),
        ("resnet-50.5", None),
        ("laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K", None),
    ],
)
def test_weights_and_data_in_a_name_are_not_part_of_the_network(shipped, text, id):
    found = find_convolution(shipped, text)
    assert (found and found.id) == id


def test_every_network_has_a_family_of_images_and_a_name_of_its_own(shipped):
    rows = shipped.all_rows("image_networks")
    assert all(FAMILIES[row["family"]].medium == "image" for row in rows)
    names = [model_name(name.replace("/", "-")) for row in rows for name in (row["image_network"], *row["aliases"].split())]
    assert len(names) == len(set(names))
    assert not set(names) & {model_name(row["convolution"]) for row in shipped.all_rows("convolutions")}


@pytest.mark.parametrize("stated", [{"frames": 16, "family": "video"}, {"frozen_gmac_per_sample": 100}, {"frozen_params": 1e7}, {"teacher_params": 1e8}])
def test_what_the_multiply_adds_of_an_image_do_not_hold_is_refused(stated):
    name = next(iter(stated))
    with pytest.raises(PlanError, match=f"{name} beside the model ResNet-50, which is known by the multiply-adds of an image") as caught:
        estimate(model="resnet-50", samples=1e6, hw="a100", **stated)
    assert "flop_per_sample" in caught.value.hint
