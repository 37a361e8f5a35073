"""The statement of a plan is estimated, with the results of the estimate."""

import pytest

from traincarbon.disclosure.statement import RESULTS


def test_amounts_are_those_of_the_estimate(of_plan, ask):
    fields = {"servers": 16, "region": "france", "market_intensity": 20.0}
    statement, answer = of_plan(**fields), ask(**fields)
    for name in RESULTS:
        if name != "accelerator_energy_kwh":
            assert statement.result(name) == answer[name], name
    assert 0.0 < statement.result("accelerator_energy_kwh").median < answer.median("it_energy_kwh")
    assert statement.is_estimate
    assert statement.missing == {}


def test_what_is_not_known_is_missing_with_its_reason(of_plan):
    statement = of_plan(carbon_intensity=100.0)
    assert set(statement.missing) == {"duration_s", "scope2_location_kgco2e", "scope2_market_kgco2e", "scope3_upstream_kgco2e"}
    assert statement.basis == ""
    assert statement.intensity_gco2e_per_kwh == 100.0


def test_only_a_plan_that_states_its_hours_is_counted_by_hardware_too(of_plan):
    assert of_plan().compute.by_hardware is None
    stated = of_plan(accelerator_hours=1e6).compute
    assert stated.by_architecture.median == pytest.approx(6 * 7e9 * 1e12)
    assert stated.by_hardware.median == pytest.approx(1e6 * 3600.0 * 312e12 * stated.utilisation)


def test_a_fine_tune_is_told_from_a_training(of_plan):
    assert of_plan(kind="finetune", tokens=1e8).is_fine_tuning
    assert not of_plan().is_fine_tuning
