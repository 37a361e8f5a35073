"""Samples of known multiply-adds: the passes of each kind of training, and what has no place beside them."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.known_gmac import passes, unused
from traincarbon.estimation.plan import Plan

SD = {"model": "sd-1.5", "samples": 1e6, "hw": "a100"}
FULL = 6e15 * 401.6


def flop(**stated):
    return estimate(**SD | stated).median("compute_flop")


def test_a_training_takes_three_passes():
    assert flop() == flop(kind="finetune") == pytest.approx(FULL)


def test_adapters_take_two_passes_and_their_share_of_three():
    assert flop(kind="lora") == pytest.approx(FULL * (4 / 6 + 0.01))
    assert flop(kind="qlora", trainable_params=859.5e6 / 50) == pytest.approx(FULL * (4 / 6 + 0.02))
    answer = estimate(**SD, kind="lora")
    assert answer.flop_counts["parts"] == pytest.approx({"frozen": FULL * 4 / 6, "adapters": FULL * 0.01})
    assert ("trainable_share", 0.01) in [(each.name, each.value) for each in answer.assumptions]


def test_a_reference_takes_one_more_unless_it_is_computed_beforehand():
    assert flop(kind="dpo") == pytest.approx(FULL * 8 / 6)
    assert flop(kind="dpo", reference_params=0) == pytest.approx(FULL)
    assert flop(kind="dpo", trainable_params=859.5e4) == pytest.approx(FULL * (4 / 6 + 0.01 + 2 / 6))


def test_stated_multiply_adds_are_counted_alike():
    plain, adapters = (estimate(gmac_per_sample=10, family="vision", samples=1e6, hw="a100", kind=kind).median("compute_flop") for kind in ("finetune", "lora"))
    assert adapters == pytest.approx(plain * (4 / 6 + 0.01))
    frozen = estimate(gmac_per_sample=10, frozen_gmac_per_sample=5, samples=1e6, hw="a100", kind="lora")
    assert frozen.median("compute_flop") == pytest.approx(adapters + 1e16)
    assert sum(frozen.flop_counts["parts"].values()) == pytest.approx(adapters + 1e16)


@pytest.mark.parametrize(
    ("stated", "said", "hint"),
    [
        ({"kind": "rl"}, "kind rl is not known to samples of multiply-adds", "give flop_per_sample"),
        ({"trainable_params": 1e5}, "trainable_params are not known to samples of multiply-adds", "give kind lora"),
        ({"kind": "dpo", "reference_params": 8e8}, "reference_params are not known to samples of multiply-adds", "leave them out"),
        ({"reference_params": 8e8}, "reference_params are not known to samples of multiply-adds", "give kind dpo"),
        ({"evaluation_tokens": 1e6}, "evaluation_tokens beside the model Stable Diffusion 1", "flop_per_sample"),
        ({"params": 2e9}, "params 2e+09 contradict the model sd-1.5", "leave out params"),
    ],
)
def test_what_multiply_adds_do_not_have_in_them_is_refused(stated, said, hint):
    with pytest.raises(PlanError, match=said.replace("+", r"\+")) as caught:
        estimate(**SD | stated)
    assert hint in caught.value.hint


def test_a_share_needs_the_whole():
    with pytest.raises(PlanError, match="trainable_params need params"):
        passes(Plan(kind="lora", trainable_params=1e6), {"trainable_params": 1e6})


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("resnet-50", "self-distillation"),
        *(("swin-tiny", family) for family in ("masked-autoencoder", "self-distillation", "video", "diffusion", "contrastive")),
        ("clip-b-16", "vision"),
    ],
)
def test_a_family_that_counts_a_sample_in_another_way_is_refused(model, family):
    with pytest.raises(PlanError, match=f"family {family} counts a sample in another way than the model") as caught:
        estimate(model=model, family=family, samples=1e6, hw="a100")
    assert "flop_per_sample" in caught.value.hint


def test_a_family_of_the_same_count_is_no_contradiction():
    assert estimate(model="clip-b-16", family="contrastive", samples=1e6, hw="a100").median("compute_flop") == pytest.approx(6e15 * 20.545)
    assert estimate(model="resnet-50", family="vision", samples=1e6, hw="a100").median("compute_flop") == pytest.approx(6e15 * 4.11)


def test_a_shape_beside_multiply_adds_is_named():
    said = "ignored active_params, layers, hidden: no effect on this estimate"
    assert said in estimate(model="resnet-50", layers=5, hidden=10, active_params=1e6, samples=1e6, hw="a100").warnings
    assert unused(Plan(params=1e6)) == []
