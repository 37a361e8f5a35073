"""The steps of a record follow from each other, and one that does not is found."""

import json

import pytest

from traincarbon.errors import CarbonError
from traincarbon.evidence.derivation import derive, steps_of

RECORD = {
    "energy_j": {"gpu": 3.6e6, "cpu": 1.8e6, "dram": None},
    "facility_energy_kwh": {"low": 1.0, "median": 2.0, "high": 3.0},
    "operational_kgco2e": {"low": 0.05, "median": 0.1, "high": 0.2},
    "site": {"pue": 1.25, "carbon_intensity": 50.0, "direct_intensity": 20.0},
    "accelerators": 8,
    "duration_s": 1800.0,
    "hours": [{"it_energy_kwh": 0.6, "metered_energy_kwh": 0.5}, {"it_energy_kwh": 1.0, "metered_energy_kwh": 1.0}],
}


def test_each_amount_follows_from_others():
    found = [(step.name, step.value, step.agrees) for step in derive(RECORD)]
    assert found == [
        ("metered_energy_kwh", 1.5, True),
        ("metered_energy_kwh", 1.5, True),
        ("it_energy_kwh", 1.6, True),
        ("it_energy_kwh", 1.6, True),
        ("operational_kgco2e", pytest.approx(0.1), True),
        ("scope2_location_kgco2e", pytest.approx(0.04), True),
        ("accelerator_hours_h", 4.0, True),
    ]


def test_an_amount_that_does_not_follow_is_found():
    steps = derive({**RECORD, "operational_kgco2e": {"low": 0.05, "median": 0.09, "high": 0.2}})
    assert [step.name for step in steps if not step.agrees] == ["operational_kgco2e"]


def test_a_step_whose_inputs_are_not_known_is_left_out():
    assert derive({}) == []
    assert [step.name for step in derive({"accelerators": 2, "duration_s": 3600.0})] == ["accelerator_hours_h"]


def test_steps_are_read_back():
    steps = derive(RECORD)
    assert steps_of(json.loads(json.dumps([step._asdict() for step in steps]))) == steps
    with pytest.raises(CarbonError):
        steps_of([{"name": 5}])
