"""The counters of an HPE Cray EX node, in a folder as its kernel makes it."""

import os

import pytest

from traincarbon.meters import cray
from traincarbon.meters.base import Unavailable
from traincarbon.quantities import Part

LUMI = ("energy", "cpu_energy", "memory_energy", *(f"accel{number}_energy" for number in range(4)))
ALPS = ("energy", "cpu_energy", *(f"cpu{number}_energy" for number in range(4)), *(f"accel{number}_energy" for number in range(4)))
OTHERS = {"power": "560 W 1701337000000000 us", "accel0_power_cap": "0 W", "freshness": "123456", "version": "3", "raw_scan_hz": "10", "startup": "1701"}


@pytest.fixture
def node(tmp_path):
    """Return a function that sets counters of a node, and returns its folder."""
    folder = tmp_path / "pm_counters"
    folder.mkdir()
    for name, text in OTHERS.items():
        (folder / name).write_text(f"{text}\n")

    def count(**joules):
        for name, value in joules.items():
            (folder / name).write_text(f"{value} J 1701337000000000 us\n")
        return str(folder)

    return count


@pytest.mark.parametrize(
    ("names", "devices"),
    [
        (LUMI, ["cpu:0", "dram:0", "gpu:cray-0", "gpu:cray-1", "gpu:cray-2", "gpu:cray-3", "server:0"]),
        (ALPS, ["cpu:0", "gpu:cray-0", "gpu:cray-1", "gpu:cray-2", "gpu:cray-3", "server:0"]),
        (("energy", "cpu0_energy", "cpu1_energy"), ["cpu:0", "cpu:1", "server:0"]),
    ],
)
def test_each_counter_is_a_device_and_nothing_is_counted_twice(node, clock, names, devices):
    meter = cray.probe(root=node(**dict.fromkeys(names, 5_000_000)), clock=clock)
    assert sorted(reading.device for reading in meter.read()) == devices


def test_energy_is_the_difference_of_the_counters_exactly(node, clock):
    root = node(**dict.fromkeys(LUMI, 5_000_000))
    meter = cray.probe(root=root, clock=clock)
    clock.now_s += 10.0
    node(energy=5_020_000, cpu_energy=5_002_500, memory_energy=5_000_600, accel0_energy=5_004_000, accel3_energy=5_000_900)
    readings = {reading.device: reading for reading in meter.read()}
    energies_j = {device: reading.energy_j for device, reading in readings.items() if reading.energy_j}
    assert energies_j == {"server:0": 20_000.0, "cpu:0": 2_500.0, "dram:0": 600.0, "gpu:cray-0": 4_000.0, "gpu:cray-3": 900.0}
    assert (readings["server:0"].how, readings["server:0"].power_w, readings["server:0"].part) == ("counter", 2_000.0, Part.SERVER)
    assert readings["cpu:0"].counter_j == 5_002_500.0


def test_what_other_meters_read_is_left_out_but_for_the_node(node, clock):
    meter = cray.probe(root=node(**dict.fromkeys(LUMI, 1)), clock=clock)
    meter.leave_out({Part.GPU, Part.CPU, Part.SERVER})
    assert {reading.device for reading in meter.read()} == {"server:0", "dram:0"}


def test_a_counter_that_starts_anew_or_disappears_is_said(node, clock):
    root = node(energy=5_000_000)
    meter = cray.probe(root=root, clock=clock)
    clock.now_s += 10.0
    node(energy=100)
    assert meter.read()[0].energy_j == 0.0
    assert "fell by" in meter.notes[0]
    os.rename(f"{root}/energy", f"{root}/gone")
    meter.read()
    meter.read()
    assert [note.split(" (")[0] for note in meter.notes[1:]] == ["server:0: cannot be read any more"]
    os.rename(f"{root}/gone", f"{root}/energy")
    node(energy=1_100)
    clock.now_s += 10.0
    assert meter.read()[0].energy_j == 1_000.0
    assert meter.notes[-1] == "server:0: is read again"


def test_what_is_missing_is_named(node, tmp_path):
    assert "no HPE Cray EX node" in cray.probe(root=str(tmp_path / "none")).reason
    found = cray.probe(root=node())
    assert isinstance(found, Unavailable)
    assert "holds no energy counter" in found.reason
    folder = node(energy=1)
    with open(f"{folder}/energy", "w", encoding="ascii") as stream:
        stream.write("5 kWh\n")
    assert "its unit is kWh" in cray.probe(root=folder).reason
