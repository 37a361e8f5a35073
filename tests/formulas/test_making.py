"""The making of an accelerator and its share of a server: cases worked by hand, limits, refusals and properties."""

import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.making import accelerator_kgco2e, hardware_kgco2e, host_kgco2e

H100 = {"memory_b": 80e9, "die_area_mm2": 814.0, "area_factor": 1.0, "board_power_w": 700.0}
SHARES = {"reference_kgco2e": 300.0, "memory_share": 0.6, "logic_share": 0.1}


def test_the_reference_has_the_emissions_of_the_reference():
    assert accelerator_kgco2e(**SHARES, **H100) == pytest.approx(300.0)


def test_memory_dies_and_power_count_by_their_shares():
    # 0.6 × 2 + 0.1 × 0.5 × 0.8 + 0.3 × 0.5 = 1.39
    assert accelerator_kgco2e(**SHARES, memory_b=160e9, die_area_mm2=407.0, area_factor=0.8, board_power_w=350.0) == pytest.approx(417.0)


@pytest.mark.parametrize("part", ["memory_b", "die_area_mm2", "board_power_w"])
def test_more_of_a_part_adds_in_proportion(part):
    less, base, more = (accelerator_kgco2e(**SHARES, **H100 | {part: H100[part] * factor}) for factor in (0.0, 1.0, 2.0))
    assert more - base == pytest.approx(base - less)
    assert less < base


def test_a_wafer_without_stacked_memory_is_made_of_its_area_and_its_power():
    wafer = accelerator_kgco2e(**SHARES, memory_b=0.0, die_area_mm2=46_225.0, area_factor=1.0, board_power_w=0.0)
    assert wafer == pytest.approx(300.0 * 0.1 * 46_225.0 / 814.0)


@pytest.mark.parametrize(("name", "value"), [("reference_kgco2e", 0.0), ("memory_b", -1.0), ("area_factor", 0.0), ("memory_share", 1.1), ("logic_share", -0.1)])
def test_an_impossible_input_is_refused(name, value):
    with pytest.raises(OutOfRangeError, match=name):
        accelerator_kgco2e(**SHARES | H100 | {name: value})


def test_a_host_is_shared_over_its_accelerators_by_its_memory():
    assert host_kgco2e(host_kgco2e_per_gib=1.5, host_memory_b=2.0**41, accelerator_count=8.0) == pytest.approx(384.0)
    with pytest.raises(OutOfRangeError, match="accelerator_count"):
        host_kgco2e(host_kgco2e_per_gib=1.5, host_memory_b=2.0**41, accelerator_count=0.0)


def test_accelerator_and_host_add_up():
    assert hardware_kgco2e(accelerator_kgco2e=295.0, host_kgco2e=290.0) == 585.0
    with pytest.raises(OutOfRangeError, match="host_kgco2e"):
        hardware_kgco2e(accelerator_kgco2e=295.0, host_kgco2e=-1.0)
