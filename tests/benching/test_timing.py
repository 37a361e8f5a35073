import pytest

from benches import Clock
from traincarbon.benching.timing import Rate, fitting_size, sustained


def steady(clock, seconds):
    """Work that takes so many seconds each time."""

    def work(times):
        clock.now += times * seconds

    return work


def test_the_rate_is_the_amount_over_the_time_of_one():
    clock = Clock()
    found = sustained(steady(clock, 0.1), amount=5e9, window_s=2.0, clock=clock)
    assert found.median == pytest.approx(5e10)
    assert (found.low, found.high, found.trend) == (pytest.approx(5e10), pytest.approx(5e10), pytest.approx(1.0))
    assert found.bursts == pytest.approx(20, abs=1)
    assert not found.is_throttled
    assert not found.is_noisy


def test_work_too_short_for_the_clock_is_done_many_times_in_a_burst():
    clock, bursts = Clock(), []
    work = steady(clock, 1e-5)

    def noting(times):
        bursts.append(times)
        work(times)

    found = sustained(noting, amount=1.0, window_s=1.0, clock=clock)
    assert found.median == pytest.approx(1e5)
    assert bursts[-1] * 1e-5 >= 0.05
    assert len(set(bursts[-found.bursts :])) == 1


def test_the_warm_up_is_not_counted():
    clock, done = Clock(), [0]

    def work(times):
        done[0] += times
        clock.now += times * (0.4 if done[0] < 4 else 0.1)

    assert sustained(work, amount=1.0, window_s=4.0, clock=clock).low == pytest.approx(10.0)


def test_what_is_done_between_bursts_is_not_timed():
    clock = Clock()
    found = sustained(steady(clock, 0.1), amount=1.0, window_s=1.0, clock=clock, between=lambda: clock.sleep(0.3))
    assert found.median == pytest.approx(10.0)


def test_a_window_of_no_time_still_has_bursts_enough_for_a_median():
    clock = Clock()
    assert sustained(steady(clock, 0.1), amount=1.0, window_s=0.0, clock=clock).bursts == 5


def test_a_median_stands_where_one_burst_in_ten_is_disturbed():
    clock, bursts = Clock(), [0]

    def work(times):
        bursts[0] += 1
        clock.now += times * (0.5 if bursts[0] % 10 == 0 else 0.1)

    found = sustained(work, amount=1.0, window_s=20.0, clock=clock)
    assert found.median == pytest.approx(10.0)
    assert found.low == pytest.approx(2.0)
    assert found.is_noisy
    assert not found.is_throttled


def test_a_chip_that_becomes_slower_for_good_is_seen():
    clock = Clock()

    def work(times):
        clock.now += times * (0.1 if clock.now < 105.0 else 0.13)

    found = sustained(work, amount=1.0, window_s=8.0, clock=clock)
    assert found.trend == pytest.approx(0.1 / 0.13)
    assert found.is_throttled


def test_a_clock_that_stands_still_ends_in_no_division_by_zero():
    clock, calls = Clock(), [0]

    def work(_):
        calls[0] += 1
        clock.now += 0.1 if calls[0] < 2 else 0.0 if calls[0] % 2 else 1.0

    assert sustained(work, amount=1.0, window_s=0.0, clock=clock).bursts == 5


@pytest.mark.parametrize(("per_second", "size"), [(1e3, 256), (1e6, 512), (1e12, 4096)], ids=["slow", "in between", "fast"])
def test_a_size_is_taken_for_which_the_work_is_long_enough_and_none_beyond_the_most(per_second, size):
    clock = Clock()
    assert fitting_size(lambda size: steady(clock, size**2 * 0.08 / per_second), least=256, most=4096, clock=clock) == size


def test_the_marks_of_throttling_and_noise():
    assert Rate(1.0, 1.0, 1.0, 9, 0.92).is_throttled
    assert not Rate(1.0, 1.0, 1.0, 9, 0.94).is_throttled
    assert Rate(1.0, 0.9, 1.1, 9, 1.0).is_noisy
    assert not Rate(1.0, 0.95, 1.05, 9, 1.0).is_noisy
