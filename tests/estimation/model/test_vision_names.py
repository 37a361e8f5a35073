"""Names of vision transformers: each says a shape, and maybe a patch and an image size."""

import pytest

from traincarbon import estimate
from traincarbon.estimation.model.vision_names import vision_name


@pytest.mark.parametrize(
    ("text", "id", "patch", "image"),
    [
        ("vit_tiny_patch16_224", "vit-tiny", 16, 224),
        ("vit_base_patch16_384.augreg_in21k_ft_in1k", "vit-base", 16, 384),
        ("vit_base_patch16_384.augreg2_in21k_ft_in1k", "vit-base", 16, 384),
        ("vit_base_patch16_224.mae", "vit-base", 16, 224),
        ("vit_large_patch14_clip_336.openai", "vit-large", 14, 336),
        ("deit3_base_patch16_384.fb_in22k_ft_in1k", "vit-base", 16, 384),
        ("ViT-Base/16", "vit-base", 16, None),
        ("ViT-Large/14", "vit-large", 14, None),
        ("vit_base_patch16.5", None, None, None),
        ("vit_base_patch16_224.augreg_in21k", "vit-base", 16, 224),
        ("google/vit-base-patch32-384", "vit-base", 32, 384),
        ("ViT-B/16", "vit-base", 16, None),
        ("ViT-L/14@336px", "vit-large", 14, 336),
        ("vit_b_16", "vit-base", 16, None),
        ("ViT-Ti", "vit-tiny", None, None),
        ("ViT-g/14", "vit-giant", 14, None),
        ("ViT-G/14", "vit-gigantic", 14, None),
        ("vit_giant_patch14_224", "vit-giant", 14, 224),
        ("deit-small", "vit-small", None, None),
        ("deit_base_distilled_patch16_224", "vit-base", 16, 224),
        ("deit3_large_patch16_384", "vit-large", 16, 384),
        ("vit_large_patch14_dinov2.lvd142m", "vit-large", 14, 518),
        ("facebook/dinov2-base", "vit-base", 14, 518),
        ("dino_vits8", "vit-small", 8, None),
        ("facebook/vit-mae-huge", "vit-huge", None, None),
        ("dinov2_vitg14", "dinov2-giant", 14, 518),
        ("facebook/dinov2-giant", "dinov2-giant", 14, 518),
        ("dinov2_vitg14_reg", "dinov2-giant", 14, 518),
        ("vit_giant_patch14_reg4_dinov2.lvd142m", "dinov2-giant", 14, 518),
        ("vit_large_patch14_reg4_dinov2", "vit-large", 14, 518),
        ("facebook/dinov2-with-registers-base", "vit-base", 14, 518),
        ("dinov3_vits16", "vit-small", 16, 256),
        ("dinov3_vits16plus", "dinov3-small-plus", 16, 256),
        ("facebook/dinov3-vitl16-pretrain-lvd1689m", "vit-large", 16, 256),
        ("facebook/dinov3-vith16plus-pretrain-lvd1689m", "dinov3-huge-plus", 16, 256),
        ("facebook/dinov3-vit7b16-pretrain-sat493m", "dinov3-7b", 16, 256),
        ("vit_huge_plus_patch16_dinov3_qkvb.lvd1689m", "dinov3-huge-plus", 16, 256),
        ("dinov3-convnext-base", None, None, None),
        ("swin_tiny_patch4_window7_224", None, None, None),
        ("llama-3-8b", None, None, None),
        ("vit", None, None, None),
    ],
)
def test_a_name_says_the_shape_the_patch_and_the_image(text, id, patch, image):
    found = vision_name(text)
    assert found == (None if id is None else (id, patch, image))


@pytest.mark.parametrize(
    ("model", "gmac"),
    [
        # PyTorch Image Models, results/benchmark-infer-amp-nchw-pt291-cu128-4090.csv, infer_gmacs
        ("vit_tiny_patch16_384", 4.7),
        ("vit_small_patch16_384", 15.52),
        ("vit_small_patch14_dinov2", 46.76),
        ("vit_base_patch32_224", 4.41),
        ("vit_base_patch16_384", 55.54),
        ("vit_base_patch14_dinov2", 151.71),
        ("vit_large_patch16_384", 191.21),
        ("vit_huge_patch14_224", 167.4),
        ("vit_giant_patch14_224", 267.18),
        ("vit_gigantic_patch14_224", 483.95),
        ("deit_tiny_patch16_224", 1.26),
        ("vit_giant_patch14_dinov2", 1784.2),
        ("vit_small_patch14_reg4_dinov2", 46.95),
        ("vit_large_patch14_reg4_dinov2", 508.9),
        ("vit_small_patch16_dinov3", 6.26),
        ("vit_small_plus_patch16_dinov3", 8.11),
        ("vit_base_patch16_dinov3", 23.6),
        ("vit_large_patch16_dinov3", 82.43),
        ("vit_huge_plus_patch16_dinov3", 224.88),
    ],
)
def test_multiply_adds_of_a_named_transformer_are_those_that_were_published(model, gmac):
    answer = estimate(model=model, samples=1e6, hw="a100")
    assert answer.median("compute_flop") == pytest.approx(6e15 * gmac, rel=0.02)
    assert answer["compute_flop"].is_exact


def test_dinov2_learns_from_crops_of_224_pixels_and_is_tuned_at_518():
    # dinov2/configs/train/vitl14.yaml: local crops of 98 px; DINO's of 96 make 333.8 GMAC of a ViT-L/14
    learnt = estimate(model="dinov2_vitl14", family="self-distillation", samples=1e6, hw="a100")
    same = estimate(model="vit_large_patch14_224", family="self-distillation", local_size=98, samples=1e6, hw="a100")
    assert learnt.median("compute_flop") == pytest.approx(same.median("compute_flop"), rel=5e-3)  # positions of 518 px
    tuned, large = (estimate(model="dinov2_vitl14", samples=1e6, hw="a100", **size).median("compute_flop") for size in ({}, {"image_size": 518}))
    assert tuned == large
    stated = estimate(model="dinov2_vitl14", family="self-distillation", image_size=518, samples=1e6, hw="a100")
    assert stated.median("compute_flop") > 4 * learnt.median("compute_flop")


def test_dinov3_learns_from_crops_of_256_and_112_pixels():
    # dinov3/configs/train/dinov3_vit7b16_pretrain.yaml
    seen = {"model": "facebook/dinov3-vit7b16-pretrain-lvd1689m", "family": "self-distillation", "samples": 1e6, "hw": "8xh100"}
    learnt, stated, small = (estimate(**seen, **size).median("compute_flop") for size in ({}, {"image_size": 256, "local_size": 112}, {"local_size": 96}))
    assert learnt == stated > small
