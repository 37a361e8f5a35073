"""Test the plan of a training and the words about it."""

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.frameworks.lengths import Lengths
from traincarbon.frameworks.model_facts import ModelFacts
from traincarbon.frameworks.training_plan import Machine, Work, described, expected, plan_fields
from traincarbon.uncertain import Interval

GPT2 = ModelFacts("GPT2", 124672.0, 124672.0, {"params": 124672.0, "layers": 2.0, "hidden": 64.0, "heads": 2.0, "vocab": 256.0})
VIT = ModelFacts("ViT", 86e6, 86e6, {"params": 86e6, "family": "vision"}, {"image_size": 224.0, "patch_size": 16.0})
EQUAL = Lengths(64.0, 64.0, 64.0)


def test_tokens_are_steps_times_samples_times_their_length():
    plan = Plan.from_dict(plan_fields(GPT2, Work(60, 16, EQUAL, "bf16"), Machine("h100", 2)))
    assert (plan.tokens, plan.batch_tokens, plan.seq_len, plan.precision, plan.accelerators) == (61440.0, 1024.0, 64.0, "bf16", 2.0)


def test_samples_of_different_lengths_make_a_range():
    fields = plan_fields(GPT2, Work(10, 2, Lengths(8.0, 20.0, 64.0)), Machine())
    assert (fields["tokens"], fields["seq_len"]) == ("160..1280", 20.0)
    assert "batch_tokens" not in fields
    Plan.from_dict(fields)


def test_images_are_samples():
    fields = plan_fields(VIT, Work(10, 2), Machine())
    assert (fields["samples"], fields["patch_size"]) == (20.0, 16.0)
    Plan.from_dict(fields)


@pytest.mark.parametrize("work", [Work(), Work(10), Work(None, 4, EQUAL)])
def test_what_is_not_known_is_not_stated(work):
    assert {"tokens", "samples", "batch_tokens"}.isdisjoint(plan_fields(GPT2, work, Machine()))


def test_the_words_tell_the_share_that_is_trained():
    adapters = ModelFacts("Llama", 8e9, 8e6, {"params": 8e9})
    assert described(adapters, Work(5), Machine("NVIDIA H100", 8)) == "Llama has 8B parameters (0.10% of them trained); 5 steps; 8 × NVIDIA H100"


def test_a_model_that_cannot_be_counted_has_unknown_parameters():
    assert described(ModelFacts("Odd", None, None, {}), Work(), Machine()) == "Odd has an unknown number of parameters"


def test_what_is_unknown_is_left_out_of_the_estimate():
    answer = {"duration_s": Interval(1.0, 2.0, 4.0), "facility_energy_kwh": Interval(1e-9, 1e-8, 1e-7), "rent_usd": None}
    assert expected(answer) == "estimate: 2.00 s (1.0 – 4.0), <1 Wh"
    assert expected({}) == "estimate: nothing is known of this training in advance"
