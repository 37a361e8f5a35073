"""A month begins where its time zone says, and its days are as long as they are there."""

import pytest

from traincarbon.budgets.month import check_month, month_named
from traincarbon.errors import CarbonError

_H = 3600.0


def test_a_month_of_utc_has_whole_days():
    month = month_named("2026-02")
    assert (month.begin_s, month.end_s) == (1769904000.0, 1772323200.0)
    assert [end - month.begin_s for end in month.day_ends_s] == [24.0 * _H * (day + 1) for day in range(28)]


def test_the_day_on_which_clocks_go_forward_is_an_hour_shorter():
    month = month_named("2026-03", time_zone="Europe/Berlin")
    days = [end - begin for begin, end in zip((month.begin_s, *month.day_ends_s), month.day_ends_s, strict=False)]
    assert [day for day, length_s in enumerate(days, 1) if length_s != 24.0 * _H] == [29]
    assert days[28] == 23.0 * _H


def test_a_zone_half_an_hour_off_begins_half_an_hour_off():
    assert month_named("2026-05").begin_s - month_named("2026-05", time_zone="+05:30").begin_s == 5.5 * _H


def test_the_present_month_is_that_of_the_zone():
    newyear_s = 1767225600.0  # 2026-01-01 in UTC
    assert month_named(now_s=newyear_s).name == "2026-01"
    assert month_named(now_s=newyear_s, time_zone="America/New_York").name == "2025-12"
    assert month_named(now_s=newyear_s - 1.0, time_zone="Asia/Tokyo").name == "2026-01"


def test_december_ends_with_the_year():
    assert month_named("2025-12").end_s == month_named("2026-01").begin_s == 1767225600.0


def test_an_instant_has_a_day():
    month = month_named("2026-02")
    assert [month.day_of(month.begin_s + at) for at in (-1.0, 0.0, 86399.0, 86400.0, 1e9)] == [0, 0, 0, 1, 27]


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "26-01", "2026-00", "november", "2026-11-01", "0000-01", "２０２６-01"])
def test_what_is_no_month_is_refused(name):
    with pytest.raises(CarbonError, match="month is"):
        check_month(name)
