"""A counter compared with sampled power: how far off, how often, and what does not count."""

import pytest

from traincarbon.meters.counter_check import SAMPLE_S, CounterCheck


def compare(check, *, counted_w, sampled_w, seconds, from_s=0.0, every_s=SAMPLE_S):
    """Feed constant powers and return what was said, with the time."""
    said = []
    for step in range(round(seconds / every_s) + 1):
        at_s = from_s + step * every_s
        text = check.add(counted_w * at_s, sampled_w * at_s, sampled_w, time_s=at_s)
        said += [(at_s, text)] if text else []
    return said


def test_a_counter_that_agrees_passes_and_is_left_alone_for_ten_minutes():
    check = CounterCheck()
    assert compare(check, counted_w=300.0, sampled_w=300.0, seconds=3.0) == []
    assert (check.has_passed, check.is_running) == (True, False)
    check.add(0.0, 0.0, 300.0, time_s=590.0)
    assert not check.is_running
    check.add(0.0, 0.0, 300.0, time_s=603.0)
    assert check.is_running


@pytest.mark.parametrize(("counted_w", "after_s"), [(3.0, 2.0), (95.0, 2.0), (200.0, 6.25), (370.0, 6.25), (1000.0, 2.0)])
def test_the_further_off_the_sooner_it_is_decided(counted_w, after_s):
    check = CounterCheck()
    ((at_s, text),) = compare(check, counted_w=counted_w, sampled_w=300.0, seconds=after_s)[:1]
    assert at_s == pytest.approx(after_s, abs=0.3)
    assert text.startswith("its counter rose by")
    assert check.bad_since.time_s == 0.0


def test_samples_that_are_far_apart_decide_nothing():
    check = CounterCheck()
    assert compare(check, counted_w=3.0, sampled_w=300.0, seconds=100.0, every_s=1.0) == []
    assert not check.is_running


def test_a_gpu_that_idles_at_a_few_watts_decides_nothing():
    assert compare(CounterCheck(), counted_w=0.0, sampled_w=4.0, seconds=60.0) == []


def test_a_counter_that_was_never_compared_is_believed_up_to_what_power_allows():
    check = CounterCheck()
    assert check.most_j(0.0) is None
    compare(check, counted_w=3000.0, sampled_w=300.0, seconds=1.0)
    assert check.most_j(300.0) == pytest.approx(300.0 * 1.2 + 300.0)
    check.has_passed = True
    assert check.most_j(300.0) is None
