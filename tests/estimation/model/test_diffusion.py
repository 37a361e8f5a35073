"""Transformers that make images or video, by name: their FLOP as published, and as counted operation by operation."""

import pytest

from traincarbon import estimate
from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import PlanError
from traincarbon.estimation.model.diffusion import find_diffusion_transformer

FACTS = Database([builtin_root()])
DATA = {"samples": 1e6, "epochs": 1, "hw": "64xh100"}


def forward_gmac(**stated):
    """Return the multiply-adds of a forward pass over a sample, a sixth of the FLOP of training. [GMAC]."""
    return estimate(**DATA, **stated).median("compute_flop") / 6e15


@pytest.mark.parametrize(
    ("model", "stated", "gmac"),
    [
        # published for 50 steps, by memory: 3,719.50 TFLOP at 1024 px (arXiv:2503.06923, table 1), two a multiply-add
        ("black-forest-labs/FLUX.1-dev", {}, 3719.50e3 / 50 / 2),
        # 595.46 TFLOP a step at 65 frames of 640 x 480 (the same paper, table 2, as public copies of its code quote it)
        ("tencent/HunyuanVideo", {"frames": 65, "image_size": (640 * 480) ** 0.5}, 595.46e3 / 2),
        # counted operation by operation on empty tensors of diffusers 0.42.1, attention included
        ("stabilityai/stable-diffusion-3-medium-diffusers", {}, 4218.68),
        ("sd3-medium", {"text_tokens": 333}, 4452.17),
        ("stabilityai/stable-diffusion-3.5-medium", {}, 5624.79),
        ("stable-diffusion-3.5-large", {}, 15560.56),
        ("PixArt-alpha/PixArt-XL-2-256x256", {"image_size": 256}, 149.05),
        ("PixArt-alpha/PixArt-XL-2-512x512", {}, 617.99),
        ("PixArt-alpha/PixArt-XL-2-1024-MS", {"image_size": 1024}, 3254.76),
        ("PixArt-alpha/PixArt-Sigma-XL-2-1024-MS", {}, 3316.79),
        ("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", {}, 141500.89),
        ("Wan-AI/Wan2.1-T2V-14B", {}, 839185.14),
        ("wan2.1-14b", {"image_size": 960}, 3261718.30),
        ("Wan-AI/Wan2.2-TI2V-5B-Diffusers", {}, 258503.88),
        ("hunyuanvideo", {}, 6034296.10),
        ("THUDM/CogVideoX-2b", {}, 59998.66),
        ("THUDM/CogVideoX-5b-I2V", {}, 166098.86),
        ("genmo/mochi-1-preview", {}, 833752.94),
        ("Lightricks/LTX-Video", {}, 14556.21),
        ("Qwen/Qwen-Image", {}, 39151.96),
        ("black-forest-labs/FLUX.2-dev", {}, 141299.78),
        ("fal/AuraFlow", {}, 21984.05),
    ],
)
def test_a_forward_pass_takes_the_multiply_adds_that_were_published_or_counted(model, stated, gmac):
    assert forward_gmac(model=model, **stated) == pytest.approx(gmac, rel=0.05)


@pytest.mark.parametrize("model", [row["diffusion_transformer"] for row in FACTS.all_rows("diffusion_transformers")])
def test_the_sample_of_our_own_table_is_not_called_wrong(model):
    assert estimate(**{**DATA, "samples": 1e8, "mfu": 0.3}, model=model).warnings == []


def test_half_the_side_leaves_the_text_in_the_sequence():
    # 1,024 patches and 512 of text, instead of 4,096 and 512
    half = 6.4575 * (1024 + 512) + 2e-9 * 57 * 3072 * 1536**2
    assert forward_gmac(model="flux.1-dev", image_size=512) == pytest.approx(half, rel=0.01)


def test_adapters_leave_the_weights_without_gradients():
    parts = estimate(**DATA, model="flux.1-dev", kind="lora").flop_counts["parts"]
    assert parts["frozen"] == pytest.approx(4 * 6.457e9 * 4608 * 1e6)


def test_what_the_plan_states_wins_and_a_known_family_is_kept():
    answer = estimate(**DATA, model="wan2.1-1.3b", frames=1)
    assert answer.plan.family == "video"
    assert answer.flop_counts["parts"]["model"] == pytest.approx(6 * 1.253e9 * (632 / 16) ** 2 * 1e6)


def test_flop_that_the_plan_states_need_no_sample():
    answer = estimate(model="flux.1-dev", flop=1e22, hw="64xh100")
    assert (answer.plan.params, answer.plan.family) == (11901408320, "diffusion")


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("black-forest-labs/FLUX.1-schnell", "flux.1-dev"),
        ("FLUX.1 dev", "flux.1-dev"),
        ("SD3", "stable-diffusion-3-medium"),
        ("stabilityai/stable-diffusion-3.5-large-turbo", "stable-diffusion-3.5-large"),
        ("hunyuanvideo-community/HunyuanVideo-I2V", "hunyuanvideo"),
        ("Wan-AI/Wan2.1-I2V-14B-720P-Diffusers", "wan2.1-14b"),
        ("tencent/HunyuanVideo-1.5", None),
        ("Wan-AI/Wan2.2-T2V-A14B", None),
        ("llama-3-8b", None),
    ],
)
def test_releases_of_one_shape_are_one_network_and_other_versions_are_not(name, id):
    found = find_diffusion_transformer(FACTS, name)
    assert (found.id if found else None) == id


def test_another_family_is_refused():
    with pytest.raises(PlanError, match=r"family decoder contradicts the model flux\.1-dev, whose family is diffusion"):
        estimate(**DATA, model="flux.1-dev", family="decoder")
