"""Making records of what other programs say."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError
from traincarbon.readers.imported import ZERO, before, moment, names_a_zone, record_of, timestamp

BEGAN = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


def made(**changes):
    known = {"run_id": "r", "state": "finished", "began": BEGAN, "duration_s": 60.0, "energy_j": {}, "missing": {}, "versions": {}}
    return record_of(**(known | changes))


def test_a_part_that_was_metered_has_its_energy_and_how_and_the_others_their_reason():
    record = made(energy_j={"gpu": (3.6e6, "power")}, missing={"cpu": "no RAPL", "": "not looked at"})
    assert record.energy_j == {"gpu": 3.6e6, "cpu": None, "dram": None, "other": None}
    assert (record.how, record.missing) == ({"gpu": "power"}, {"cpu": "no RAPL", "dram": "not looked at", "other": "not looked at"})
    assert record.metered_kwh == 1.0
    assert record.started_at == "2026-11-25T13:00:00.000000Z"


def test_an_energy_of_nothing_is_missing_not_zero():
    record = made(energy_j={"gpu": (0.0, "counter")})
    assert (record.energy_j["gpu"], record.how, record.missing["gpu"]) == (None, {}, ZERO)


def test_persons_and_secrets_are_masked_in_names():
    record = made(run_id="jane.doe@example.org", project="/home/jane/llm", hw="box at 10.1.2.3")
    assert (record.run_id, record.project, record.hw) == ("<address>", "~/llm", "box at <host>")


@pytest.mark.parametrize("changes", [{"duration_s": -1.0}, {"energy_j": {"gpu": (-1.0, "power")}}, {"duration_s": 1e400}, {"state": "odd"}, {"run_id": " "}])
def test_what_cannot_be_is_refused(changes):
    with pytest.raises(CarbonError):
        made(**changes)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9998, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001  the zone is added below
def test_an_instant_is_the_same_however_its_zone_is_stated(local, hours):
    zone = timezone(timedelta(hours=hours))
    assert moment(local.isoformat(), zone) == moment(local.replace(tzinfo=zone).isoformat(), None)


def test_seconds_since_1970_need_no_zone():
    assert moment("1795613276", timezone(timedelta(hours=5))) == datetime(2026, 11, 25, 13, 27, 56, tzinfo=UTC)
    assert names_a_zone("1795613276")
    assert names_a_zone("2026-11-25T13:00:00Z")
    assert not names_a_zone("2026-11-25 13:00:00")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "9" * 40, "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_a_value_error(text):
    with pytest.raises(ValueError):
        moment(text, None)


def test_nothing_began_before_the_calendar():
    assert before(BEGAN, 60.0) == datetime(2026, 11, 25, 12, 59, tzinfo=UTC)
    assert before(BEGAN, 1e15) is None


def test_a_timestamp_is_in_utc():
    assert timestamp(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-01T00:00:00.000000Z"
