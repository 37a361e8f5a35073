"""The intensity of a mix of power plants."""

import math

import pytest

from traincarbon.grid.fuels import intensity_of_mix


@pytest.mark.parametrize(("basis", "expected"), [("lifecycle", (490.0 + 12.0) / 2), ("direct", 370.0 / 2)])
def test_a_mix_has_the_mean_of_its_fuels_by_energy(shipped, basis, expected):
    assert intensity_of_mix({"gas": 100.0, "nuclear": 100.0}, basis=basis, database=shipped) == pytest.approx(expected)


def test_nothing_generated_has_no_intensity(shipped):
    assert intensity_of_mix({}, basis="direct", database=shipped) is None
    assert intensity_of_mix({"solar": 0.0, "coal": -5.0, "gas": math.nan}, basis="direct", database=shipped) is None


def test_every_fuel_has_a_factor_on_both_bases(shipped):
    for fuel in ("biomass", "coal", "gas", "geothermal", "hydro", "nuclear", "oil", "solar", "unknown", "wind"):
        direct, lifecycle = (intensity_of_mix({fuel: 1.0}, basis=basis, database=shipped) for basis in ("direct", "lifecycle"))
        assert 0.0 <= direct < lifecycle
