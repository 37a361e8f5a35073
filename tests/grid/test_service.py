"""What a service's answer is worth: points of the hours that were asked for, of the zone that was asked for."""

import math

import pytest

from traincarbon.grid.service import Query, ServiceError, by_hour, check_zone, hour_of, intensity_in, moment_of, rows_of

QUERY = Query("FR", 10, 12, "direct")


def test_points_are_averaged_by_hour_and_impossible_ones_left_out():
    points = [("1970-01-01T10:00Z", 40.0), ("1970-01-01T10:30Z", 60.0), ("1970-01-01T11:00Z", math.nan), ("1970-01-01T11:15Z", -1), ("1970-01-01T11:30Z", 1e6)]
    assert by_hour(points, QUERY) == {10: 50.0}
    assert by_hour([("1970-01-01T11:00Z", True), ("1970-01-01T11:00Z", "50"), (None, 50.0)], QUERY) == {}


def test_other_hours_are_left_out():
    assert by_hour([("1970-01-01T09:59Z", 1.0), ("1970-01-01T12:00Z", 1.0), ("1970-01-02T10:00Z", 1.0)], QUERY) == {}


def test_zero_is_an_intensity():
    assert (intensity_in(0), intensity_in(5001.0), intensity_in(None)) == (0.0, None, None)


def test_hours_and_moments_are_of_one_kind():
    assert hour_of(moment_of(497_000)) == 497_000
    assert hour_of("1970-01-01T03:00:00+02:00") == 1
    assert (hour_of(5), hour_of("soon")) == (None, None)


def test_another_zone_is_refused():
    check_zone("FR", QUERY, "X")
    check_zone(None, QUERY, "X")
    with pytest.raises(ServiceError, match="X answered for zone 'DE', not 'FR'"):
        check_zone("DE", QUERY, "X")


def test_an_answer_without_rows_is_refused():
    assert rows_of({"data": [{"a": 1}, 5]}, "history", "data", title="X") == [{"a": 1}]
    with pytest.raises(ServiceError, match="X answered without history or data"):
        rows_of({"error": "no"}, "history", "data", title="X")
    with pytest.raises(ServiceError):
        rows_of([], "data", title="X")
