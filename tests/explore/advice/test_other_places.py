"""The same training in other places and on other hardware: only where it can be had, and cleaner or cheaper there."""

import statistics

import pytest

from traincarbon.database.select import nearest
from traincarbon.explore.advice import other_places
from traincarbon.explore.compared_results import COST
from traincarbon.uncertain import median_of


def test_the_cleanest_region_where_the_chip_is_priced_is_named(megatron, by_id):
    found = by_id(other_places.cleaner_place, megatron)
    cleanest = min(found.values(), key=lambda each: each.results["total_kgco2e"].median)
    everywhere = [megatron.estimate(region=id).median("total_kgco2e") for id in other_places.regions_of(megatron)]
    assert cleanest.results["total_kgco2e"].median == min(everywhere)
    assert cleanest.savings["total_kgco2e"].share > 0.7


def test_the_other_region_is_at_least_twice_as_clean_and_the_cheapest_that_is(megatron, by_id):
    found = sorted(by_id(other_places.cleaner_place, megatron).values(), key=lambda each: each.results["cost_usd"].median)
    clean = [megatron.estimate(region=id) for id in other_places.regions_of(megatron)]
    costs = [each.median("rent_usd") for each in clean if each.median("total_kgco2e") <= 0.5 * megatron.base.median("total_kgco2e")]
    assert found[0].results["cost_usd"].median == min(costs)


def test_a_plan_in_a_region_stays_with_its_provider(tuned, by_id):
    assert {region.partition(":")[0] for region in other_places.regions_of(tuned)} == {"aws"}
    assert set(by_id(other_places.cleaner_place, tuned)) == {"region-aws:ca-central-1"}


def test_an_instance_is_looked_for_where_its_operator_prices_it(situate):
    at = situate(params=7e9, tokens=1e12, hw="aws-p4d.24xlarge")
    rows = [row for row in at.database.rows("prices", "a100-sxm4-40gb") if row["server"] == "aws-p4d.24xlarge"]
    assert other_places.regions_of(at) == sorted({row["region"] for row in rows if row["purchase"] == "on_demand"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"carbon_intensity": 100.0}, "states its own carbon_intensity"),
        ({"hw": "h800"}, "no region is known"),
        ({"hw": "p5", "region": "ca-central-1"}, "is cleaner"),
    ],
)
def test_no_region_is_offered_where_none_is_known_or_cleaner(situate, by_id, fields, reason):
    assert reason in by_id(other_places.cleaner_place, situate(**{"params": 7e9, "tokens": 1e12, "hw": "h100", **fields}))["region"].reason


@pytest.mark.parametrize("money", ["rent", "own"])
def test_a_region_without_a_price_of_that_kind_keeps_the_rent_of_the_plan_and_has_its_own_electricity(situate, by_id, money):
    at = situate(params=7e9, tokens=1e12, hw="h100", rent="reserved_1y", money=money)
    found = by_id(other_places.cleaner_place, at)
    unpriced = [
        id
        for id in found
        if not any(f"region-{row['region']}" == id and row["purchase"] == "reserved_1y" for row in at.database.rows("prices", "h100-sxm5-80gb"))
    ]
    assert unpriced
    for id in unpriced:
        there = at.estimate(region=id.removeprefix("region-"))
        assert found[id].results["cost_usd"].median == (at.base if money == "rent" else there).median(COST[money])


def test_a_better_building_saves_what_its_pue_does(megatron, by_id):
    found = by_id(other_places.better_building, megatron)["pue"]
    now = median_of(megatron.base.facts.value("pue"))
    assert found.savings["facility_energy_kwh"].share == pytest.approx(1.0 - found.plan.pue / now)


def test_a_better_building_is_the_middle_of_large_operators_not_the_best(megatron, by_id):
    found = by_id(other_places.better_building, megatron)["pue"]
    rows = [row for row in megatron.database.all_rows("facilities") if row["scope"] == "fleet" and row["pue"]]
    newest = sorted(float(nearest([row for row in rows if row["operator"] == operator], "2021")["pue"]) for operator in {row["operator"] for row in rows})
    assert newest[0] < found.plan.pue == statistics.median_low(newest)


def test_a_good_building_is_not_to_be_left(tuned, by_id):
    assert "as good as those of large operators" in by_id(other_places.better_building, tuned)["pue"].reason


def test_distances_are_those_on_the_globe():
    # Paris to New York
    assert other_places.distance_km((48.86, 2.35), (40.71, -74.01)) == pytest.approx(5837, rel=0.01)
    assert other_places.distance_km((10.0, 20.0), (10.0, 20.0)) == 0.0
