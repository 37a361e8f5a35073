"""The same model on the same data for less: format, software, power, price, pausing."""

import pytest

from traincarbon.explore.advice import same_training
from traincarbon.explore.advice.alternative import NotOffered


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
    found = by_id(same_training.narrower_format, at)[id]
    again = at.estimate(precision=precision)
    assert found.plan.precision == precision
    assert found.results["accelerator_hours_h"].median == again.median("accelerator_hours_h")
    assert found.results["accelerator_hours_h"].high > again["accelerator_hours_h"].high
    assert found.savings["facility_energy_kwh"].median == pytest.approx(at.base.median("facility_energy_kwh") - again.median("facility_energy_kwh"))


def test_the_interval_of_a_format_is_that_of_the_published_speed_ups(tuned, by_id):
    saved = by_id(same_training.narrower_format, tuned)["fp8"].savings["accelerator_hours_h"]
    left = (1.0 - saved.share_low) / (1.0 - saved.share_high)
    # 1.28 to 1.75 times as fast
    assert left == pytest.approx(1.75 / 1.28, rel=0.05)


@pytest.mark.parametrize("precision", ["fp8", "fp4"])
def test_what_is_narrow_already_is_not_offered_again(situate, by_id, precision):
    assert by_id(same_training.narrower_format, situate(params=7e9, tokens=1e12, hw="b200", precision=precision)) == {}


def test_a_chip_without_eight_bits_is_not_told_to_use_them(megatron, by_id):
    assert "no 8-bit rate" in by_id(same_training.narrower_format, megatron)["fp8"].reason


def test_software_of_today_is_offered_to_a_plan_of_before(megatron, by_id):
    found = by_id(same_training.newer_software, megatron)["fuse"]
    saved = found.savings["accelerator_hours_h"]
    assert 0.1 < saved.share < 0.5
    assert saved.share == pytest.approx(found.savings["cost_usd"].share)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"servers": 32}, "software since 2023 does this"),
        ({}, "needs a number of servers"),
        ({"hw": "v100", "accelerators": 512, "params": 1e9, "start": "2020"}, "does not run on"),
        ({"family": "vision", "servers": 32}, "does not cover"),
    ],
)
def test_software_of_today_is_not_offered_where_it_is_there_or_cannot_be(situate, by_id, fields, reason):
    assert reason in by_id(same_training.newer_software, situate(**{"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", **fields}))["fuse"].reason


def test_a_layout_that_the_plan_fixes_badly_is_named_a_better_one(situate, by_id):
    found = by_id(same_training.free_layout, situate(params=7e9, tokens=1e12, hw="dgx-a100", servers=8, tp=8, pp=1, dp=8))["layout"]
    assert found.savings["accelerator_hours_h"].share > 0.03
    assert found.name.startswith("Use tensor × pipeline × data parallelism of ")


def test_a_plan_that_fixes_no_layout_gets_no_advice_on_it(megatron, by_id):
    assert by_id(same_training.free_layout, megatron) == {}


def test_a_power_cap_takes_time_and_rent_and_saves_energy(megatron, by_id):
    found = by_id(same_training.power_cap, megatron)["power-cap"]
    assert found.savings["cost_usd"].share == pytest.approx(-0.03, abs=1e-9)
    assert 0.02 < found.savings["facility_energy_kwh"].share < 0.13
    assert not found.is_verified


def test_a_power_cap_is_published_for_graphics_processors_only(situate, by_id):
    assert isinstance(by_id(same_training.power_cap, situate(params=7e9, tokens=1e12, hw="tpu-v4"))["power-cap"], NotOffered)


def test_pausing_is_of_long_runs_and_another_hour_of_short_ones(megatron, tuned, by_id):
    paused = by_id(same_training.pause, megatron)["pause"]
    assert paused.savings["total_kgco2e"].share > 0.05
    assert paused.results["duration_s"] is None
    assert by_id(same_training.pause, tuned) == {}
    assert by_id(same_training.better_hour, tuned)["hour"].savings["total_kgco2e"].share > 0.05
    assert "about 1 %" in by_id(same_training.better_hour, megatron)["hour"].reason


def test_the_embodied_part_does_not_fall_with_the_hour(tuned, by_id):
    found = by_id(same_training.better_hour, tuned)["hour"].results["total_kgco2e"].median
    assert found == pytest.approx(tuned.base.median("embodied_kgco2e") + 0.9 * tuned.base.median("operational_kgco2e"))


def test_adapters_on_four_bits_are_not_offered_eight(situate, by_id):
    at = situate(params=7e9, tokens=1e8, hw="rtx-4090", kind="qlora")
    assert by_id(same_training.narrower_format, at)["fp8"].reason == "weights of four bits are multiplied at 16"
