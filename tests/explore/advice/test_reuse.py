"""Another way to the end: existing models, tuned whole or by adapters, smaller ones taught by them."""

import pytest

from traincarbon.explore.advice import reuse
from traincarbon.explore.advice.alternative import Alternative, NotOffered


def test_a_published_model_that_is_as_good_takes_no_training(situate, by_id):
    at = situate(params=530e9, tokens=270e9, hw="dgx-a100")
    found = by_id(reuse.existing_model, at)["reuse"]
    assert found.savings["cost_usd"].median == at.base.median("rent_usd")
    assert found.savings["cost_usd"].share == 1.0
    assert found.evidence[0].fact.startswith("published_runs/")


def test_before_chinchilla_nobody_had_published_one(megatron, by_id):
    assert "until 2021" in by_id(reuse.existing_model, megatron)["reuse"].reason


def test_a_fine_tuning_is_not_told_to_take_a_model_as_it_is(tuned, by_id):
    assert by_id(reuse.existing_model, tuned) == {}


def test_fine_tuning_takes_ten_to_a_thousand_times_fewer_tokens_unless_stated(megatron, by_id):
    found = by_id(reuse.tuning, megatron)["finetune"]
    low, high = found.plan.number("tokens").interval(0.9)
    assert (low, high) == (pytest.approx(270e6), pytest.approx(27e9))
    assert not found.is_verified


def test_stated_tokens_are_taken_and_leave_no_assumption(situate, by_id):
    found = by_id(reuse.tuning, situate(params=530e9, tokens=270e9, hw="dgx-a100", finetune_tokens=1e9))
    assert found["finetune"].plan.tokens == 1e9
    assert found["lora"].is_verified


@pytest.mark.parametrize("id", ["lora", "qlora"])
def test_adapters_save_a_third_of_a_fine_tunings_arithmetic(tuned, by_id, id):
    found = by_id(reuse.tuning, tuned)
    # (4 + 6 × 1 %) / 6 of the FLOP: 0.677
    assert found[id].savings["accelerator_hours_h"].share == pytest.approx(1.0 - 4.06 / 6.0, abs=1e-6)
    assert found.keys() == {"lora", "qlora"}
    # measured on GPT-3: 43.1 against 32.5 tokens a second
    assert found[id].savings["accelerator_hours_h"].share_low < 1.0 - 32.5 / 43.1 < found[id].savings["accelerator_hours_h"].share_high


def test_the_utilisation_of_a_tuning_is_not_that_of_the_training_it_replaces(situate, tuned, by_id):
    replaced = by_id(reuse.tuning, situate(params=530e9, tokens=270e9, hw="dgx-a100", finetune_tokens=1e9))["lora"]
    spans = [
        (1.0 - each.share_low) / (1.0 - each.share_high)
        for each in (replaced.savings["accelerator_hours_h"], by_id(reuse.tuning, tuned)["lora"].savings["accelerator_hours_h"])
    ]
    assert spans[0] > 1.5 * spans[1]


def test_adapters_on_four_bits_say_on_how_few_accelerators_they_fit(megatron, by_id):
    found = by_id(reuse.tuning, megatron)["qlora"]
    assert "fits on 7 accelerators, full fine-tuning on 152" in found.how
    assert "The gain is memory: the state fits on 7 accelerators, full fine-tuning on 152" in found.lost


def test_what_is_adapters_already_is_not_offered_again(situate, by_id):
    at = situate(params=70e9, tokens=1e9, hw="h100", kind="lora")
    assert by_id(reuse.tuning, at) == {}
    assert by_id(reuse.distillation, at) == {}


def test_hours_without_tokens_cannot_be_tuned(situate, by_id):
    assert isinstance(by_id(reuse.tuning, situate(hw="h100", accelerator_hours=1e5))["finetune"], NotOffered)


def test_a_model_as_large_as_gpt_3_may_be_a_sixteenth(megatron, situate, by_id):
    found = by_id(reuse.multitask, megatron)["t0"]
    assert found.plan.params == 530e9 / 16.0
    assert found.plan.kind == "finetune"
    assert isinstance(by_id(reuse.multitask, situate(params=7e9, tokens=1e12, hw="h100"))["t0"], NotOffered)


def test_a_goal_that_writes_text_is_not_served_by_tasks_without_it(situate, by_id):
    found = by_id(reuse.multitask, situate(params=530e9, tokens=270e9, hw="dgx-a100", goal="chat"))["t0"]
    assert "not on writing text" in found.reason


@pytest.mark.parametrize(
    ("goal", "kind"), [("classification", Alternative), ("chat", NotOffered), ("classify, then write an answer", NotOffered), ("x", NotOffered)]
)
def test_an_encoder_is_offered_only_where_text_is_to_be_understood(situate, by_id, goal, kind):
    found = by_id(reuse.small_encoder, situate(params=70e9, tokens=1e12, hw="h100", goal=goal))["encoder"]
    assert isinstance(found, kind)


def test_without_a_goal_no_encoder_is_spoken_of_and_a_small_plan_gets_none(megatron, situate, by_id):
    assert by_id(reuse.small_encoder, megatron) == {}
    found = by_id(reuse.small_encoder, situate(params=110e6, tokens=3e9, hw="v100", family="encoder", goal="classification"))["encoder"]
    assert "no larger than that" in found.reason


def test_a_student_pays_for_its_teacher(megatron, by_id):
    found = by_id(reuse.distillation, megatron)["distil"]
    student = megatron.estimate(params=0.6 * 530e9)
    # (6 × 0.6 + 2) / (6 × 0.6) of the student's own training
    assert found.results["accelerator_hours_h"].median == pytest.approx(student.median("accelerator_hours_h") * 5.6 / 3.6)
    assert found.is_verified


def test_a_mixture_is_not_distilled(situate, by_id):
    found = by_id(reuse.distillation, situate(params=671e9, active_params=37e9, tokens=14e12, hw="h100"))["distil"]
    assert found.reason == "published for dense models"
