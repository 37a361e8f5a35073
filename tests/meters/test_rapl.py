"""A powercap tree in a folder: packages, memory, the platform, wraps and permissions."""

from pathlib import Path

import pytest

from traincarbon.meters import rapl
from traincarbon.meters.base import Unavailable

RANGE_UJ = 262_143_328_850
TREE = {
    "intel-rapl:0": ("package-0", 5_000_000),
    "intel-rapl:0:0": ("core", 1),
    "intel-rapl:0:1": ("dram", 2_000_000),
    "intel-rapl:1": ("package-1", 7_000_000),
}


def opened(root, clock):
    found = rapl.probe(root=root, clock=clock)
    assert not isinstance(found, Unavailable), found
    return found


def energies(meter):
    return {reading.device: reading.energy_j for reading in meter.read()}


def test_packages_and_memory_are_counted_and_what_is_inside_a_package_is_not(powercap, clock):
    meter = opened(powercap(TREE), clock)
    clock.now_s += 1.0
    powercap({"intel-rapl:0": ("package-0", 105_000_000), "intel-rapl:0:1": ("dram", 12_000_000), "intel-rapl:1": ("package-1", 57_000_000)})
    assert energies(meter) == {"cpu:0": pytest.approx(100.0), "dram:0": pytest.approx(10.0), "cpu:1": pytest.approx(50.0)}


def test_power_is_the_mean_since_the_last_read(powercap, clock):
    meter = opened(powercap({"intel-rapl:0": ("package-0", 0)}), clock)
    clock.now_s += 4.0
    powercap({"intel-rapl:0": ("package-0", 400_000_000)})
    reading = meter.read()[0]
    assert (reading.power_w, reading.how, reading.part) == (pytest.approx(100.0), "counter", "cpu")


def test_a_register_that_wraps_goes_on(powercap, clock):
    meter = opened(powercap({"intel-rapl:0": ("package-0", RANGE_UJ - 30_000_000)}), clock)
    clock.now_s += 1.0
    powercap({"intel-rapl:0": ("package-0", 70_000_000)})
    assert energies(meter) == {"cpu:0": pytest.approx(100.000001)}
    assert meter.notes == []


def test_it_asks_to_be_read_twice_before_a_register_can_wrap(powercap, clock):
    assert opened(powercap(TREE), clock).max_interval_s == 30.0
    assert opened(powercap(TREE, range_uj=65_532_610_987), clock).max_interval_s == pytest.approx(65_532.6 / 2000 / 2, rel=1e-4)


def test_an_impossible_step_is_set_aside_and_said(powercap, clock):
    meter = opened(powercap({"intel-rapl:0": ("package-0", 0)}), clock)
    clock.now_s += 1.0
    powercap({"intel-rapl:0": ("package-0", 100_000_000_000)})
    assert energies(meter) == {"cpu:0": 0.0}
    assert meter.notes[0].startswith("cpu:0: its counter rose by 100,000 J in 1.0 s")


def test_the_platform_counts_for_what_it_has_beyond_packages_and_memory(powercap, clock):
    meter = opened(powercap({**TREE, "intel-rapl:2": ("psys", 0)}), clock)
    clock.now_s += 1.0
    powercap({"intel-rapl:0": ("package-0", 105_000_000), "intel-rapl:2": ("psys", 130_000_000)})
    assert energies(meter)["other:psys"] == pytest.approx(30.0)
    powercap({"intel-rapl:0": ("package-0", 205_000_000)})
    clock.now_s += 1.0
    assert energies(meter)["other:psys"] == pytest.approx(30.0)


def test_two_platform_zones_are_not_added(powercap, clock):
    meter = opened(powercap({**TREE, "intel-rapl:2": ("psys", 0), "intel-rapl:3": ("psys-1", 0)}), clock)
    clock.now_s += 1.0
    powercap({"intel-rapl:0": ("package-0", 105_000_000), "intel-rapl:2": ("psys", 125_000_000), "intel-rapl:3": ("psys-1", 130_000_000)})
    assert [(reading.device, round(reading.energy_j)) for reading in meter.read() if reading.part == "other"] == [("other:psys", 30)]


def test_packages_of_several_dies_are_counted_each_and_names_that_are_none_are_not(powercap, clock):
    names = ["package-0-die-0", "package-0-die-1", "uncore", "core", "mmio", ""]
    meter = opened(powercap({f"intel-rapl:{number}": (name, 0) for number, name in enumerate(names)}), clock)
    assert set(energies(meter)) == {"cpu:0", "cpu:1"}


def test_a_tree_that_the_container_hides_is_named(tmp_path, clock):
    (tmp_path / "intel-rapl").mkdir()
    (tmp_path / "intel-rapl:0").symlink_to("../../devices/virtual/powercap/intel-rapl/intel-rapl:0")
    found = rapl.probe(root=str(tmp_path), clock=clock)
    assert isinstance(found, Unavailable)
    assert (found.reason, "systempaths=unconfined" in found.hint) == ("its counters are hidden from this container", True)


@pytest.mark.parametrize("text", ["", "garbage", "-5", "1.5"])
def test_a_register_that_shows_no_number_is_lost_and_found(powercap, clock, text):
    root = powercap({"intel-rapl:0": ("package-0", 0)})
    meter = opened(root, clock)
    Path(root, "intel-rapl:0", "energy_uj").write_text(text)
    clock.now_s += 1.0
    assert energies(meter) == {"cpu:0": 0.0}
    powercap({"intel-rapl:0": ("package-0", 90_000_000)})
    clock.now_s += 1.0
    assert energies(meter) == {"cpu:0": pytest.approx(90.0)}


def test_a_refused_file_is_named_with_the_remedy(powercap, clock, monkeypatch):
    def refuse(file):
        if file.endswith("energy_uj"):
            raise PermissionError(13, "Permission denied", file)
        return RANGE_UJ

    monkeypatch.setattr(rapl, "_number", refuse)
    found = rapl.probe(root=powercap(TREE), clock=clock)
    assert isinstance(found, Unavailable)
    assert "no permission to read energy_uj" in found.reason
    assert found.hint == rapl.ALLOW


def test_one_refused_zone_leaves_the_others_and_is_said(powercap, clock, monkeypatch):
    real = rapl._number

    def refuse(file):
        if "rapl:1/energy_uj" in file:
            raise PermissionError(13, "Permission denied", file)
        return real(file)

    monkeypatch.setattr(rapl, "_number", refuse)
    meter = opened(powercap(TREE), clock)
    assert set(energies(meter)) == {"cpu:0", "dram:0"}
    assert "no permission to read" in meter.notes[0]


def test_a_machine_without_the_tree_says_so(tmp_path, clock):
    found = rapl.probe(root=str(tmp_path), clock=clock)
    assert isinstance(found, Unavailable)
    assert "virtual machine" in found.reason


def test_a_file_that_vanishes_and_comes_back_is_counted_on(powercap, clock):
    root = powercap({"intel-rapl:0": ("package-0", 0)})
    meter = opened(root, clock)
    Path(root, "intel-rapl:0", "energy_uj").unlink()
    clock.now_s += 1.0
    assert meter.read()[0].power_w is None
    powercap({"intel-rapl:0": ("package-0", 250_000_000)})
    clock.now_s += 1.0
    assert energies(meter) == {"cpu:0": pytest.approx(250.0)}
    assert [note.split("(")[0] for note in meter.notes] == ["cpu:0: cannot be read any more ", "cpu:0: is read again"]
