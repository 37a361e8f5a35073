"""Electricity Maps: past ranges and forecasts, on the basis that was asked for."""

import pytest

from grid_services import HOUR
from traincarbon.grid.service import ServiceError, moment_of
from traincarbon.grid.services.electricity_maps import ElectricityMaps


def row(hour, value, **rest):
    return {
        "zone": "DE",
        "carbonIntensity": value,
        "datetime": moment_of(hour),
        "updatedAt": moment_of(hour + 2),
        "emissionFactorType": "lifecycle",
        "isEstimated": True,
        **rest,
    }


def test_a_past_range_is_read(ask):
    found, seen = ask(ElectricityMaps(), lambda _: {"zone": "DE", "data": [row(HOUR, 302), row(HOUR + 1, 295.5)]}, zone="DE")
    assert found == {HOUR: 302.0, HOUR + 1: 295.5}
    assert (seen[0].path, seen[0].params["zone"], seen[0].params["emissionFactorType"]) == ("/v3/carbon-intensity/past-range", "DE", "lifecycle")
    assert (seen[0].params["start"], seen[0].params["end"]) == (moment_of(HOUR), moment_of(HOUR + 3))
    assert seen[0].headers["auth-token"] == "secret-token"


def test_a_forecast_is_read(ask):
    found, seen = ask(
        ElectricityMaps(), lambda _: {"zone": "DE", "forecast": [{"carbonIntensity": 326, "datetime": moment_of(HOUR)}]}, zone="DE", forecast=True
    )
    assert found == {HOUR: 326.0}
    assert seen[0].path == "/v3/carbon-intensity/forecast"


def test_an_answer_on_another_basis_or_for_another_zone_is_refused(ask):
    with pytest.raises(ServiceError, match="another basis than direct"):
        ask(ElectricityMaps(), lambda _: {"zone": "DE", "data": [row(HOUR, 302)]}, zone="DE", basis="direct")
    with pytest.raises(ServiceError, match="zone 'FR', not 'DE'"):
        ask(ElectricityMaps(), lambda _: {"zone": "DE", "data": [row(HOUR, 302, zone="FR")]}, zone="DE")


def test_zones_have_their_names_there():
    names = {zone: ElectricityMaps().zone_of(zone) for zone in ("FR", "US-CISO", "SE3", "US-VA", "WORLD", "AU-NSW")}
    assert names == {"FR": "FR", "US-CISO": "US-CAL-CISO", "SE3": "SE-SE3", "US-VA": "", "WORLD": "", "AU-NSW": "AU-NSW"}
