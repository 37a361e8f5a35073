"""Samples of power: their trapezoid, gaps, and the pace of looking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.meters.power import FAST_S, SLOW_S, Pace, PowerIntegral

WAIT_RANGE = (0.7, 1.3)


def test_energy_is_the_area_under_straight_lines():
    integral = PowerIntegral()
    for time_s, power_w in ((10.0, 100.0), (11.0, 300.0), (11.5, 300.0), (13.5, 0.0)):
        assert integral.add(power_w, time_s=time_s) == ""
    assert integral.energy_j == pytest.approx(200.0 + 150.0 + 300.0)


@given(st.lists(st.tuples(st.floats(0.001, 20.0), st.floats(0.0, 2000.0)), min_size=2, max_size=30))
def test_energy_never_falls_and_stays_within_the_extremes(samples):
    integral, now = PowerIntegral(), 0.0
    before = 0.0
    for wait_s, power_w in samples:
        now += wait_s
        integral.add(power_w, time_s=now)
        assert integral.energy_j >= before
        before = integral.energy_j
    powers = [power_w for _, power_w in samples]
    spent_s = sum(wait_s for wait_s, _ in samples[1:])
    assert min(powers) * spent_s * (1 - 1e-9) <= integral.energy_j <= max(powers) * spent_s * (1 + 1e-9)


def test_a_gap_is_not_counted_and_said():
    integral = PowerIntegral()
    integral.add(300.0, time_s=0.0)
    assert integral.add(300.0, time_s=31.0) == "no sample of its power for 31 s: not counted"
    integral.add(300.0, time_s=32.0)
    assert integral.energy_j == pytest.approx(300.0)


def test_no_line_is_drawn_over_what_was_forgotten():
    integral = PowerIntegral()
    integral.add(300.0, time_s=0.0)
    integral.forget()
    integral.add(300.0, time_s=5.0)
    integral.add(300.0, time_s=6.0)
    assert integral.energy_j == pytest.approx(300.0)


def test_a_clock_that_stands_still_adds_nothing():
    integral = PowerIntegral()
    integral.add(300.0, time_s=1.0)
    integral.add(500.0, time_s=1.0)
    assert integral.energy_j == 0.0


def waits(powers: list[float]) -> list[float]:
    pace, now = Pace(), 0.0
    found = []
    for power_w in powers:
        found.append(pace.next_s([power_w, 50.0], time_s=now))
        now += found[-1]
    return found


def test_the_pace_slows_down_where_nothing_moves_and_never_beyond_its_slowest():
    found = waits([300.0] * 2000)
    assert found[0] <= FAST_S * WAIT_RANGE[1]
    assert SLOW_S * WAIT_RANGE[0] <= found[-1] <= SLOW_S * WAIT_RANGE[1]
    assert max(found) < 0.053


def test_a_move_wakes_the_fast_pace_at_once_and_keeps_it():
    found = waits([300.0] * 2000 + [500.0] * 100)
    assert max(found[2000:]) <= FAST_S * WAIT_RANGE[1]


def test_gpus_that_move_against_each_other_move():
    pace = Pace()
    found = [pace.next_s([500.0, 100.0] if step % 100 < 50 else [100.0, 500.0], time_s=step * 0.04) for step in range(500)]
    assert max(found) <= FAST_S * WAIT_RANGE[1]


def test_noise_within_two_percent_is_no_move():
    found = waits([300.0, 305.0] * 1000)
    assert found[-1] >= SLOW_S * WAIT_RANGE[0]


def test_waits_fall_into_step_with_nothing():
    found = waits([100.0, 500.0] * 50)
    assert len({round(wait / FAST_S, 3) for wait in found}) > 50
    assert sum(found) / len(found) == pytest.approx(FAST_S, rel=0.02)


def test_the_time_without_a_sample_is_a_gap_until_the_next_one():
    integral = PowerIntegral()
    integral.add(100.0, time_s=0.0)
    integral.add(100.0, time_s=1.0)
    integral.forget()
    integral.forget()
    assert (integral.gap_s(now_s=1.0), integral.gap_s(now_s=4.0)) == (0.0, 3.0)
    integral.add(100.0, time_s=6.0)
    assert (integral.gap_s(now_s=9.0), integral.energy_j) == (5.0, 100.0)
