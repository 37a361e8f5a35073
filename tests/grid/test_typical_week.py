"""A typical week of a grid."""

import pytest

from traincarbon.grid.typical_week import hour_of_week, typical_week

MONDAY = 96
"""Monday, 5 January 1970, 0:00 UTC, in hours."""


def test_the_week_begins_on_monday():
    assert [hour_of_week(MONDAY + at) for at in (0, 167, 168)] == [0, 167, 0]


def test_each_hour_of_the_week_has_the_mean_of_the_weeks():
    hours = {MONDAY + at: float(at % 24) + 100.0 * (at // 168) for at in range(3 * 168)}
    week = typical_week(hours)
    assert len(week) == 168
    assert week[30] == pytest.approx(6.0 + 100.0)


def test_an_hour_that_is_not_known_is_as_that_hour_on_other_days():
    hours = {MONDAY + at: float(at % 24) for at in range(168) if at != 50}
    assert typical_week(hours)[50] == 2.0


def test_less_than_a_week_is_no_week():
    assert typical_week({MONDAY + at: 1.0 for at in range(140)}) is None
    assert typical_week({MONDAY + 24 * at: 1.0 for at in range(200)}) is None
    assert typical_week({}) is None
