"""Greenhouse gases: of the electricity, of making the hardware, and both."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.carbon import embodied_kgco2e, operational_kgco2e, total_kgco2e
from traincarbon.uncertain import Uncertain

amounts = st.floats(0.0, 1e12)
factors = st.floats(0.01, 100.0)
GPT3 = {"facility_energy_kwh": 1_287_000.0, "intensity_gco2e_per_kwh": 429.0}
MAKING = {"accelerator_hours_h": 8766.0, "hardware_kgco2e": 300.0, "service_life_h": 4 * 8766.0, "utilisation": 0.75}


def test_gpt_3_emitted_552_tonnes():
    # 1,287 MWh × 429 g/kWh = 552.1 t; Patterson et al. 2021, table 4
    assert operational_kgco2e(**GPT3) == pytest.approx(552_123.0)


@given(amounts)
def test_electricity_without_carbon_emits_nothing(energy):
    assert operational_kgco2e(facility_energy_kwh=energy, intensity_gco2e_per_kwh=0.0) == 0.0


@given(amounts, st.floats(0.0, 1500.0), factors)
def test_emissions_are_linear_in_energy_and_intensity(energy, intensity, factor):
    inputs = {"facility_energy_kwh": energy, "intensity_gco2e_per_kwh": intensity}
    assert_linear(operational_kgco2e, "facility_energy_kwh", factor, **inputs)
    assert_linear(operational_kgco2e, "intensity_gco2e_per_kwh", factor, **inputs)


@pytest.mark.parametrize("name", GPT3)
def test_negative_energy_and_intensity_are_refused(name):
    assert_refuses(operational_kgco2e, name, NONSENSE, **GPT3)
    assert_agrees(operational_kgco2e, **GPT3)


def test_a_run_bears_its_share_of_the_useful_life():
    # 1 year of 4 × 0.75 = 3 useful ones: 300 / 3 = 100
    assert embodied_kgco2e(**MAKING) == pytest.approx(100.0)


def test_a_whole_life_in_full_use_bears_all_of_it():
    assert embodied_kgco2e(accelerator_hours_h=35064.0, hardware_kgco2e=300.0, service_life_h=35064.0, utilisation=1.0) == pytest.approx(300.0)


@given(st.floats(1.0, 1e9), factors)
def test_the_share_rises_with_hours_and_falls_with_life_and_use(hours, factor):
    inputs = {**MAKING, "accelerator_hours_h": hours}
    assert_linear(embodied_kgco2e, "accelerator_hours_h", factor, **inputs)
    assert_linear(embodied_kgco2e, "hardware_kgco2e", factor, **inputs)
    assert_inverse(embodied_kgco2e, "service_life_h", factor, **inputs)
    assert_inverse(embodied_kgco2e, "utilisation", 0.5, **inputs)


@pytest.mark.parametrize("name", MAKING)
def test_a_share_of_nothing_is_refused(name):
    assert_refuses(embodied_kgco2e, name, (0.0, *NONSENSE), **MAKING)


def test_more_use_than_all_hours_is_refused():
    assert_refuses(embodied_kgco2e, "utilisation", (1.01, math.inf), **MAKING)
    assert_agrees(embodied_kgco2e, **MAKING)


def test_bloom_is_the_sum_of_its_parts():
    # 24.69 t operational + 11.2 t embodied; Luccioni et al. 2022, table 3
    assert total_kgco2e(operational_kgco2e=24_690.0, embodied_kgco2e=11_200.0) == 35_890.0


@given(amounts, amounts)
def test_the_total_is_no_less_than_either_part_and_their_order_does_not_matter(one, other):
    total = total_kgco2e(operational_kgco2e=one, embodied_kgco2e=other)
    assert total >= max(one, other)
    assert total == total_kgco2e(operational_kgco2e=other, embodied_kgco2e=one)


@pytest.mark.parametrize("name", ["operational_kgco2e", "embodied_kgco2e"])
def test_negative_emissions_are_refused(name):
    assert_refuses(total_kgco2e, name, NONSENSE, operational_kgco2e=1.0, embodied_kgco2e=2.0)
    assert_agrees(total_kgco2e, operational_kgco2e=1.0, embodied_kgco2e=2.0)


def test_nothing_and_nothing_is_nothing_also_where_it_is_uncertain():
    nothing = Uncertain(0.0, {"carbon_intensity": 0.1})
    assert total_kgco2e(operational_kgco2e=nothing, embodied_kgco2e=nothing).median == 0.0
    total = total_kgco2e(operational_kgco2e=Uncertain(np.array([0.0, 1.0]), {"a": 0.1}), embodied_kgco2e=Uncertain(np.array([0.0, 1.0]), {"b": 0.1}))
    assert total.median == pytest.approx([0.0, 2.0])
    assert total.sigma[1] == pytest.approx(0.1 / math.sqrt(2.0))
