"""From the servers to the building: facility energy and water."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.facility import facility_energy_kwh, scaled_it_energy_kwh, water_l

amounts = st.floats(0.0, 1e12)
factors = st.floats(0.01, 100.0)
ENERGY = {"it_energy_kwh": 1000.0, "pue": 1.2}
WATER = {"it_energy_kwh": 1000.0, "facility_energy_kwh": 1200.0, "wue_l_per_kwh": 0.5, "grid_water_l_per_kwh": 3.0}


def test_the_facility_draws_the_servers_times_its_pue():
    # 1000 × 1.2
    assert facility_energy_kwh(**ENERGY) == 1200.0


@given(amounts)
def test_a_perfect_facility_adds_nothing(energy):
    assert facility_energy_kwh(it_energy_kwh=energy, pue=1.0) == energy


@given(amounts, st.floats(1.0, 3.0), factors)
def test_facility_energy_is_linear_in_that_of_the_servers_and_never_below_it(energy, pue, factor):
    assert_linear(facility_energy_kwh, "it_energy_kwh", factor, it_energy_kwh=energy, pue=pue)
    assert facility_energy_kwh(it_energy_kwh=energy, pue=pue) >= energy


def test_a_pue_below_one_and_a_negative_energy_are_refused():
    assert_refuses(facility_energy_kwh, "pue", (0.99, 0.0, *NONSENSE), **ENERGY)
    assert_refuses(facility_energy_kwh, "it_energy_kwh", NONSENSE, **ENERGY)
    assert_agrees(facility_energy_kwh, **ENERGY)


def test_water_evaporates_on_site_and_at_the_power_plant():
    # 1000 × 0.5 + 1200 × 3 = 500 + 3600
    assert water_l(**WATER) == 4100.0


def test_without_cooling_towers_the_water_is_that_of_the_grid():
    assert water_l(**{**WATER, "wue_l_per_kwh": 0.0}) == 3600.0
    assert water_l(**{**WATER, "grid_water_l_per_kwh": 0.0}) == 500.0


@given(amounts, st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.floats(0.0, 1.0))
def test_more_of_anything_takes_no_less_water(energy, wue, grid, more):
    inputs = {"it_energy_kwh": energy, "facility_energy_kwh": energy, "wue_l_per_kwh": wue, "grid_water_l_per_kwh": grid}
    for name, value in inputs.items():
        assert water_l(**{**inputs, name: value + more}) >= water_l(**inputs)


@pytest.mark.parametrize("name", WATER)
def test_negative_water_and_energy_are_refused(name):
    assert_refuses(water_l, name, NONSENSE, **WATER)


def test_water_agrees_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(water_l, **WATER)


def test_energy_scales_with_the_accelerators_and_the_hours_by_their_shares():
    inputs = {"it_energy_kwh": 100.0, "accelerator_factor": 0.5, "hours_factor": 2.0, "accelerator_share": 0.75}
    # 75 kWh of accelerators halve, 25 kWh of the rest double
    assert scaled_it_energy_kwh(**inputs) == pytest.approx(37.5 + 50.0)
    for name in inputs:
        assert_refuses(scaled_it_energy_kwh, name, NONSENSE, **inputs)
    assert_refuses(scaled_it_energy_kwh, "accelerator_share", (1.1,), **inputs)
    assert_agrees(scaled_it_energy_kwh, **inputs)
