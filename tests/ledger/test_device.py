"""What is known of a device while one process metered it."""

from dataclasses import replace

import pytest

from traincarbon.ledger.device import Device, greatest
from traincarbon.quantities import EnergySource, Part


def test_only_gpus_are_judged_and_only_with_evidence():
    gpu, cpu = (Device(part, EnergySource.COUNTER) for part in (Part.GPU, Part.CPU))
    for each in (gpu, cpu):
        each.judge(seconds=10.0, added_j=500.0, utilisation=0.0, idle_w=None)
        each.judge(seconds=10.0, added_j=5000.0, utilisation=0.9, idle_w=None)
        each.judge(seconds=10.0, added_j=500.0, utilisation=None, idle_w=None)
        each.judge(seconds=0.0, added_j=500.0, utilisation=0.0, idle_w=None)
    assert (gpu.judged_s, gpu.idle_s, gpu.idle_j) == (20.0, 10.0, 500.0)
    assert (cpu.judged_s, cpu.idle_s, cpu.idle_j) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("one", "other", "most"), [(1.0, 2.0, 2.0), (None, 2.0, 2.0), (1.0, None, 1.0), (None, None, None)])
def test_the_greater_of_two_numbers_either_of_which_may_be_unknown(one, other, most):
    assert greatest(one, other) == most


def test_a_device_that_was_metered_for_some_time_is_the_same_otherwise():
    device = Device(Part.GPU, EnergySource.COUNTER, 1.0, 2.0, 3.0, 4.0, 5.0, None, 6.0, 7.0, 0.0, 8.0, 9.0, 10.0)
    assert device.metered_for(60.0, gap_s=1.5) == replace(device, metered_s=60.0, gap_s=1.5)
