import pytest

from benches import Clock, Watts
from traincarbon.benching.mean_power import MeanPower, PowerMonitor, mean_powers
from traincarbon.meters.base import Reading
from traincarbon.quantities import EnergySource


def watched(watts, **rest):
    clock = Clock()
    meter = Watts(clock, watts, **rest)
    return PowerMonitor([meter], clock=clock, sleep=clock.sleep), meter, clock


def test_idle_power_is_the_energy_over_the_time():
    watch, _, _ = watched({"cpu:0": ("cpu", 12.5)})
    (power,) = watch.idle(4.0)
    assert power == MeanPower("cpu", pytest.approx(12.5), EnergySource.COUNTER, 0.0, 1)


def test_devices_of_a_part_are_added():
    watch, _, _ = watched({"gpu:a": ("gpu", 300.0), "gpu:b": ("gpu", 250.0), "dram:0": ("dram", 5.0)})
    powers = {power.part: power for power in watch.idle(2.0)}
    assert powers["gpu"].power_w == pytest.approx(550.0)
    assert powers["gpu"].devices == 2
    assert powers["dram"].power_w == pytest.approx(5.0)


def test_meters_are_read_as_often_as_they_need():
    watch, meter, clock = watched({"cpu:0": ("cpu", 1.0)})
    first = meter.reads
    watch.idle(4.0)
    assert meter.reads - first == pytest.approx(10, abs=1)
    watch.read_if_due()
    again = meter.reads
    watch.read_if_due()
    assert meter.reads == again
    clock.sleep(0.5)
    watch.read_if_due()
    assert meter.reads == again + 1


def test_without_meters_time_passes_and_nothing_is_known():
    clock = Clock()
    watch = PowerMonitor([], clock=clock, sleep=clock.sleep)
    assert watch.idle(3.0) == []
    assert clock() == 103.0


def test_a_part_is_as_sure_as_its_least_sure_device_and_as_wide_as_its_modelled_share():
    def reading(device, energy_j, how, sigma_ln, time_s):
        return Reading(device, "cpu", energy_j, time_s, how, sigma_ln=sigma_ln)

    before = [reading("cpu:0", 0.0, "counter", 0.0, 0.0), reading("cpu:1", 0.0, "modelled", 0.4, 0.0)]
    after = [reading("cpu:0", 30.0, "counter", 0.0, 1.0), reading("cpu:1", 10.0, "modelled", 0.4, 1.0)]
    assert mean_powers(before, after) == [MeanPower("cpu", 40.0, EnergySource.MODELLED, pytest.approx(0.1), 2)]


def test_what_was_lost_came_late_or_drew_nothing_is_left_out():
    def reading(device, energy_j, time_s):
        return Reading(device, "gpu", energy_j, time_s, "counter")

    assert mean_powers([reading("gpu:lost", 5.0, 1.0)], []) == []
    assert mean_powers([], [reading("gpu:new", 5.0, 1.0)]) == []
    assert mean_powers([reading("gpu:dead", 5.0, 1.0)], [reading("gpu:dead", 5.0, 2.0)]) == []
    assert mean_powers([reading("gpu:same", 5.0, 1.0)], [reading("gpu:same", 6.0, 1.0)]) == []


def test_what_meters_have_to_say_and_the_names_of_devices_are_passed_on():
    watch, meter, _ = watched({"gpu:0": ("gpu", 1.0)})
    meter.notes.append("gpu:0: was lost")
    meter.names = {"gpu:0": "Acme One"}
    assert watch.notes == ["gpu:0: was lost"]
    assert watch.names == {"gpu:0": "Acme One"}
