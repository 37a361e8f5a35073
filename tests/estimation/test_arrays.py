"""An array of plans gives what each of its members gives alone, whichever fields are arrays."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traincarbon import estimate
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import NUMBERS

DEGREES = {"tp", "pp", "dp"}
LIKELY = {
    "params": [1e9, 7e9, 70e9, 530e9],
    "active_params": [1e9, 7e9, 37e9],
    "tokens": [1e6, 1e9, 270e9, 15e12],
    "layers": [12.0, 24.0, 105.0],
    "hidden": [768.0, 4096.0, 11712.0, 20480.0],
    "heads": [12.0, 32.0, 96.0],
    "head_dim": [64.0, 128.0],
    "ffn": [3072.0, 11008.0, 48976.0, 81920.0],
    "vocab": [32000.0, 128256.0],
    "seq_len": [512.0, 2048.0, 8192.0],
    "batch_tokens": [1e6, 4e6],
    "accelerators": [8.0, 64.0, 560.0],
    "servers": [1.0, 16.0, 280.0],
    "tp": [1.0, 8.0],
    "pp": [1.0, 4.0],
    "dp": [1.0, 8.0],
    "flop": [1e20, 1e24],
    "samples": [1e6, 1.28e6],
    "epochs": [1.0, 90.0],
    "image_size": [224.0, 384.0],
    "patch_size": [14.0, 16.0],
    "gmac_per_sample": [4.1],
    "latent_factor": [8.0],
    "frames": [16.0, 32.0],
    "frames_per_token": [2.0, 4.0],
    "text_tokens": [77.0],
    "text_params": [6e7, 1.2e8],
    "decoder_params": [2.6e7, 1e8],
    "mask_ratio": [0.5, 0.75],
    "global_crops": [2.0],
    "local_crops": [8.0, 10.0],
    "local_size": [96.0],
    "frozen_gmac_per_sample": [500.0],
    "seconds_per_sample": [0.01, 1.0],
    "padding": [0.0, 0.3, 0.75],
    "evaluation_tokens": [1e6],
    "startup_hours": [0.1, 0.5],
    "reference_params": [0.0, 7e9],
    "generated_tokens": [1e9, 4e9],
    "generation_ratio": [0.05, 0.1],
    "audio_hours": [1e4, 680e3],
    "frames_per_s": [25.0, 50.0],
    "accelerator_hours": [1e2, 3e6],
    "hours": [10.0, 1000.0],
    "days": [3.0, 30.0],
    "attempts": [1.0, 2.5],
    "teacher_params": [7e9],
    "frozen_params": [1e8, 5e8],
    "trainable_params": [1e7],
    "mfu": [0.1, 0.3, 0.5],
    "goodput": [0.8, 0.95],
    "pue": [1.1, 1.5],
    "carbon_intensity": [20.0, 400.0],
    "electricity_price": [0.05, 0.2],
    "rent_price": [2.0, 9.0],
    "purchase_price": [2e5, 4e5],
    "service_life": [3.0, 5.0],
    "utilisation": [0.5, 0.9],
}
"""Numbers that plans state; a few of each, so that members agree in some and differ in others."""
WORK = (
    ("params", "tokens"),
    ("layers", "hidden", "tokens"),
    ("layers", "hidden", "ffn", "tokens"),
    ("params", "active_params", "tokens"),
    ("params", "tokens", "layers", "hidden", "seq_len"),
    ("params", "samples", "seq_len"),
    ("params", "samples", "image_size", "patch_size"),
    ("params", "samples", "image_size", "patch_size", "mask_ratio", "decoder_params"),
    ("params", "samples", "image_size", "patch_size", "local_crops"),
    ("params", "samples", "image_size", "patch_size", "text_params"),
    ("params", "samples", "image_size", "patch_size", "latent_factor"),
    ("params", "samples", "image_size", "patch_size", "frames"),
    ("params", "audio_hours", "decoder_params"),
    ("samples", "seconds_per_sample"),
    ("samples", "gmac_per_sample"),
    ("params", "audio_hours"),
    ("flop",),
    ("accelerator_hours",),
    ("hours", "accelerators"),
)
CHOICES = {
    "hw": ["a100", "dgx-a100", "h100", "tpu-v4", "t4"],
    "region": [None, None, "us-east-1", "home", "on-prem"],
    "family": [None, None, "decoder", "encoder", "encoder-decoder", "speech"],
    "kind": [None, None, "lora", "finetune", "qlora", "dpo", "rl"],
    "recompute": [None, "full", "selective"],
}


@st.composite
def arrays_of_plans(draw):
    """Return the fields of an array of plans, and how many plans it is."""
    names = {*draw(st.sampled_from(WORK)), *draw(st.lists(st.sampled_from(sorted(LIKELY)), max_size=4))}
    if "servers" in names:
        names -= {"accelerators"}
    many = draw(st.integers(2, 3))
    fields = {name: choice for name, choices in CHOICES.items() if (choice := draw(st.sampled_from(choices))) is not None}
    if "servers" in names:
        fields["hw"] = "dgx-a100"
    arrays = draw(st.sets(st.sampled_from(sorted(names)), min_size=1, max_size=3))
    for name in sorted(names):
        values = draw(st.lists(st.sampled_from(LIKELY[name]), min_size=many, max_size=many))
        is_interval = name in ("mfu", "pue", "params", "rent_price") and draw(st.booleans())
        fields[name] = np.array(values) if name in arrays else f"{0.9 * values[0]:g}..{1.05 * values[0]:g}" if is_interval else values[0]
    return fields, many


def answer_of(fields):
    """Return the estimate, or our error."""
    try:
        return estimate(**fields)
    except CarbonError as error:
        return error


@settings(max_examples=400)
@given(arrays_of_plans())
def test_an_array_of_plans_gives_what_each_gives(plans):
    fields, many = plans
    together = answer_of(fields)
    apart = [answer_of({name: value[i] if hasattr(value, "shape") else value for name, value in fields.items()}) for i in range(many)]
    errors = [each for each in apart if isinstance(each, CarbonError)]
    if isinstance(together, CarbonError):
        assert errors, f"{together}: {together.hint}"
        return
    json.dumps(together.to_dict(), allow_nan=False)
    if errors:  # one plan is refused where no layout has the stated degrees; among many it has none
        assert DEGREES & fields.keys(), errors
        layouts = together.to_dict()["layout"] or [None] * many
        assert all(layouts[i] is None for i, each in enumerate(apart) if isinstance(each, CarbonError))
        return
    for i, alone in enumerate(apart):
        for name, expected in alone.results.items():
            found = together.results[name]
            assert (found is None) == (expected is None), name
            if expected is not None:
                member = [float(np.broadcast_to(bound, many)[i]) for bound in found]
                assert member == pytest.approx(list(expected), rel=1e-9), (name, i)


def test_one_wide_member_does_not_make_the_others_ungated():
    both = estimate(layers=118, hidden=np.array([11712, 23424]), ffn=48976, tokens=1e12, hw="a100").median("compute_flop")
    for hidden, together in zip((11712, 23424), both, strict=True):
        assert together == pytest.approx(estimate(layers=118, hidden=hidden, ffn=48976, tokens=1e12, hw="a100").median("compute_flop"), rel=1e-12)


def test_a_dense_model_beside_a_mixture_of_experts_keeps_its_own_utilisation():
    both = estimate(params=np.array([70e9, 70e9]), active_params=np.array([70e9, 13e9]), tokens=1e12, hw="h100")
    dense, mixture = (estimate(params=70e9, active_params=active, tokens=1e12, hw="h100") for active in (70e9, 13e9))
    assert both.median("mfu") == pytest.approx([dense.median("mfu"), mixture.median("mfu")])
    assert dense.median("mfu") > 1.2 * mixture.median("mfu")
    assert not Plan(params=np.array([7e9, 70e9]), active_params=np.array([7e9, 70e9])).is_moe


def test_every_likely_number_is_a_field():
    assert LIKELY.keys() <= set(NUMBERS)
