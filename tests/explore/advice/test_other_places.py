"""The same training in other places and on other hardware: only where it can be had, and cleaner or cheaper there."""

import pytest

from traincarbon.explore.advice import other_places
from traincarbon.explore.advice.alternative import Alternative
from traincarbon.uncertain import median_of


def test_the_cleanest_region_where_the_chip_is_priced_is_named(megatron, by_id):
    found = by_id(other_places.cleaner_place, megatron)
    cleanest = min(found.values(), key=lambda each: each.figures["total_kgco2e"].median)
    everywhere = [megatron.estimate(region=id).median("total_kgco2e") for id in other_places.regions_of(megatron)]
    assert cleanest.figures["total_kgco2e"].median == min(everywhere)
    assert cleanest.savings["total_kgco2e"].share > 0.7


def test_the_other_region_is_at_least_twice_as_clean_and_the_cheapest_that_is(megatron, by_id):
    found = sorted(by_id(other_places.cleaner_place, megatron).values(), key=lambda each: each.figures["cost_usd"].median)
    clean = [megatron.estimate(region=id) for id in other_places.regions_of(megatron)]
    costs = [each.median("rent_usd") for each in clean if each.median("total_kgco2e") <= 0.5 * megatron.base.median("total_kgco2e")]
    assert found[0].figures["cost_usd"].median == min(costs)


def test_a_plan_in_a_region_stays_with_its_provider(tuned, by_id):
    assert {region.partition(":")[0] for region in other_places.regions_of(tuned)} == {"aws"}
    assert set(by_id(other_places.cleaner_place, tuned)) == {"region-aws:eu-north-1"}


def test_an_instance_is_looked_for_where_its_operator_prices_it(situate):
    at = situate(params=7e9, tokens=1e12, hw="aws-p4d.24xlarge")
    rows = [row for row in at.database.rows("prices", "a100-sxm4-40gb") if row["server"] == "aws-p4d.24xlarge"]
    assert other_places.regions_of(at) == sorted({row["region"] for row in rows if row["purchase"] == "on_demand"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"carbon_intensity": 100.0}, "states its own carbon_intensity"),
        ({"hw": "h800"}, "no region where"),
        ({"hw": "p5", "region": "eu-north-1"}, "is cleaner"),
    ],
)
def test_no_region_is_offered_where_none_is_known_or_cleaner(situate, by_id, fields, reason):
    assert reason in by_id(other_places.cleaner_place, situate(**{"params": 7e9, "tokens": 1e12, "hw": "h100", **fields}))["region"].reason


def test_a_better_building_saves_what_its_pue_does(megatron, by_id):
    found = by_id(other_places.better_building, megatron)["pue"]
    now = median_of(megatron.base.facts.value("pue"))
    assert found.savings["facility_energy_kwh"].share == pytest.approx(1.0 - found.plan.pue / now)


def test_a_good_building_is_not_to_be_left(tuned, by_id):
    assert "as good as those of large operators" in by_id(other_places.better_building, tuned)["pue"].reason


def test_newer_hardware_is_estimated_on_as_many_accelerators(tuned, by_id):
    found = by_id(other_places.newer_hardware, tuned)
    assert found
    for each in found.values():
        assert each.plan.accelerators == tuned.base.accelerators
        assert each.plan.hw != "h100"


def test_hardware_that_is_not_out_yet_is_not_offered(megatron, by_id):
    for each in by_id(other_places.newer_hardware, megatron).values():
        if isinstance(each, Alternative):
            chip = megatron.database.product("accelerators", each.plan.hw)
            assert chip.value("launch_year") <= 2021


def test_hardware_on_which_no_training_is_published_is_not_recommended(situate, by_id):
    for fields in ({"params": 340e6, "tokens": 137e9, "hw": "tpu-v2", "accelerators": 64, "start": "2018"}, {"params": 7e9, "tokens": 140e9, "hw": "h100"}):
        at = situate(**fields)
        chips = [each.plan.hw for each in by_id(other_places.newer_hardware, at).values() if isinstance(each, Alternative)]
        assert chips
        assert all("none is published for" not in at.estimate(hw=chip).facts.given("mfu").reason for chip in chips)
    stated = situate(params=7e9, tokens=140e9, hw="h100", mfu=0.4)
    assert "hardware-tpu-v6e" in by_id(other_places.newer_hardware, stated)


def test_hardware_that_cannot_hold_the_model_is_not_offered(situate, by_id):
    at = situate(params=70e9, tokens=1e12, hw="h200-sxm-141gb", accelerators=16)
    for each in by_id(other_places.newer_hardware, at).values():
        if isinstance(each, Alternative):
            answer = at.estimate(hw=each.plan.hw, accelerators=16.0)
            assert median_of(answer.fewest_accelerators) <= 16.0


def test_distances_are_those_on_the_globe():
    # Paris to New York
    assert other_places.distance_km((48.86, 2.35), (40.71, -74.01)) == pytest.approx(5837, rel=0.01)
    assert other_places.distance_km((10.0, 20.0), (10.0, 20.0)) == 0.0
