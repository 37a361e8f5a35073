"""Joules from samples, by hand and by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.readers.prometheus.joules import Kind, Sample, metered, steps_of
from traincarbon.readers.prometheus.metrics import metric_of

MOST_W = 1000.0


def energy_j(samples: list[Sample], kind: Kind = Kind.COUNTER, begin_s: float = -1e9, end_s: float = 1e9) -> tuple[float, float]:
    return metered(steps_of(samples, kind=kind, scale=1.0, most_w=MOST_W, registers_j=(262_143.328850,)), [(begin_s, end_s)])


def test_a_counter_that_was_reset_counts_from_zero() -> None:
    assert energy_j([(0.0, 9e6), (10.0, 9e6 + 4000.0), (20.0, 3000.0), (30.0, 7000.0)]) == (11_000.0, 30.0)


def test_a_sample_that_came_late_is_no_reset() -> None:
    assert energy_j([(0.0, 9e6), (10.0, 9e6 + 4000.0), (12.0, 9e6 + 3900.0), (20.0, 9e6 + 8000.0)]) == (8000.0, 20.0)


def test_a_counter_knows_the_energy_of_a_gap_and_power_does_not() -> None:
    times = [0.0, 10.0, 20.0, 30.0, 1030.0, 1040.0]
    assert energy_j([(time_s, 400.0 * time_s) for time_s in times]) == (416_000.0, 1040.0)
    assert energy_j([(time_s, 400.0) for time_s in times], Kind.POWER) == (16_000.0, 40.0)


@pytest.mark.parametrize(
    ("name", "size_j"),
    [
        ("node_rapl_package_joules_total", 65_532.610987),
        ("node_rapl_package_joules_total", 262_143.328850),
        ("node_rapl_dram_joules_total", 65_712.999613),
    ],
)
def test_a_register_that_overflows_begins_at_zero(name: str, size_j: float) -> None:
    samples = [(10.0 * step, (size_j - 5000.0 + 300.0 * 10.0 * step) % size_j) for step in range(20)]
    metric = metric_of({"__name__": name})
    assert metric is not None
    steps = steps_of(samples, kind=metric.kind, scale=1.0, most_w=MOST_W, registers_j=metric.registers_j)
    assert metered(steps, [(-1e9, 1e9)]) == pytest.approx((300.0 * 190.0, 190.0), rel=1e-9)


def test_a_register_that_a_reboot_reset_did_not_overflow() -> None:
    assert energy_j([(0.0, 100_000.0), (10.0, 103_000.0), (20.0, 2000.0)], Kind.REGISTER) == (5000.0, 20.0)


def test_a_register_says_nothing_of_a_gap_in_which_it_may_have_overflowed_more_than_once() -> None:
    assert energy_j([(0.0, 0.0), (10.0, 3000.0), (20.0, 6000.0), (5000.0, 7000.0), (5010.0, 10_000.0)], Kind.REGISTER) == (9000.0, 30.0)


def test_power_within_a_step_counts_by_its_line() -> None:
    assert energy_j([(0.0, 0.0), (10.0, 100.0)], Kind.POWER, 0.0, 5.0) == (125.0, 5.0)


def test_power_that_no_device_draws_is_unknown() -> None:
    assert energy_j([(0.0, 100.0), (10.0, 4_294_967.295), (20.0, 100.0)], Kind.POWER) == (2000.0, 20.0)


@given(st.lists(st.floats(0.0, 900.0), min_size=2, max_size=40), st.integers(1, 38), st.floats(0.0, 1.0))
def test_energy_is_the_sum_of_its_parts_wherever_it_is_cut_and_reset(powers_w: list[float], at: int, share: float) -> None:
    samples: list[Sample] = []
    value = 1e6
    for step, power_w in enumerate(powers_w):
        samples.append((15.0 * step, value))
        value = (0.0 if step == at else value) + 15.0 * power_w
    true_j = sum(15.0 * power_w for power_w in powers_w[:-1])
    cut_s = 15.0 * share * (len(powers_w) - 1)
    whole, first, second = energy_j(samples), energy_j(samples, end_s=cut_s), energy_j(samples, begin_s=cut_s)
    assert whole[0] == pytest.approx(true_j, rel=1e-9, abs=1e-6)
    assert first[0] + second[0] == pytest.approx(true_j, rel=1e-9, abs=1e-6)
