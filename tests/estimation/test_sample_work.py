"""FLOP of samples by family: which part of a model sees which tokens, and what a plan has to state for it."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.families import FAMILIES, OWN_FIELDS
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.estimation.sample_work import RECIPES

IMAGES = {"samples": 1e6, "epochs": 10, "image_size": 224, "patch_size": 16, "hw": "8xa100"}
SEEN = 1e7
"""Images seen."""


def refused(**stated):
    with pytest.raises(PlanError) as caught:
        estimate(**stated)
    assert caught.value.hint
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    ("stated", "parts"),
    [
        # 6 N T and 12 L h T² of 197 tokens
        ({"params": 86e6, "layers": 12, "hidden": 768}, {"model": 6 * 86e6 * 197, "attention": 12 * 12 * 768 * 197**2}),
        # the encoder sees a quarter of 196 patches and the class token, the decoder all
        (
            {"params": 330e6, "decoder_params": 26e6, "family": "masked-autoencoder", "layers": 24, "hidden": 1024},
            {
                "encoder": 6 * 304e6 * 50,
                "decoder": 6 * 26e6 * 197,
                "attention": 12 * 24 * 1024 * 50**2,
                "decoder_attention": (26e6 / 512 - 1024 - 768) * 197**2,
            },
        ),
        # two crops of 197 tokens and eight of 37; the teacher runs forward on the two
        (
            {"params": 22e6, "family": "self-distillation", "layers": 12, "hidden": 384},
            {
                "student": 22e6 * 6 * (2 * 197 + 8 * 37),
                "teacher": 22e6 * 2 * 2 * 197,
                "attention": 12 * 12 * 384 * (4 / 3 * 2 * 197**2 + 8 * 37**2),
            },
        ),
        # a table of 38,000 words of width 512 beside 144 × 512² parameters that see text
        (
            {"params": 143e6, "text_params": 144 * 512**2 + 38e3 * 512, "vocab": 38e3, "layers": 12, "hidden": 768},
            {"images": 6 * (143e6 - 144 * 512**2 - 38e3 * 512) * 197, "text": 6 * 144 * 512**2 * 77, "attention": 12 * 12 * 768 * 197**2},
        ),
        # 14 × 14 patches in eight tubelets
        ({"params": 86e6, "frames": 16, "layers": 12, "hidden": 768}, {"model": 6 * 86e6 * 1568, "attention": 12 * 12 * 768 * 1568**2}),
        # 256 px / 8 in patches of 2: 256 tokens; 30 GMAC of frozen encoders
        (
            {
                "params": 675e6,
                "active_params": 446e6,
                "image_size": 256,
                "patch_size": 2,
                "latent_factor": 8,
                "frozen_gmac_per_sample": 30,
                "layers": 28,
                "hidden": 1152,
            },
            {"model": 6 * 446e6 * 256, "frozen": 6e10, "attention": 12 * 28 * 1152 * 256**2},
        ),
        ({"params": 86e6, "layers": 12, "hidden": 768, "teacher_params": 300e6}, None),
        ({"params": 86e6, "layers": 12, "hidden": 768, "frozen_params": 80e6}, None),
    ],
)
def test_the_parts_of_a_sample_are_those_of_the_training(stated, parts):
    answer = estimate(**{**IMAGES, **stated})
    counts = answer.flop_counts
    assert counts["how"] == "per_sample"
    assert sum(counts["parts"].values()) == pytest.approx(answer.median("compute_flop"))
    if parts is not None:
        assert counts["parts"] == pytest.approx({name: flop * SEEN for name, flop in parts.items()})


def test_a_teacher_and_frozen_parameters_count_as_elsewhere():
    shape = {"params": 86e6, "layers": 12, "hidden": 768}
    plain, taught, frozen = (estimate(**IMAGES, **shape, **more).median("compute_flop") for more in ({}, {"teacher_params": 300e6}, {"frozen_params": 80e6}))
    assert taught - plain == pytest.approx(2 * 300e6 * 197 * SEEN)
    assert plain - frozen == pytest.approx(2 * 80e6 * 197 * SEEN)
    text = estimate(**IMAGES, params=86e6, teacher_params=300e6, family="vision")
    assert text.flop_counts["parts"]["teacher"] == pytest.approx(taught - plain)


def test_speech_has_frames_for_the_encoder_and_text_for_the_decoder():
    whisper = {"params": 1.55e9, "decoder_params": 0.9e9, "audio_hours": 680e3, "frames_per_s": 50, "text_tokens": 4, "hw": "64xa100"}
    seconds = 680e3 * 3600
    answer = estimate(**whisper)
    assert answer.flop_counts["parts"] == pytest.approx({"encoder": 6 * 0.65e9 * 50 * seconds, "decoder": 6 * 0.9e9 * 4 * seconds})
    assumed = {each.name: each.value for each in estimate(**{**whisper, "frames_per_s": None, "text_tokens": None}).assumptions}
    assert assumed["frames_per_s"] == pytest.approx((25 * 50) ** 0.5)
    assert assumed["text_tokens"] == pytest.approx((2.5 * 5) ** 0.5)
    assert assumed["family"] == "speech"


def test_what_is_left_open_is_assumed_and_said():
    names = {each.name: each.value for each in estimate(**IMAGES, params=22e6, family="self-distillation").assumptions}
    assert (names["global_crops"], names["local_crops"], names["local_size"]) == (2.0, 8.0, 96.0)
    assert "frozen_gmac_per_sample" in {each.name for each in estimate(**IMAGES, params=1e9, latent_factor=8).assumptions}


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"params": 86e6, "family": "contrastive"}, "contrastive needs text_params"),
        ({"params": 86e6, "family": "masked-autoencoder"}, "masked-autoencoder needs decoder_params"),
        ({"params": 86e6, "family": "video"}, "video needs frames"),
        ({"family": "self-distillation"}, "self-distillation needs params"),
        ({"params": 86e6, "family": "vision", "text_params": 1e6}, "text_params are not known to vision"),
        ({"params": 86e6, "family": "decoder", "frames": 16}, "frames are not known to decoder"),
        ({"params": 86e6, "family": "weather", "layers": 2, "hidden": 8}, "image_size is not known to weather"),
        ({"params": 22e6, "family": "self-distillation", "frozen_params": 1e6}, "frozen_params are not known to self-distillation"),
    ],
)
def test_a_family_is_told_what_it_needs_and_what_it_does_not_know(stated, message):
    assert refused(**{**IMAGES, **stated})[0] == message


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.needs])
def test_what_no_formula_covers_is_refused_by_parameters_and_tokens_with_what_to_give(family):
    message, hint = refused(params=86e6, tokens=1e9, family=family, hw="a100")
    assert message == f"the FLOP of {family} do not follow from params and tokens"
    assert hint == FAMILIES[family].needs
    message, hint = refused(params=86e6, family=family, hw="a100")
    assert (message, hint) == (f"the plan does not state the data of {family}", FAMILIES[family].needs)
    assert estimate(flop=1e20, params=86e6, family=family, hw="a100").flop_counts["how"] == "stated"


@pytest.mark.parametrize("family", ["protein", "weather"])
def test_measured_seconds_of_a_sample_are_gpu_hours(family):
    answer = estimate(family=family, samples=50e3, epochs=100, seconds_per_sample="8 s", hw="32xa100")
    # 8 × 50,000 × 100 / 3600
    assert answer.median("accelerator_hours_h") == pytest.approx(8 * 5e6 / 3600)
    assert answer["compute_flop"] is None
    assert "give flop" in answer.gaps["compute_flop"]
    assert refused(family=family, samples=50e3, hw="a100")[0] == "samples need the size of a sample"


def test_seconds_and_multiply_adds_of_a_sample_imply_the_utilisation():
    answer = estimate(gmac_per_sample=4.1, samples=1e6, seconds_per_sample="2 ms", hw="v100-16gb", family="convolution")
    assert answer.median("mfu") == pytest.approx(6 * 4.1e9 / (2e-3 * 125e12), rel=1e-6)


@pytest.mark.parametrize(("family", "word"), [("speech", "audio_hours"), ("vision", "patch_size"), ("diffusion", "latent_factor")])
def test_samples_without_a_size_are_refused_with_what_the_family_needs(family, word):
    assert word in refused(params=86e6, samples=1e6, family=family, hw="a100")[1]


def test_small_patches_of_a_diffusion_model_are_pointed_out_before_the_figures():
    answer = estimate(**{**IMAGES, "patch_size": 2}, params=1e8, family="diffusion")
    assert answer.slips == ("patches of a few pixels: give latent_factor (8 in Stable Diffusion) if the model sees latent images",)


def test_every_family_that_is_counted_by_sample_has_a_recipe_and_every_field_a_family():
    assert {name for name, family in FAMILIES.items() if family.is_by_sample} < RECIPES.keys() < FAMILIES.keys()
    assert OWN_FIELDS.keys() < FIELDS.keys()
    assert set(OWN_FIELDS.values()) < RECIPES.keys()


def test_masked_and_distilled_encoders_of_known_shape_count_their_attention():
    images = {"samples": 1.28e6, "epochs": 300, "image_size": 224, "patch_size": 16, "hw": "8xa100"}
    seen = 1.28e6 * 300
    masked = estimate(family="masked-autoencoder", params=330e6, decoder_params=26e6, layers=24, hidden=1024, **images).flop_counts["parts"]
    assert masked["attention"] == pytest.approx(12 * 24 * 1024 * 50**2 * seen)
    assert masked["decoder_attention"] == pytest.approx(12 * 8 * 512 * 197**2 * seen, rel=0.01)  # eight layers of 512
    distilled = estimate(family="self-distillation", params=22e6, layers=12, hidden=384, **images)
    parts = distilled.flop_counts["parts"]
    assert parts["attention"] == pytest.approx(12 * 12 * 384 * (2 * 197**2 + 8 * 37**2 + 2 * 197**2 / 3) * seen)
    assert sum(parts.values()) == pytest.approx(distilled.median("compute_flop"))


def test_the_pre_training_of_a_video_encoder_takes_the_published_multiply_adds():
    # VideoMAE V2 (arXiv:2303.16727), table 1, by memory, decoder that sees all patches: 35.48 G for ViT-B on 16 frames, of which attention in the decoder is 7.55.
    # The sum of the matrix products of its code is 35.46: 160 of 1,568 patches in 12 layers of 768, all of them in 4 layers of 384.
    stated = {"params": 86.2e6 + 8.0e6, "decoder_params": 8.0e6, "layers": 12, "hidden": 768, "mask_ratio": 0.9, "frames": 16}
    answer = estimate(**{**IMAGES, "epochs": 1}, **stated, family="masked-autoencoder")
    assert answer.median("compute_flop") / 6e15 == pytest.approx(35.48, rel=0.05)
    assert answer.flop_counts["parts"]["decoder_attention"] / 6e15 == pytest.approx(7.55, rel=0.01)


CLIP = {"family": "contrastive", "image_size": 224}
DIT = {"family": "diffusion", "latent_factor": 8, "image_size": 256}


@pytest.mark.parametrize(
    ("gmac", "stated"),
    [
        # PyTorch Image Models, results/benchmark: multiply-adds of one image
        (1.26, {"params": 5.72e6, "image_size": 224, "patch_size": 16}),
        (4.61, {"params": 22.05e6, "image_size": 224, "patch_size": 16}),
        (55.54, {"params": 86.86e6, "image_size": 384, "patch_size": 16}),
        (191.21, {"params": 304.72e6, "image_size": 384, "patch_size": 16}),
        (507.15, {"params": 304.37e6, "image_size": 518, "patch_size": 14}),
        (484.0, {"params": 1843e6, "image_size": 224, "patch_size": 14}),
        # OpenCLIP, docs/model_profile.csv: GFLOP of a forward pass of both encoders, two a multiply-add
        (14.78 / 2, {**CLIP, "params": 151.28e6, "text_params": 63.43e6, "patch_size": 32}),
        (41.09 / 2, {**CLIP, "params": 149.62e6, "text_params": 63.43e6, "patch_size": 16}),
        (175.33 / 2, {**CLIP, "params": 427.62e6, "text_params": 123.65e6, "patch_size": 14}),
        (395.22 / 2, {**CLIP, "params": 427.94e6, "text_params": 123.65e6, "patch_size": 14, "image_size": 336}),
        (381.68 / 2, {**CLIP, "params": 986.11e6, "text_params": 354.03e6, "patch_size": 14}),
        (581.15 / 2, {**CLIP, "params": 1366.68e6, "text_params": 354.03e6, "patch_size": 14}),
        (1065.36 / 2, {**CLIP, "params": 2539.57e6, "text_params": 694.66e6, "patch_size": 14}),
        # Peebles and Xie 2022, tables 1 and 4: what they call Gflops are multiply-adds
        (0.36, {**DIT, "params": 33e6, "patch_size": 8, "layers": 12, "hidden": 384}),
        (5.56, {**DIT, "params": 130e6, "patch_size": 4, "layers": 12, "hidden": 768}),
        (118.64, {**DIT, "params": 675e6, "patch_size": 2}),
        (118.64, {**DIT, "params": 675e6, "patch_size": 2, "layers": 28, "hidden": 1152}),
        (524.60, {**DIT, "params": 675e6, "patch_size": 2, "image_size": 512, "layers": 28, "hidden": 1152}),
    ],
)
def test_multiply_adds_are_those_that_were_published(gmac, stated):
    assert estimate(samples=1e6, hw="8xa100", **stated).median("compute_flop") == pytest.approx(6e9 * gmac * 1e6, rel=0.05)


def test_a_shape_that_is_assumed_is_said_and_makes_the_flop_uncertain():
    answer = estimate(**IMAGES, params=86e6)
    assert {"hidden", "layers"} <= {each.name for each in answer.assumptions}
    flop = answer["compute_flop"]
    assert flop.low < flop.median < flop.high
    stated = estimate(**IMAGES, params=86e6, hidden=768)
    assert stated.median("compute_flop") == pytest.approx(SEEN * (6 * 86e6 * 197 + 86e6 / 768 * 197**2))
    assert estimate(**IMAGES, params=86e6, layers=12).median("compute_flop") == pytest.approx(stated.median("compute_flop"), rel=1e-2)


def test_text_of_a_diffusion_transformer_is_in_its_sequence():
    flux = {"family": "diffusion", "params": 11.9e9, "layers": 57, "hidden": 3072, "image_size": 1024, "latent_factor": 8, "patch_size": 2}
    parts = estimate(**flux, text_tokens=512, samples=1, hw="8xh100").flop_counts["parts"]
    assert parts == pytest.approx({"model": 6 * 12 * 57 * 3072**2 * 4608, "attention": 12 * 57 * 3072 * 4608**2})
    assert (
        refused(**IMAGES, params=86e6, family="masked-autoencoder", decoder_params=1e6, text_tokens=77, frames=16)[0]
        == "text_tokens are not known to masked-autoencoder"
    )


def test_latent_video_has_a_token_for_four_frames_unless_it_is_stated():
    video = {"family": "video", "params": 1e9, "layers": 30, "hidden": 1536, "frames": 64, "samples": 1e4, "image_size": 512, "patch_size": 2, "hw": "8xh100"}
    latent, stated = (estimate(**video, latent_factor=8, **more).median("compute_flop") for more in ({}, {"frames_per_token": 4}))
    assert latent == stated


def test_adapters_of_a_vision_transformer_leave_its_weights_without_gradients():
    tuned = estimate(**IMAGES, params=86e6, kind="lora", trainable_params=1e6, layers=12, hidden=768)
    assert tuned.flop_counts["parts"] == pytest.approx(
        {"frozen": 4 * 86e6 * 197 * SEEN, "adapters": 6 * 1e6 * 197 * SEEN, "attention": 12 * 12 * 768 * 197**2 * SEEN}
    )
    assert refused(**IMAGES, params=150e6, text_params=64e6, kind="lora")[0] == "kind lora is not known to contrastive"


def test_trainable_parameters_of_a_vision_transformer_leave_the_rest_frozen():
    probe, frozen = (estimate(**IMAGES, params=86e6, layers=12, hidden=768, **more) for more in ({"trainable_params": 1e6}, {"frozen_params": 85e6}))
    assert probe.flop_counts == frozen.flop_counts
    assert refused(**IMAGES, params=150e6, text_params=64e6, trainable_params=1e6)[0] == "trainable_params are not known to contrastive"


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"params": 26e6, "decoder_params": 26e6, "family": "masked-autoencoder"}, "decoder_params leave no parameters for the encoder"),
        ({"params": 64e6, "text_params": 64e6}, "text_params leave no parameters for the images"),
        ({"params": 86e6, "evaluation_tokens": 1e9}, "evaluation_tokens are not known to vision"),
        ({"params": 86e6, "padding": 0.1}, "padding is not known to vision"),
        ({"params": 86e6, "kind": "rl"}, "kind rl is not known to vision"),
        ({"params": 150e6, "text_params": 64e6, "kind": "dpo"}, "kind dpo is not known to contrastive"),
    ],
)
def test_what_a_sample_cannot_have_is_refused_by_its_own_name(stated, message):
    assert refused(**{**IMAGES, **stated})[0] == message


def test_preference_tuning_of_a_diffusion_transformer_runs_its_reference_forward():
    dit = {**IMAGES, **DIT, "params": 675e6, "active_params": 446e6, "layers": 28, "hidden": 1152, "patch_size": 2, "kind": "dpo"}
    parts = estimate(**dit).flop_counts["parts"]
    assert parts["reference"] == pytest.approx(2 * 446e6 * 256 * SEEN)
    assert "reference" not in estimate(**dit, reference_params=0).flop_counts["parts"]


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "fields",
    [
        {"family": "diffusion", "image_size": 256, "patch_size": 2, "latent_factor": 8, "params": 675e6},
        {"family": "vision", "image_size": 224, "patch_size": 16, "params": 2e9, "active_params": 5e8},
    ],
)
def test_no_part_of_a_frozen_model_is_negative_where_a_token_passes_through_some_of_it(fields, share):
    whole = estimate(**fields, samples=1e6, hw="8xa100")
    for more in ({"frozen_params": share * fields["params"]}, {"trainable_params": (1.0 - share) * fields["params"]}):
        answer = estimate(**fields, samples=1e6, hw="8xa100", **more)
        parts, own = answer.flop_counts["parts"], whole.flop_counts["parts"]["model"]
        assert min(parts.values()) >= 0.0
        assert answer.median("compute_flop") == pytest.approx(whole.median("compute_flop") - share * own / 3)
