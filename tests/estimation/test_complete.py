"""Fields of a plan that follow from others."""

import numpy as np
import pytest

from traincarbon.database.load import open_database
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.complete import completed
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import median_of

LLM = {"params": 7e9, "tokens": 1e12}


def fields(**stated):
    return completed(Plan(**stated), open_database()).plan.to_dict()


def refused(**stated):
    with pytest.raises(PlanError) as caught:
        completed(Plan.from_dict(stated), open_database())
    return str(caught.value), caught.value.hint


def test_a_plan_from_which_nothing_follows_stays_as_it_is():
    plan = Plan(**LLM, hw="dgx-a100", servers=4)
    assert completed(plan, open_database()).plan is plan


def test_a_count_in_the_hardware_is_one_of_accelerators_or_servers():
    assert fields(hw="8xH100") == {"hw": "H100", "accelerators": 8.0}
    assert fields(hw="4 x DGX A100") == {"hw": "DGX A100", "servers": 4.0}
    assert fields(hw="TPU v3-256") == {"hw": "tpu v3", "accelerators": 128.0}
    assert fields(hw="16 DGX A100 GPUs") == {"hw": "DGX A100", "accelerators": 16.0}


def test_a_count_is_stated_once_or_twice_alike():
    assert fields(hw="8xH100", accelerators=8) == {"hw": "H100", "accelerators": 8.0}
    assert fields(hw="2xdgx-a100", accelerators=16) == {"hw": "dgx-a100", "accelerators": 16.0}
    assert refused(hw="8xH100", gpus=16) == ("hw is '8xH100', and accelerators is 16", "give the number once: in hw or as accelerators")
    assert refused(hw="2xdgx-a100", nodes=3)[0] == "hw is '2xdgx-a100', and servers is 3"


@pytest.mark.parametrize("hw", ["8", "64"])
def test_a_number_in_place_of_hardware_is_taken_for_a_number_of_gpus(hw):
    message, hint = refused(hw=hw)
    assert (message, f"--gpus {hw}" in hint) == (f"hw is '{hw}'", True)


def test_half_a_chip_is_no_slice():
    assert refused(hw="v3-7") == ("hw is 'v3-7'", "count at least one; a slice of this TPU is named by its cores, two a chip")


def test_wall_clock_time_of_so_many_gpus_is_gpu_hours():
    # 72 h × 8
    assert fields(hw="h100", accelerators=8, hours=72) == {"hw": "h100", "accelerators": 8.0, "accelerator_hours": 576.0}
    assert fields(hw="8xh100", days=3)["accelerator_hours"] == 576.0
    assert fields(hw="dgx-a100", servers=2, hours=10)["accelerator_hours"] == 160.0
    assert fields(hw="2xdgx-a100", hours="10 h")["accelerator_hours"] == 160.0


def test_wall_clock_time_needs_a_number_of_gpus_and_agrees_with_stated_gpu_hours():
    message, hint = refused(hw="h100", hours=72)
    assert message == "hours need a number of GPUs"
    assert "--gpus 8" in hint
    assert "--gpu-hours 500" in hint
    assert fields(hw="8xh100", hours=72, accelerator_hours=576)["accelerator_hours"] == 576.0
    message, _ = refused(hw="8xh100", hours=72, gpu_hours=500)
    assert message == "accelerator_hours is 500, but wall_clock_h 72 × accelerators 8 is 576"


def test_samples_epochs_and_their_length_are_tokens():
    # 52,000 × 3 × 512
    assert fields(params=7e9, samples="52k", epochs=3, seq_len=512) == {"params": 7e9, "tokens": 79872000.0, "seq_len": 512.0}
    assert fields(samples=1e6, seq_len=100)["tokens"] == 1e8


def test_images_are_tokens_and_make_the_family_vision():
    found = completed(Plan(params=86e6, samples=1e6, epochs=2, image_size=224, patch_size=16), open_database())
    # 2 × 10^6 × (6 × 86e6 × 197 + 12 × 86e6 / (12 × 768) × 197²)
    assert fields(params=86e6, samples=1e6, epochs=2, image_size=224, patch_size=16) | {"flop": 0.0} == {
        "params": 86e6,
        "flop": 0.0,
        "images": 2e6,
        "family": "vision",
    }
    assert found.plan.flop.median == pytest.approx(2e6 * (6 * 86e6 * 197 + 86e6 / 768 * 197**2), rel=1e-3)
    assert [each.name for each in found.assumed] == ["family", "hidden", "layers"]
    assert [link.name for link, _, _ in found.links] == ["tokens_per_sample", "flop_per_sample", "flop_per_sample", "flop"]


def test_hours_of_audio_are_frames_at_a_rate_that_is_assumed_unless_it_is_stated():
    # 1,000 h × 3,600 s × 50
    assert fields(params=1e9, audio_hours=1000, frames_per_s=50) == {"params": 1e9, "tokens": 1.8e8, "family": "speech"}
    found = completed(Plan(params=1e9, audio_hours=1000), open_database())
    low, high = found.plan.tokens.interval(0.9)
    assert (low, high) == pytest.approx((9e7, 1.8e8))
    assert [each.name for each in found.assumed] == ["frames_per_s", "decoder_params", "front_end", "family"]


def test_flop_of_a_sample_are_flop_of_the_training():
    # 6e9 × 4.1 × 1.28e6 × 90
    of_images = {"flop": pytest.approx(2.83392e18), "images": pytest.approx(1.152e8), "family": "vision"}
    assert fields(gmac_per_sample=4.1, samples=1.28e6, epochs=90) == of_images
    assert fields(flop_per_sample="24.6 GFLOP", samples=1.28e6, epochs=90) == {"flop": pytest.approx(2.83392e18), "family": "decoder"}


@pytest.mark.parametrize(
    ("stated", "family", "taken"),
    [
        ({"gmac_per_sample": 4.1}, "vision", "images"),
        ({"gmac_per_sample": 90, "frozen_gmac_per_sample": 140}, "diffusion", "images"),
        ({"flop_per_sample": "24.6 GFLOP"}, "decoder", "text"),
        ({"flop_per_sample": "24.6 GFLOP", "seq_len": 512}, None, None),
        ({"gmac_per_sample": 4.1, "family": "convolution"}, "convolution", None),
        ({"gmac_per_sample": 7, "audio_hours": 100, "samples": None}, "speech", None),
    ],
)
def test_what_samples_of_stated_work_are_taken_for_is_pointed_out(stated, family, taken):
    found = completed(Plan(**{"samples": 1.28e6, "epochs": 90, **stated}), open_database())
    assert found.plan.family == family
    assert [warning for warning in found.warnings if "taken as" in warning] == (
        [f"the samples are taken as {taken}: give family, such as convolution, diffusion, speech or decoder, as utilisation depends on it"] if taken else []
    )


def test_samples_of_unknown_size_are_refused_with_the_ways_to_state_it():
    message, hint = refused(params=7e9, samples=1e6, epochs=3)
    assert message == "samples need the size of a sample"
    assert all(name in hint for name in ("seq_len", "image_size", "gmac_per_sample"))


def test_stated_tokens_that_contradict_the_samples_are_refused():
    message, _ = refused(samples=1e6, seq_len=100, tokens=2e8)
    assert message == "tokens is 2e+08, but samples 1e+06 × epochs 1 × tokens_per_sample 100 is 1e+08"


def test_arrays_and_intervals_follow_too():
    found = completed(Plan(params=7e9, samples=np.array([1e6, 2e6]), seq_len=100), open_database()).plan
    assert found.tokens.tolist() == [1e8, 2e8]
    spread = completed(Plan(hw="8xh100", hours="60..90"), open_database()).plan.accelerator_hours
    assert spread.interval(0.9) == pytest.approx((480.0, 720.0))


def test_the_estimate_shows_what_follows_and_states_the_plan_as_it_was_given():
    answer = estimate(params=7e9, samples=52e3, epochs=3, seq_len=512, hw="8xh100")
    assert answer.to_dict()["plan"] == {"params": 7e9, "samples": 52e3, "epochs": 3.0, "hw": "8xh100", "seq_len": 512.0}
    assert [step.name for step in answer.steps if step.name == "sampled_tokens"] == ["sampled_tokens"]
    assert answer.accelerators == 8.0
    assert answer.median("compute_flop") == estimate(params=7e9, tokens=79872000, seq_len=512, hw="h100", accelerators=8).median("compute_flop")


@pytest.mark.parametrize(
    ("stated", "how", "parts"),
    [
        ({"params": 7e9, "tokens": 1e12}, "6nd", {"model": 4.2e22}),
        ({"params": 7e9, "tokens": 1e12, "teacher_params": 70e9}, "6nd", {"model": 4.2e22, "teacher": 1.4e23}),
        ({"params": 7e9, "tokens": 1e12, "frozen_params": 6e9}, "6nd", {"model": 6e21, "frozen": 2.4e22}),
        ({"params": 7e9, "tokens": 1e12, "kind": "lora", "trainable_params": 1e7}, "6nd", {"frozen": 2.8e22, "adapters": 6e19}),
        ({"flop": 3e23}, "stated", {"model": 3e23}),
        ({"gmac_per_sample": 4.1, "samples": 1.28e6, "epochs": 90}, "per_sample", {"model": 2.83392e18}),
    ],
)
def test_how_the_flop_were_counted_is_said_with_the_parts(stated, how, parts):
    answer = estimate(**stated, hw="h100")
    assert answer.flop_counts == {"how": how, "parts": pytest.approx(parts)}
    assert sum(parts.values()) == pytest.approx(answer.median("compute_flop"))


def test_the_exact_count_has_a_part_for_attention():
    answer = estimate(params=7e9, tokens=1e12, layers=32, hidden=4096, seq_len=4096, hw="h100")
    counts = answer.flop_counts
    assert counts["how"] == "exact"
    # 12 L h s D
    assert counts["parts"]["attention"] == pytest.approx(12 * 32 * 4096 * 4096 * 1e12)
    assert sum(counts["parts"].values()) == pytest.approx(answer.median("compute_flop"))


def test_attempts_multiply_hours_energy_and_cost_and_it_is_said():
    once, thrice = (estimate(**LLM, hw="64xh100", attempts=attempts) for attempts in (None, 3))
    for name in ("accelerator_hours_h", "duration_s", "facility_energy_kwh", "total_kgco2e", "rent_usd", "electricity_usd"):
        assert thrice.median(name) == pytest.approx(3 * once.median(name)), name
    for name in ("compute_flop", "mfu"):
        assert thrice.median(name) == pytest.approx(once.median(name)), name
    assert any(warning.startswith("attempts: ") and "3 runs' worth" in warning for warning in thrice.warnings)
    known = estimate(hw="8xh100", hours=10, attempts=2)
    assert known.median("accelerator_hours_h") == 160.0


def test_known_hours_need_no_work_and_imply_the_utilisation_where_there_is_work():
    alone = estimate(hw="8xa100", hours=72, region="france")
    assert alone.median("accelerator_hours_h") == 576.0
    assert alone.median("duration_s") == 72 * 3600
    assert alone["total_kgco2e"] is not None
    assert alone["compute_flop"] is None
    both = estimate(params=7e9, tokens=10e9, hw="8xa100", hours=72)
    assert both.median("mfu") == pytest.approx(6 * 7e9 * 10e9 / (576 * 3600 * 312e12))


@pytest.mark.parametrize(("family", "words"), [("vision", "gmac_per_sample"), ("speech", "audio_hours"), ("diffusion", "gmac_per_sample")])
def test_tokens_of_anything_but_text_are_answered_with_what_a_token_is(family, words):
    plain = estimate(params=86e6, tokens=1e9, family=family, hw="a100")
    assert any(warning.startswith(f"a token of {family} is ") and words in warning for warning in plain.warnings)
    assert not any("fewer tokens than parameters" in warning for warning in estimate(params=86e6, tokens=1e6, family=family, hw="a100").warnings)
    images = estimate(params=86e6, samples=1e6, image_size=224, patch_size=16, family=family, hw="a100")
    assert not any("a token of" in warning for warning in images.warnings)


def test_resnet_50_takes_hours_on_eight_v100_and_not_minutes():
    answer = estimate(gmac_per_sample=4.1, samples="1.28M images", epochs=90, family="vision", hw="8 x V100-16GB")
    assert median_of(answer.values["compute_flop"]) == pytest.approx(2.8e18, rel=0.02)
    assert 4.0 < answer.median("duration_s") / 3600 < 16.0
    hours = answer.interval(answer.values["accelerator_hours_h"])
    assert hours.low < 40.0 < hours.high  # NVIDIA's example, which decodes on the GPU


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"kind": "lora", "frozen_params": 1e9}, "frozen_params and kind lora exclude each other"),
        ({"family": "encoder-decoder", "frozen_params": 1e9}, "frozen_params are not known to encoder-decoder"),
    ],
)
def test_frozen_parameters_are_refused_where_their_flop_are_counted_otherwise(stated, reason):
    with pytest.raises(PlanError, match=reason):
        estimate(**LLM, hw="h100", **stated)


def test_few_stated_flop_are_questioned():
    assert any("flop below 1e+12" in warning for warning in estimate(flop=300, hw="h100").warnings)
