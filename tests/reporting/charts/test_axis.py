"""Axes hold all values, and their ticks are round."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.reporting.charts.axis import in_one_scale, linear_axis, linear_money, linear_ticks, log_axis, money_axis, quantity_axis, time_axis
from traincarbon.reporting.currency import USD, Currency

POSITIVE = st.floats(1e-6, 1e12)


@given(st.lists(POSITIVE, min_size=1, max_size=6))
def test_a_logarithmic_axis_holds_every_value_and_has_two_to_six_ticks_in_order(values):
    axis = log_axis(values, words=str)
    assert axis.low < min(values)
    assert max(values) < axis.high
    assert 2 <= len(axis.ticks) <= 6
    assert list(axis.ticks) == sorted(axis.ticks)
    assert all(axis.low * 0.999 <= tick <= axis.high * 1.001 for tick in axis.ticks)


@given(st.floats(1e-6, 1e12))
def test_a_linear_axis_begins_at_0_and_ends_with_a_tick_at_or_above_the_highest_value(high):
    axis = linear_axis(high, words=str)
    assert (axis.low, axis.ticks[0]) == (0.0, 0.0)
    assert high <= axis.high * (1.0 + 1e-9)
    assert axis.ticks[-1] == pytest.approx(axis.high)
    assert 2 <= len(axis.ticks) <= 6


def test_a_value_lies_between_the_ends_and_one_outside_at_the_nearer_end():
    axis = log_axis([10.0, 1000.0], words=str)
    assert axis.share(100.0) == pytest.approx(0.5)
    assert (axis.share(1e-9), axis.share(1e9)) == (0.0, 1.0)
    assert linear_axis(10.0, words=str).share(2.5) == 0.25


@pytest.mark.parametrize("values", [[], [0.0, -1.0], [math.inf], [math.nan]])
def test_without_a_positive_value_there_is_still_an_axis(values):
    assert log_axis(values, words=str).low > 0.0


def test_months_of_a_year_are_counted_in_threes():
    assert linear_ticks(0.0, 12.0, 5) == [0.0, 3.0, 6.0, 9.0, 12.0]


def test_money_has_ticks_that_are_round_in_the_currency_of_the_report():
    euro = Currency("EUR", 0.8)
    axis = money_axis([1e6, 9e6], euro)
    assert [axis.words(tick) for tick in axis.ticks] == ["EUR 1M", "EUR 2M", "EUR 5M"]


def test_ticks_in_one_scale_have_the_unit_of_the_largest_value():
    words = in_one_scale(7e7, "$", USD)
    assert [words(0.0), words(2e7), words(5e5)] == ["$0", "$20M", "$0.5M"]
    assert in_one_scale(2e6, "kWh", USD)(5e5) == "0.5 GWh"


def test_a_linear_axis_of_money_is_round_in_the_currency_of_the_report():
    axis = linear_money(9e6, Currency("EUR", 0.5))
    assert [axis.words(tick) for tick in axis.ticks] == ["EUR 0", "EUR 2M", "EUR 4M", "EUR 6M"]
    assert axis.high >= 9e6


@pytest.mark.parametrize(
    ("low_s", "high_s", "words"),
    [
        (25 * 86_400.0, 86 * 86_400.0, ["40 days", "60 days", "80 days"]),
        (4.5 * 86_400.0, 200 * 86_400.0, ["5 days", "10 days", "20 days", "50 days", "100 days", "200 days"]),
        (20 * 3600.0, 30 * 3600.0, ["20 h", "22.5 h", "25 h", "27.5 h", "30 h"]),
        (1.5, 2.4, ["1.6 s", "1.8 s", "2 s", "2.2 s", "2.4 s"]),
    ],
)
def test_ticks_of_a_time_are_round_in_days_hours_or_seconds_also_on_a_short_axis(low_s, high_s, words):
    axis = quantity_axis([low_s, high_s], "s", USD)
    assert [axis.words(tick) for tick in axis.ticks] == words


@pytest.mark.parametrize(
    ("duration_s", "title"), [(1.0, "seconds"), (240.0, "minutes"), (7200.0, "minutes"), (4e4, "hours"), (4e5, "days"), (1e8, "months"), (0.0, "seconds")]
)
def test_a_time_is_in_the_largest_unit_of_which_it_has_a_few(duration_s, title):
    axis, unit_s = time_axis(duration_s)
    assert axis.title == title
    assert axis.high == pytest.approx(max(duration_s / unit_s, 1e-9))
    assert all(tick <= duration_s / unit_s for tick in axis.ticks)
