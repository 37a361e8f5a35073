"""Power over time and its integral."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.readers.samples import Samples


def samples(*series):
    found = Samples()
    for device, points in enumerate(series):
        for time_s, power_w in points:
            found.add(device, time_s, power_w)
    return found


def test_the_trapezium_rule_by_hand():
    found = samples([(0, 100.0), (10, 200.0), (20, 200.0)])
    assert found.energy_j() == 1500.0 + 2000.0
    assert (found.duration_s, found.gaps_s(), found.count, found.devices) == (20.0, 0.0, 3, 1)


def test_devices_add_up_and_do_not_average():
    assert samples([(0, 300.0), (60, 300.0)], [(0, 300.0), (60, 300.0)]).energy_j() == 2 * 300.0 * 60.0


def test_over_a_gap_nothing_is_assumed():
    found = samples([(0, 100.0), (15, 100.0), (30, 100.0), (1030, 100.0), (1045, 100.0)])
    assert (found.energy_j(), found.gaps_s(), found.duration_s) == (4500.0, 1000.0, 1045.0)


def test_one_sample_is_no_energy_and_none_are_no_samples():
    assert (samples([(5, 100.0)]).energy_j(), samples([(5, 100.0)]).duration_s) == (0.0, 0.0)
    assert (Samples().energy_j(), Samples().gaps_s(), Samples().count) == (0.0, 0.0, 0)


@given(st.permutations([(float(time_s), 10.0 * time_s) for time_s in range(8)]))
def test_the_order_of_samples_does_not_matter(points):
    assert samples(points).energy_j() == pytest.approx(10.0 * 7.0**2 / 2.0)


def test_powers_beyond_the_most_and_below_nothing_are_unknown():
    found = Samples(most_w=800.0)
    for time_s, power_w in ((0.0, 300.0), (10.0, 4294967.295), (20.0, -1.0), (30.0, 300.0)):
        found.add("gpu", time_s, power_w)
    assert (found.count, found.impossible, found.energy_j(), found.fault()) == (2, 2, 9000.0, "")
    assert found.note() == "2 samples are unknown, as no such GPU draws more than 800 W"


def test_without_two_samples_there_is_a_reason():
    found = Samples(most_w=800.0)
    assert found.fault() == "it has only one sample of power"
    found.add("gpu", 0.0, 3e5)
    assert found.fault().endswith("are they in milliwatts?")
