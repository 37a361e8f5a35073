"""Intensities come from the first service that has any; what is missing is said, and nothing is asked twice."""

import json
import time

import pytest

from grid_services import HOUR, served
from traincarbon.errors import CarbonError
from traincarbon.grid.intensities import expected_intensities, past_intensities, zones_of
from traincarbon.grid.service import moment_of

MAPS = {"ELECTRICITYMAPS_TOKEN": "maps-token"}


def maps_answer(asked):
    """Electricity Maps' answer to past-range, 50 g/kWh more each hour."""
    rows = [{"zone": "FR", "carbonIntensity": 50 + hour - HOUR, "datetime": moment_of(hour), "isEstimated": False} for hour in range(HOUR, HOUR + 3)]
    return {"zone": asked.params["zone"], "data": rows}


def found_with(answer, shipped, tmp_path, *, hours=(HOUR, HOUR + 1), zones=("FR",), environment=MAPS, **options):
    with served(answer) as (address, seen):
        names = ("ELECTRICITY_MAPS", "GB_CARBON_INTENSITY", "ENTSOE", "EIA", "WATTTIME")
        addresses = {f"CARBON_{name}_URL": address for name in names}
        options = {"basis": "lifecycle", "folder": str(tmp_path / "kept"), **options}
        return past_intensities(zones, hours, database=shipped, environment={**addresses, **environment}, **options), seen


def test_the_hours_are_those_that_were_asked_for(shipped, tmp_path):
    found, seen = found_with(maps_answer, shipped, tmp_path)
    assert found.hourly == ("electricity-maps", "FR", "lifecycle", {HOUR: 50.0, HOUR + 1: 51.0})
    assert found.notes == ()
    assert seen[0].headers["auth-token"] == "maps-token"


def test_what_was_answered_is_not_asked_again(shipped, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: (HOUR + 100) * 3600.0)
    found_with(maps_answer, shipped, tmp_path)
    again, seen = found_with(maps_answer, shipped, tmp_path)
    assert (again.hourly.g_per_kwh, seen) == ({HOUR: 50.0, HOUR + 1: 51.0}, [])
    more, seen = found_with(maps_answer, shipped, tmp_path, hours=(HOUR, HOUR + 2))
    assert more.hourly.g_per_kwh == {HOUR: 50.0, HOUR + 2: 52.0}
    assert seen[0].params["start"] == moment_of(HOUR + 2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((429, "", {"Retry-After": "60"}), "Electricity Maps answered 429: too many requests"),
        ("<html>sign in</html>", "Electricity Maps answered with a web page that is not JSON"),
        ({"zone": "DE", "data": []}, "Electricity Maps answered for zone 'DE', not 'FR'"),
        ((401, "bad maps-token", {}), "Electricity Maps refused the token in ELECTRICITYMAPS_TOKEN (401)"),
        (
            json.dumps({"zone": "FR", "data": [{"datetime": moment_of(HOUR), "carbonIntensity": float("nan")}]}),
            "Electricity Maps has no intensity of these hours in FR",
        ),
        ({"zone": "FR", "data": [{"datetime": moment_of(HOUR - 24), "carbonIntensity": 50}]}, "Electricity Maps has no intensity of these hours in FR"),
    ],
)
def test_a_service_that_does_not_help_is_said_and_nothing_is_invented(shipped, tmp_path, answer, said):
    found, _ = found_with(lambda _: answer, shipped, tmp_path)
    assert found.hourly is None
    assert found.notes[0] == said
    assert "maps-token" not in str(found)


def test_the_next_service_is_asked_where_one_does_not_help(shipped, tmp_path):
    rows = [{"from": moment_of(HOUR, "%Y-%m-%dT%H:%MZ"), "intensity": {"actual": 90, "forecast": 80, "index": "low"}}]
    found, _ = found_with(lambda asked: (503, "", {}) if "v3" in asked.path else {"data": rows}, shipped, tmp_path, zones=("GB",), hours=(HOUR,))
    assert found.hourly == ("gb-carbon-intensity", "GB", "direct", {HOUR: 90.0})
    assert found.notes == ("Electricity Maps answered 503",)


def test_without_tokens_no_service_is_asked_and_what_is_missing_is_said(shipped, tmp_path):
    found, seen = found_with(maps_answer, shipped, tmp_path, environment={})
    assert (found.hourly, seen) == (None, [])
    assert "Electricity Maps needs ELECTRICITYMAPS_TOKEN in the environment" in found.notes
    assert "ENTSO-E needs ENTSOE_TOKEN in the environment" in found.notes


def test_a_zone_that_no_service_has_is_said(shipped, tmp_path):
    found, seen = found_with(maps_answer, shipped, tmp_path, zones=())
    assert (found.hourly, found.notes, seen) == (None, ("no service has the zone of a place that is not stated",), [])
    alone, _ = found_with(maps_answer, shipped, tmp_path, zones=("US-WY",), service="gb-carbon-intensity")
    assert alone.notes[0].endswith("name it with --grid-zone")


def test_a_zone_may_be_named_as_the_service_calls_it(shipped, tmp_path):
    found, seen = found_with(maps_answer, shipped, tmp_path, zones=("US-WY",), service="electricity-maps", grid_zone="FR")
    assert found.hourly.zone == seen[0].params["zone"] == "FR"
    with pytest.raises(CarbonError, match="that of one service"):
        found_with(maps_answer, shipped, tmp_path, grid_zone="FR")
    with pytest.raises(CarbonError, match="unknown service 'eai'"):
        found_with(maps_answer, shipped, tmp_path, service="eai")


def test_a_long_run_is_asked_for_in_pieces(shipped, tmp_path):
    _, seen = found_with(lambda _: {"zone": "FR", "data": []}, shipped, tmp_path, hours=range(HOUR, HOUR + 500))
    assert [(one.params["start"], one.params["end"]) for one in seen] == [
        (moment_of(HOUR + at), moment_of(min(HOUR + at + 240, HOUR + 500))) for at in (0, 240, 480)
    ]


def test_a_place_is_in_its_grid_and_its_country(shipped):
    assert zones_of("US-VA", "aws:us-east-1", shipped) == ("US-PJM", "US-VA", "US")
    assert zones_of("FR", "", shipped) == ("FR",)
    assert zones_of("", "", shipped) == ()


def test_a_forecast_comes_from_a_service_that_has_one(shipped):
    now = int(time.time() // 3600)
    rows = [{"datetime": moment_of(now + at), "carbonIntensity": 100 - at} for at in range(24)]
    with served(lambda _: {"zone": "FR", "forecast": rows}) as (address, seen):
        environment = {"CARBON_ELECTRICITY_MAPS_URL": address, **MAPS}
        found = expected_intensities(("FR",), basis="lifecycle", database=shipped, environment=environment)
        eia = expected_intensities(("US",), basis="lifecycle", database=shipped, service="eia", environment={"EIA_API_KEY": "x"})
    assert seen[0].path == "/v3/carbon-intensity/forecast"
    assert len(found.hourly.g_per_kwh) >= 23
    assert (eia.hourly, eia.notes) == (None, ("the EIA has no forecast of intensities",))
