"""Counting: whole counts, wraps, and steps that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.meters.counter import Counter


def millijoules(**others) -> Counter:
    return Counter(**{"unit_j": 1e-3, "most_w": 1000.0, **others})


def test_the_first_reading_is_where_counting_starts():
    counter = millijoules()
    assert counter.add(987_654_321, time_s=5.0) == ""
    assert counter.energy_j == 0.0


@given(st.lists(st.integers(0, 900_000), min_size=1, max_size=50))
def test_plausible_steps_add_up_exactly(steps):
    counter, shown = millijoules(), 10**12
    counter.add(shown, time_s=0.0)
    for second, step in enumerate(steps, 1):
        shown += step
        assert counter.add(shown, time_s=float(second)) == ""
    assert counter.energy_j == sum(steps) * 1e-3


def test_a_register_that_wraps_goes_on():
    counter = millijoules(wraps_at=10_000_000)
    counter.add(9_999_900, time_s=0.0)
    assert counter.add(400, time_s=1.0) == ""
    assert counter.energy_j == pytest.approx(0.5)


@pytest.mark.parametrize(("shown", "said"), [(0, "fell by 5,000 J"), (4_999_000, "fell by 1 J"), (15_000_000, "rose by 10,000 J in 1.0 s")])
def test_an_impossible_step_is_bridged_by_power_and_said(shown, said):
    counter = millijoules()
    counter.add(5_000_000, time_s=0.0)
    note = counter.add(shown, time_s=1.0, power_w=300.0)
    assert said in note
    assert "1.0 s counted by sampled power instead" in note
    assert counter.energy_j == pytest.approx(300.0)
    assert counter.add(shown + 200_000, time_s=2.0) == ""
    assert counter.energy_j == pytest.approx(500.0)


def test_without_power_an_impossible_step_is_not_counted_and_said():
    counter = millijoules()
    counter.add(5_000_000, time_s=0.0)
    assert "1.0 s not counted" in counter.add(0, time_s=1.0)
    assert counter.energy_j == 0.0


def test_a_long_interval_is_not_bridged():
    counter = millijoules()
    counter.add(5_000_000, time_s=0.0)
    assert "60.0 s not counted" in counter.add(0, time_s=60.0, power_w=300.0)
    assert counter.energy_j == 0.0


def test_a_step_of_a_late_refresh_is_believed():
    counter = millijoules()
    counter.add(0, time_s=0.0)
    assert counter.add(100_000, time_s=0.001) == ""
    assert counter.energy_j == pytest.approx(100.0)


def test_a_register_that_starts_anew_over_hours_is_not_taken_to_have_wrapped():
    counter = Counter(unit_j=1e-3, most_w=1050.0, wraps_at=1 << 32)
    counter.add(123_456_000, time_s=0.0)
    said = counter.add(500_000, time_s=7200.0)
    assert "fell by 122,956 J: set aside, 7200.0 s not counted" in said
    assert counter.energy_j == 0.0


def test_a_fall_far_from_the_end_is_no_wrap():
    counter = millijoules(wraps_at=2**32)
    counter.add(5_000_000, time_s=0.0)
    assert "fell by" in counter.add(0, time_s=1.0, power_w=300.0)
