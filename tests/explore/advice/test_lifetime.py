"""Training and service together, and where a smaller model wins back its training."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.explore.advice import lifetime
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.context import Service
from traincarbon.explore.compared_results import results_of
from traincarbon.formulas.scaling import predicted_loss, tokens_of_loss
from traincarbon.uncertain import median_of

PLAN = {"params": 7e9, "tokens": 140e9, "hw": "h100", "accelerators": 256}


@pytest.fixture(scope="module")
def served(situate):
    return situate(**PLAN, service=Service(1e9, 1000.0))


def test_serving_hours_are_those_of_the_forward_passes(served):
    answer = lifetime.serving_estimate(served.base, served.database, params=7e9, tokens=1e12)
    mfu, _ = lifetime.serving_mfu(served.database)
    peak = served.base.facts.value("peak_flop_per_s")
    assert answer.median("accelerator_hours_h") == pytest.approx(2.0 * 7e9 * 1e12 / (peak * mfu.median) / 3600.0)
    assert answer.values["accelerator_hours_h"].spreads == {"serving_mfu": pytest.approx(-mfu.sigma)}


def test_the_lifetime_is_training_and_service(served):
    whole = lifetime.lifetime_of(served)
    service = lifetime.serving_estimate(served.base, served.database, params=7e9, tokens=1e12)
    assert median_of(whole["cost_usd"]) == pytest.approx(served.base.median("rent_usd") + service.median("rent_usd"))
    assert median_of(whole["facility_energy_kwh"]) == pytest.approx(served.base.median("facility_energy_kwh") + service.median("facility_energy_kwh"))


def test_serving_has_no_duration_and_so_the_lifetime_has_none(served, by_id):
    assert served.results["duration_s"] is not None
    assert lifetime.lifetime_of(served)["duration_s"] is None
    assert all(each.results["duration_s"] is None for each in by_id(lifetime.over_the_lifetime, served, "cost_usd").values())


def test_without_requests_there_is_no_lifetime_and_the_reader_is_told_what_to_state(situate, by_id):
    at = situate(**PLAN)
    assert lifetime.lifetime_of(at) is None
    found = by_id(lifetime.over_the_lifetime, at, "cost_usd")
    assert all(isinstance(each, NotOffered) and "state requests" in each.reason for each in found.values())


def test_the_best_size_for_both_is_one_that_no_neighbour_beats(served, by_id):
    found = by_id(lifetime.over_the_lifetime, served, "cost_usd")["lifetime-size"]
    best = found.results["cost_usd"].median

    def cost(params):
        tokens = tokens_of_loss(params=params, loss=served.loss, law=served.law.law)
        training = results_of(served.estimate(params=params, tokens=tokens), "rent")["cost_usd"]
        return median_of(training) + lifetime.serving_estimate(served.base, served.database, params=params, tokens=1e12).median("rent_usd")

    assert best == pytest.approx(cost(found.plan.params))
    assert best <= min(cost(found.plan.params * factor) for factor in (0.9, 0.97, 1.03, 1.1))
    assert predicted_loss(params=found.plan.params, tokens=found.plan.tokens, law=served.law.law) == pytest.approx(served.loss)


def test_a_plan_that_is_within_a_tenth_of_the_best_size_is_left_as_it_is(situate, by_id):
    best = by_id(lifetime.over_the_lifetime, situate(**PLAN, service=Service(1e9, 1000.0)), "cost_usd")["lifetime-size"].plan
    at = situate(**{**PLAN, "params": 1.05 * best.params, "tokens": best.tokens}, service=Service(1e9, 1000.0))
    assert "within 10 %" in by_id(lifetime.over_the_lifetime, at, "cost_usd")["lifetime-size"].reason


def test_more_requests_make_the_best_model_smaller(situate, by_id):
    sizes = []
    for requests in (1e8, 1e9, 1e10):
        found = by_id(lifetime.over_the_lifetime, situate(**PLAN, service=Service(requests, 1000.0)), "cost_usd")["lifetime-size"]
        sizes.append(7e9 if isinstance(found, NotOffered) else found.plan.params)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.5 * sizes[0]


def test_a_smaller_model_says_after_how_many_requests_it_wins(served, by_id):
    found = by_id(lifetime.over_the_lifetime, served, "cost_usd")["lifetime-size"]
    training = served.estimate(params=found.plan.params, tokens=found.plan.tokens)
    dearer = training.median("rent_usd") - served.base.median("rent_usd")
    each = [lifetime.serving_estimate(served.base, served.database, params=params, tokens=1e3).median("rent_usd") for params in (7e9, found.plan.params)]
    requests = dearer / (each[0] - each[1])
    assert f"pays off after {float(f'{requests:.2g}') / 1e6:.3g}M requests" in found.how


def test_an_overgrown_plan_wins_from_the_first_request(situate, by_id):
    at = situate(params=530e9, tokens=270e9, hw="dgx-a100", service=Service(1e8, 1000.0))
    assert "from the first request" in by_id(lifetime.over_the_lifetime, at, "cost_usd")["lifetime-size"].how


def test_quantising_speeds_up_the_service_alone(served, by_id):
    found = by_id(lifetime.over_the_lifetime, served, "cost_usd")["quantise"]
    service = lifetime.serving_estimate(served.base, served.database, params=7e9, tokens=1e12).median("rent_usd")
    assert found.savings["cost_usd"].median == pytest.approx(service * (1.0 - 1.0 / 3.25))


def test_a_student_must_win_back_its_training(situate, by_id):
    few, many = (by_id(lifetime.over_the_lifetime, situate(**PLAN, service=Service(n, 1000.0)), "cost_usd")["lifetime-distil"] for n in (1e6, 1e11))
    assert few.savings["cost_usd"].share < 0.0
    assert many.savings["cost_usd"].share == pytest.approx(0.4, abs=0.02)


def test_a_database_without_a_utilisation_of_service_says_so(make_database):
    with pytest.raises(DatabaseError, match="serving_mfu"):
        lifetime.serving_mfu(make_database({}))
