"""The same training on other hardware: only what is on sale, holds the model and has published trainings."""

from traincarbon.explore.advice import other_hardware
from traincarbon.explore.advice.alternative import Alternative, Effort
from traincarbon.uncertain import median_of


def test_newer_hardware_is_estimated_on_as_many_accelerators(tuned, by_id):
    found = by_id(other_hardware.newer_hardware, tuned)
    assert found
    for each in found.values():
        assert each.plan.accelerators == tuned.base.accelerators
        assert each.plan.hw != "h100"


def test_hardware_that_is_not_out_yet_is_not_offered(megatron, by_id):
    for each in by_id(other_hardware.newer_hardware, megatron).values():
        if isinstance(each, Alternative):
            chip = megatron.database.product("accelerators", each.plan.hw)
            assert chip.value("launch_year") <= 2021


def test_hardware_on_which_no_training_is_published_is_not_recommended(situate, by_id):
    for fields in ({"params": 340e6, "tokens": 137e9, "hw": "tpu-v2", "accelerators": 64, "start": "2018"}, {"params": 7e9, "tokens": 140e9, "hw": "h100"}):
        at = situate(**fields)
        chips = [each.plan.hw for each in by_id(other_hardware.newer_hardware, at).values() if isinstance(each, Alternative)]
        assert chips
        assert all("none is published for" not in at.estimate(hw=chip).facts.need("mfu").reason for chip in chips)
    stated = situate(params=7e9, tokens=140e9, hw="h100", mfu=0.4)
    assert "hardware-tpu-v6e" in by_id(other_hardware.newer_hardware, stated)


def test_hardware_that_cannot_hold_the_model_is_not_offered(situate, by_id):
    at = situate(params=70e9, tokens=1e12, hw="h200-sxm-141gb", accelerators=16)
    for each in by_id(other_hardware.newer_hardware, at).values():
        if isinstance(each, Alternative):
            answer = at.estimate(hw=each.plan.hw, accelerators=16.0)
            assert median_of(answer.fewest_accelerators) <= 16.0


def test_hardware_that_takes_more_than_twice_the_hours_is_no_replacement(situate, by_id):
    at = situate(params=7e9, tokens=140e9, hw="b200", mfu=0.4)
    slow = at.estimate(hw="gh200-96gb")
    assert slow.median("accelerator_hours_h") > 2.0 * at.base.median("accelerator_hours_h")
    assert slow.median("rent_usd") < at.base.median("rent_usd")
    for each in by_id(other_hardware.newer_hardware, at).values():
        assert each.results["accelerator_hours_h"].median <= 2.0 * at.base.median("accelerator_hours_h")


def test_hardware_of_another_vendor_takes_more_effort(situate, by_id):
    found = by_id(other_hardware.newer_hardware, situate(params=7e9, tokens=140e9, hw="h100", mfu=0.4, accelerators=64))
    efforts = {id: each.effort for id, each in found.items()}
    others = ("hardware-tpu", "hardware-mi")
    assert any(id.startswith(others) for id in efforts)
    assert all(effort is (Effort.HIGH if id.startswith(others) else Effort.LOW) for id, effort in efforts.items())
