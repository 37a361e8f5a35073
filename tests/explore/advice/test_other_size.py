"""Another size of the same predicted loss, by the law and then the chain."""

import pytest

from traincarbon.explore.advice import other_size
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.uncertain import median_of


def loss_of(at, plan):
    return predicted_loss(params=plan.params, tokens=median_of(plan.number("tokens")), law=at.law.law)


def test_megatron_would_have_been_a_tenth_of_its_size_on_more_tokens(megatron, by_id):
    found = by_id(other_size.best_size, megatron)["compute-optimal"]
    assert found.plan.params == pytest.approx(51e9, rel=0.02)
    assert median_of(found.plan.number("tokens")) == pytest.approx(953e9, rel=0.02)


@pytest.mark.parametrize("id", ["compute-optimal", "smaller"])
def test_the_predicted_loss_is_that_of_the_plan(megatron, by_id, id):
    found = by_id(other_size.best_size, megatron)[id]
    assert loss_of(megatron, found.plan) == pytest.approx(megatron.loss, rel=1e-9)


def test_savings_are_those_against_the_estimate_of_the_changed_plan(megatron, by_id):
    found = by_id(other_size.best_size, megatron)["compute-optimal"]
    again = megatron.estimate(params=found.plan.params, tokens=median_of(found.plan.number("tokens")))
    for figure, name in (("facility_energy_kwh", "facility_energy_kwh"), ("cost_usd", "rent_usd")):
        assert found.savings[figure].median == pytest.approx(megatron.base.median(name) - again.median(name))


def test_a_stated_loss_is_reached_instead(situate, by_id):
    at = situate(params=530e9, tokens=270e9, hw="dgx-a100", loss=2.1)
    found = by_id(other_size.best_size, at)["compute-optimal"]
    assert loss_of(at, found.plan) == pytest.approx(2.1)


def test_an_optimal_plan_is_told_so(situate, by_id):
    found = by_id(other_size.best_size, situate(params=70e9, tokens=1.4e12, hw="dgx-a100"))
    assert "the plan is compute-optimal" in found["compute-optimal"].reason


def test_a_stated_loss_is_answered_even_where_the_best_size_is_about_that_of_the_plan(situate, by_id):
    found = by_id(other_size.best_size, situate(params=70e9, tokens=1.4e12, hw="dgx-a100", loss=1.98))["compute-optimal"]
    assert found.plan.params == pytest.approx(70e9, rel=0.15)


def test_a_model_that_is_small_already_cannot_be_halved(situate, by_id):
    found = by_id(other_size.best_size, situate(params=1e9, tokens=100e12, hw="dgx-a100"))
    assert "do not reach that loss" in found["smaller"].reason


@pytest.mark.parametrize("builder", [other_size.best_size, other_size.stop_early])
@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"kind": "finetune"}, "trainings from scratch"), ({"family": "encoder"}, "decoder-only"), ({"active_params": 1e9}, "dense models")],
)
def test_the_law_is_not_bent_to_what_it_is_not_of(situate, by_id, builder, fields, reason):
    (found,) = by_id(builder, situate(params=7e9, tokens=1e12, hw="h100", **fields)).values()
    assert reason in found.reason


def test_a_mixture_saves_what_was_published_for_a_large_model(megatron, by_id):
    found = by_id(other_size.mixture, megatron)["moe"]
    assert found.savings["accelerator_hours_h"].share == pytest.approx(1.0 - 1.0 / 4.0)
    assert found.is_verified


@pytest.mark.parametrize("fields", [{"active_params": 1e9}, {"kind": "lora"}, {"family": "encoder"}, {"family": "multimodal"}, {"params": 5e8}])
def test_a_mixture_is_not_offered_where_it_is_one_or_nothing_is_published(situate, by_id, fields):
    at = situate(**{"params": 7e9, "tokens": 1e12, "hw": "h100", **fields})
    assert isinstance(by_id(other_size.mixture, at)["moe"], NotOffered)


def test_stopping_early_costs_one_per_cent_of_loss(megatron, by_id):
    found = by_id(other_size.stop_early, megatron)["stop-early"]
    assert loss_of(megatron, found.plan) == pytest.approx(1.01 * megatron.loss)
    assert found.savings["accelerator_hours_h"].share == pytest.approx(1.0 - found.plan.tokens / 270e9, rel=1e-6)


def test_stopping_early_stops_at_the_loss_that_is_enough(situate, by_id):
    at = situate(params=530e9, tokens=270e9, hw="dgx-a100", loss=2.05)
    assert loss_of(at, by_id(other_size.stop_early, at)["stop-early"].plan) == pytest.approx(2.05)
