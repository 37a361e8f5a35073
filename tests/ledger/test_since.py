"""Runs are listed from a date, a moment or an age on."""

import time

import pytest

from traincarbon.errors import CarbonError
from traincarbon.ledger.since import instant_since


@pytest.mark.parametrize(
    ("text", "instant"),
    [("", ""), ("2026-11-01", "2026-11-01T00:00:00"), ("2026-11-01T12:00", "2026-11-01T12:00:00"), ("2026-11-01T01:00+02:00", "2026-10-31T23:00:00")],
)
def test_a_date_without_a_zone_is_in_utc(text, instant):
    assert instant_since(text) == instant


@pytest.mark.parametrize(("age", "seconds"), [("30m", 1800), ("12h", 43200), ("3d", 259200), ("2w", 1209600)])
def test_an_age_counts_back_from_now(monkeypatch, age, seconds):
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    assert instant_since(age) == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_800_000_000 - seconds))


@pytest.mark.parametrize("text", ["yesterday", "3 days", "2026-13-01", "9999999d"])
def test_what_is_neither_is_refused(text):
    with pytest.raises(CarbonError, match="not a date"):
        instant_since(text)
