"""The table of the fields of a plan, and their other names."""

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan_fields import ALIASES, FIELDS, fields_with, named


@pytest.mark.parametrize(
    ("use", "names"),
    [
        (
            Use.SIZE,
            {
                "model",
                "head_dim",
                "ffn_matrices",
                "layers",
                "hidden",
                "heads",
                "kv_heads",
                "ffn",
                "vocab",
                "batch_tokens",
                "trainable_params",
                "frozen_params",
                "flop",
                "flop_per_sample",
                "gmac_per_sample",
                "text_params",
                "decoder_params",
                "reference_params",
            },
        ),
        (Use.LAYOUT, {"tp", "pp", "dp", "recompute"}),
        (Use.HARDWARE, {"rent_price", "purchase_price"}),
        (Use.PACE, {"mfu", "goodput", "accelerator_hours", "hours", "days", "seconds_per_sample", "generation_ratio"}),
        (
            Use.DATA,
            {
                *("samples", "epochs", "image_size", "patch_size", "audio_hours", "frames_per_s", "flop", "flop_per_sample", "gmac_per_sample"),
                *("latent_factor", "frames", "frames_per_token", "text_tokens", "mask_ratio", "global_crops", "local_crops", "local_size"),
                *("images", "images_per_sample", "frozen_gmac_per_sample", "seconds_per_sample", "padding", "evaluation_tokens", "generated_tokens"),
            },
        ),
        (Use.SIZE | Use.HARDWARE, {*fields_with(Use.SIZE), "rent_price", "purchase_price"}),
    ],
)
def test_code_that_deals_with_several_fields_asks_the_plan_for_them(use, names):
    assert set(fields_with(use)) == names


def test_a_field_is_found_by_each_of_its_names():
    assert {alias: next(iter(named({alias: "x"}))) for alias in ALIASES} == ALIASES
    assert not ALIASES.keys() & FIELDS.keys()


def test_a_field_under_two_names_is_refused():
    with pytest.raises(PlanError, match="accelerators and gpus are the same field"):
        named({"accelerators": 8, "gpus": 16})


def test_a_name_that_states_nothing_leaves_the_other_one():
    assert named({"accelerators": None, "gpus": 16}) == {"accelerators": 16}
