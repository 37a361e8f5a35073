"""An intensity is split into what is Scope 2 and what is Scope 3, or not at all."""

import pytest

from traincarbon.estimation.facts.intensity_split import split_of_lifecycle
from traincarbon.uncertain import median_of


def intensities(answer):
    return [None if (given := answer.facts.given(name)) is None else median_of(given.value) for name in ("direct_intensity", "upstream_intensity")]


@pytest.mark.parametrize("region", ["france", "germany", "us-va", "quebec"])
@pytest.mark.parametrize("basis", ["lifecycle", "direct"])
def test_direct_and_upstream_add_up_to_the_lifecycle(ask, region, basis):
    direct, upstream = intensities(ask(region=region, basis=basis))
    lifecycle = median_of(ask(region=region).facts.carbon_intensity.value)
    assert direct + upstream == pytest.approx(lifecycle)
    assert direct > 0.0
    assert upstream > 0.0


def test_a_stated_intensity_has_no_known_basis(ask):
    assert intensities(ask(region="france", carbon_intensity=40.0)) == [None, None]
    assert intensities(ask(carbon_intensity=40.0)) == [None, None]


def test_without_a_place_the_range_of_the_world_is_split_as_grids_are(ask, shipped):
    facts = ask().facts
    split = split_of_lifecycle(facts.carbon_intensity, shipped)
    direct = median_of(split.direct.value)
    assert direct == pytest.approx((377.0 - 13.0) / 1.31)
    assert split.direct.assumed
    assert split.direct.value.spreads == split.upstream.value.spreads == facts.carbon_intensity.value.spreads


def test_the_scopes_of_a_plan_are_its_electricity(ask):
    answer = ask(region="france", market_intensity=20.0)
    parts = answer.median("scope2_location_kgco2e") + answer.median("scope3_upstream_kgco2e")
    assert parts == pytest.approx(answer.median("operational_kgco2e"))
    assert answer["scope2_market_kgco2e"] == answer["operational_market_kgco2e"]
    assert [step.name for step in answer.steps][-3:] == ["scope2_location_kgco2e", "scope2_market_kgco2e", "scope3_upstream_kgco2e"]
