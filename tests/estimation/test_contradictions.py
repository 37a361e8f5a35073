"""Fields of a plan that contradict each other, or that mean nothing without another."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.uncertain import Uncertain


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"params": 7e9, "tokens": 1e9, "epochs": 3}, "epochs need samples or audio_hours"),
        ({"hours": 3, "days": 1}, "hours and days exclude each other"),
        ({"mfu": 0.4, "hours": 3}, "mfu and hours exclude each other"),
        ({"flop": 1e20, "teacher_params": 1e9}, "flop and teacher_params exclude each other"),
        ({"flop_per_sample": 1e9}, "flop_per_sample needs samples"),
        ({"image_size": 224, "samples": 10}, "image_size needs patch_size or gmac_per_sample or flop_per_sample or model"),
        ({"params": 7e9, "samples": 10, "text_params": 8e9}, "text_params 8e+09 exceed params 7e+09"),
        ({"mfu": 0.4, "seconds_per_sample": 1.0, "samples": 10}, "mfu and seconds_per_sample exclude each other"),
        ({"mask_ratio": 0.75}, "mask_ratio needs samples"),
        ({"text_tokens": 77, "tokens": 1e9}, "text_tokens need text_params or decoder_params or latent_factor or frames"),
        ({"decoder_params": 1e6}, "decoder_params need samples or audio_hours"),
        ({"patch_size": 16}, "patch_size needs image_size"),
        ({"params": 7e9, "frozen_params": 8e9}, "frozen_params 8e+09 exceed params 7e+09"),
        ({"samples": 10, "image_size": 16, "patch_size": 224}, "patch_size 224 exceeds image_size 16"),
        ({"samples": 10, "image_size": 256, "patch_size": 64, "latent_factor": 8}, "patch_size 64 exceeds the latent image, 256 / 8"),
    ],
)
def test_fields_that_exclude_or_need_each_other_say_so(stated, message):
    with pytest.raises(PlanError) as caught:
        Plan(**stated)
    assert caught.value.hint
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("family", "asked_for"), [("speech", "audio_hours"), ("vision", "image_size"), ("convolution", "gmac_per_sample"), ("decoder", "seq_len")]
)
def test_epochs_without_data_ask_for_that_of_the_family(family, asked_for):
    with pytest.raises(PlanError, match="epochs need samples") as caught:
        Plan(family=family, params=95e6, epochs=10)
    assert asked_for in caught.value.hint


def test_every_pair_of_fields_that_exclude_each_other_is_refused_with_a_hint():
    from traincarbon.estimation import contradictions

    for one, other, hint in contradictions._EXCLUSIVE:
        assert {one, other} <= FIELDS.keys()
        with pytest.raises(PlanError) as caught:
            Plan(**{name: 0.5 if name == "padding" else 1.0 for name in (one, other)})
        assert (str(caught.value), caught.value.hint) == (f"{one} and {other} exclude each other", hint)


def test_a_number_is_shown_by_its_median_and_shortly():
    assert shown(7e9) == "7e+09"
    assert shown(Uncertain(8.0, {"x": 0.1})) == "8"
    assert len(shown("x" * 100)) <= 41


@pytest.mark.parametrize(("flop", "is_said"), [(4.2e22, False), (4.1e23, False), (4.2e23, True), (4.3e21, False), (4.2e21, True), (1e25, True)])
def test_stated_flop_that_contradict_params_and_tokens_by_ten_are_said_before_the_figures(flop, is_said):
    # 6 × 7e9 × 1e12 = 4.2e22
    answer = estimate(params=7e9, tokens=1e12, flop=flop, hw="h100")
    assert any("contradict each other by a factor of 10" in slip for slip in answer.slips) == is_said
    assert answer.warnings[: len(answer.slips)] == list(answer.slips)
    assert answer.median("compute_flop") == flop


@pytest.mark.parametrize(("teacher", "words"), [(7e11, ""), (70e12, "100 times the parameters"), (7e14, "no model is so large")])
def test_a_teacher_larger_than_sense_is_said_before_the_figures(teacher, words):
    slips = estimate(params=7e9, tokens=1e12, teacher_params=teacher, hw="h100").slips
    assert bool(slips) == bool(words)
    assert all(words in slip for slip in slips)
    images = estimate(params=7e9, layers=4, hidden=8, samples=1e6, image_size=224, patch_size=16, teacher_params=teacher, hw="h100").slips
    assert bool(images) == bool(words)


@pytest.mark.parametrize(("gmac", "is_said"), [(17, False), (170, True), (1.5, True)])
@pytest.mark.parametrize("size", [{"image_size": 224, "patch_size": 16}, {"seq_len": 197}])
def test_flop_of_a_sample_that_contradict_its_tokens_by_ten_are_said_before_the_figures(gmac, is_said, size):
    # 6 × 86e6 × 197 = 1.02e11, which are 17 GMAC
    slips = estimate(params=86e6, samples=1e6, gmac_per_sample=gmac, family="vision", hw="h100", **size).slips
    assert any(slip.startswith("flop_per_sample is ") for slip in slips) == is_said


def test_a_teacher_without_a_suffix_is_pointed_out():
    slips = estimate(params=1e9, tokens=1e10, teacher_params=70, hw="8xa100").slips
    assert [slip for slip in slips if slip.startswith("teacher_params 70: is a suffix missing")]
