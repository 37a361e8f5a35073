"""The same model on the same data for less: format, software, power, price, pausing."""

import pytest

from acme import line
from conftest import ACCELERATOR
from traincarbon.explore.advice import same_training as same
from traincarbon.explore.advice.alternative import Alternative, NotOffered


@pytest.mark.parametrize(
    ("fields", "id", "precision"),
    [
        ({"precision": "fp32"}, "half-precision", "bf16"),
        ({"precision": "tf32"}, "half-precision", "bf16"),
        ({}, "fp8", "fp8"),
        ({"precision": "fp16"}, "fp8", "fp8"),
    ],
)
def test_a_narrower_format_is_offered_and_computed_by_the_chain(situate, by_id, fields, id, precision):
    at = situate(params=7e9, tokens=1e12, hw="h100", **fields)
    found = by_id(same.narrower_format, at)[id]
    again = at.estimate(precision=precision)
    assert found.plan.precision == precision
    assert found.figures["accelerator_hours_h"].median == again.median("accelerator_hours_h")
    assert found.figures["accelerator_hours_h"].high > again["accelerator_hours_h"].high
    assert found.savings["facility_energy_kwh"].median == pytest.approx(at.base.median("facility_energy_kwh") - again.median("facility_energy_kwh"))


def test_the_interval_of_a_format_is_that_of_the_published_speed_ups(tuned, by_id):
    saved = by_id(same.narrower_format, tuned)["fp8"].savings["accelerator_hours_h"]
    left = (1.0 - saved.share_low) / (1.0 - saved.share_high)
    # 1.2 to 1.75 times as fast
    assert left == pytest.approx(1.75 / 1.2, rel=0.05)


@pytest.mark.parametrize("precision", ["fp8", "fp4"])
def test_what_is_narrow_already_is_not_offered_again(situate, by_id, precision):
    assert by_id(same.narrower_format, situate(params=7e9, tokens=1e12, hw="b200", precision=precision)) == {}


def test_a_chip_without_eight_bits_is_not_told_to_use_them(megatron, by_id):
    assert "no 8-bit rate" in by_id(same.narrower_format, megatron)["fp8"].reason


def test_software_of_today_is_offered_to_a_plan_of_before(megatron, by_id):
    found = by_id(same.newer_software, megatron)["fuse"]
    saved = found.savings["accelerator_hours_h"]
    assert 0.1 < saved.share < 0.5
    assert saved.share == pytest.approx(found.savings["cost_usd"].share)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"servers": 32}, "software since 2023 does so"),
        ({}, "takes a number of servers"),
        ({"hw": "v100", "accelerators": 512, "params": 1e9, "start": "2020"}, "does not run on"),
        ({"family": "vision", "servers": 32}, "does not cover"),
    ],
)
def test_software_of_today_is_not_offered_where_it_is_there_or_cannot_be(situate, by_id, fields, reason):
    assert reason in by_id(same.newer_software, situate(**{"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", **fields}))["fuse"].reason


def test_a_layout_that_the_plan_fixes_badly_is_named_a_better_one(situate, by_id):
    found = by_id(same.free_layout, situate(params=7e9, tokens=1e12, hw="dgx-a100", servers=8, tp=8, pp=1, dp=8))["layout"]
    assert found.savings["accelerator_hours_h"].share > 0.03
    assert found.name.startswith("Lay it out tensor × pipeline × data ")


def test_a_plan_that_fixes_no_layout_gets_no_advice_on_it(megatron, by_id):
    assert by_id(same.free_layout, megatron) == {}


def test_a_power_cap_takes_time_and_rent_and_saves_energy(megatron, by_id):
    found = by_id(same.power_cap, megatron)["power-cap"]
    assert found.savings["cost_usd"].share == pytest.approx(-0.03, abs=1e-9)
    assert 0.02 < found.savings["facility_energy_kwh"].share < 0.13
    assert not found.is_verified


def test_a_power_cap_is_published_for_graphics_processors_only(situate, by_id):
    assert isinstance(by_id(same.power_cap, situate(params=7e9, tokens=1e12, hw="tpu-v4"))["power-cap"], NotOffered)


def test_spot_changes_money_alone(megatron, by_id):
    found = by_id(same.other_price, megatron)["spot"]
    assert found.savings["cost_usd"].share > 0.3
    assert found.savings["facility_energy_kwh"].share == 0.0
    assert found.figures["total_kgco2e"] == megatron.base["total_kgco2e"]


def test_a_commitment_that_the_run_hardly_uses_is_not_offered(tuned, megatron, by_id):
    short, long = by_id(same.other_price, tuned), by_id(same.other_price, megatron)
    assert "would use 0.061 % of it" in short["reserved-1y"].reason
    assert isinstance(long["reserved-1y"], Alternative)


def test_prices_that_the_plan_states_are_not_second_guessed(situate, by_id):
    assert isinstance(by_id(same.other_price, situate(params=7e9, tokens=1e12, hw="h100", rent_price=2.0))["spot"], NotOffered)
    assert by_id(same.other_price, situate(params=7e9, tokens=1e12, hw="h100", rent="spot")) == {}
    assert by_id(same.other_price, situate(params=7e9, tokens=1e12, hw="h100", money="own")) == {}


def price(purchase, usd, *, provider="acme", region="acme:paris-1", server="acme-box", date="2024-06"):
    return line("prices", "acme-one-40gb", server, provider, region, purchase, date, 8, usd)


def ratio(make_database, *rows, server="acme-box"):
    priors = line("priors", "rent_price", "scope=quoted", 1, 0.1)
    facts = make_database({"prices.csv": "".join(rows), "priors.csv": priors, "accelerators/acme-one-40gb.toml": ACCELERATOR})
    return same.price_ratio(facts, "acme-one-40gb", server=server, purchase="spot", start=None)


def test_a_price_is_held_against_one_for_the_same_instance_and_region(make_database):
    found, _, n = ratio(make_database, price("spot", 4), price("on_demand", 16), price("on_demand", 99, region="zeta:norfolk"))
    assert (found.median, n) == (pytest.approx(0.25), 1)
    assert found.sigma == pytest.approx(0.1)


def test_each_provider_counts_once_however_many_quotes_it_has(make_database):
    many = [price(purchase, usd, region=f"acme:{n}") for n in range(5) for purchase, usd in (("spot", 8), ("on_demand", 16))]
    other = [price("spot", 2, provider="zeta", region="zeta:norfolk"), price("on_demand", 16, provider="zeta", region="zeta:norfolk")]
    found, _, n = ratio(make_database, *many, *other)
    assert (found.median, n) == (pytest.approx(0.25), 6)


def test_prices_of_different_times_are_no_pair(make_database):
    assert ratio(make_database, price("spot", 4, date="2024"), price("on_demand", 16, date="2020")) is None
    assert ratio(make_database, price("spot", 4)) is None
    assert ratio(make_database) is None


def test_owning_is_offered_with_its_capital_and_left_out_of_short_runs(megatron, tuned, by_id):
    found = by_id(same.own_instead, megatron)["own"]
    assert found.figures["cost_usd"] == megatron.base["own_usd"]
    assert "68.8 M$ for these servers" in found.lost
    assert "0.014 % of its service life" in by_id(same.own_instead, tuned)["own"].reason


def test_pausing_is_of_long_runs_and_another_hour_of_short_ones(megatron, tuned, by_id):
    assert by_id(same.pause, megatron)["pause"].savings["total_kgco2e"].share > 0.05
    assert by_id(same.pause, tuned) == {}
    assert by_id(same.better_hour, tuned)["hour"].savings["total_kgco2e"].share > 0.05
    assert "about 1 %" in by_id(same.better_hour, megatron)["hour"].reason


def test_the_embodied_part_does_not_fall_with_the_hour(tuned, by_id):
    found = by_id(same.better_hour, tuned)["hour"].figures["total_kgco2e"].median
    assert found == pytest.approx(tuned.base.median("embodied_kgco2e") + 0.9 * tuned.base.median("operational_kgco2e"))
