"""Durations with clocks and units."""

import pytest

from traincarbon.readers.durations import duration_s_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1-02:03:04", 93_784.0),
        ("2 days, 1:00:00", 176_400.0),
        ("1:00:45", 3645.0),
        ("0:00:15", 15.0),
        ("03:04.500", 184.5),
        ("2.0h", 7200.0),
        ("35.3min", 2118.0),
        ("450ms", 0.45),
        ("1.2d", 103_680.0),
        ("1h 30min", 5400.0),
        ("2 hours", 7200.0),
        ("3 mins", 180.0),
    ],
)
def test_clocks_and_units_are_read(text, seconds):
    assert duration_s_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "12", "1.5", "soon", "3 parsecs", "1h later", "1:2:3:4", "-1:00"])
def test_what_has_neither_is_no_duration(text):
    assert duration_s_of(text) is None
