"""A time zone is a name or an offset."""

from datetime import UTC, datetime, timedelta

import pytest

from traincarbon.errors import CarbonError
from traincarbon.zones import zone_of


@pytest.mark.parametrize(("text", "hours"), [("+02:00", 2), ("-05:30", -5.5), ("UTC", 0)])
def test_a_zone_is_a_name_or_an_offset(text, hours):
    assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone_of(text)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["Mars/Olympus", "+99:00", "../../etc/passwd", "+", "\0"])
def test_a_zone_that_is_none_is_refused(text):
    with pytest.raises(CarbonError, match="unknown time zone"):
        zone_of(text)


def test_no_zone_is_none():
    assert zone_of("") is None
