"""WattTime: average emissions in pounds per MWh, after a login."""

import base64

import pytest

from grid_services import HOUR
from traincarbon.grid.service import ServiceError, moment_of
from traincarbon.grid.services.watttime import WattTime


def answers(*, units="lbs_co2_per_mwh", signal="co2_aoer", region="CAISO_NORTH", login=None):
    def answer(asked):
        if asked.path == "/login":
            return {"token": "jwt"} if login is None else login
        points = [{"point_time": f"{moment_of(HOUR)[:14]}{minute:02d}:00+00:00", "value": 870 + minute} for minute in (0, 30)]
        return {"data": points, "meta": {"region": region, "signal_type": signal, "units": units}}

    return answer


def test_pounds_per_mwh_become_grams_per_kwh(ask):
    found, seen = ask(WattTime(), answers(), zone="CAISO_NORTH", basis="direct", WATTTIME_USER="me", WATTTIME_PASSWORD="word")
    assert found == {HOUR: pytest.approx(885.0 * 0.45359237)}
    assert seen[0].headers["Authorization"] == "Basic " + base64.b64encode(b"me:word").decode()
    assert (seen[1].path, seen[1].headers["Authorization"]) == ("/v3/historical", "Bearer jwt")
    assert (seen[1].params["region"], seen[1].params["signal_type"], seen[1].params["start"]) == ("CAISO_NORTH", "co2_aoer", moment_of(HOUR))


def test_its_forecast_is_on_the_same_signal(ask):
    found, seen = ask(WattTime(), answers(), zone="CAISO_NORTH", basis="direct", forecast=True)
    assert list(found) == [HOUR]
    assert (seen[1].path, seen[1].params["signal_type"]) == ("/v3/forecast", "co2_aoer")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"signal": "co2_moer"}, "not co2_aoer"),
        ({"units": "percentile"}, "not co2_aoer in pounds per MWh"),
        ({"region": "PJM_DC"}, "zone 'PJM_DC'"),
        ({"login": {"error": "no"}}, "gave no token to the user in WATTTIME_USER"),
        ({"login": (401, "no", {})}, "refused the token in WATTTIME_USER and WATTTIME_PASSWORD"),
    ],
)
def test_marginal_emissions_and_other_answers_are_refused(ask, change, said):
    with pytest.raises(ServiceError, match=said):
        ask(WattTime(), answers(**change), zone="CAISO_NORTH", basis="direct")


def test_countries_have_their_own_codes():
    assert [WattTime().zone_of(zone) for zone in ("FR", "US", "US-CISO", "US-PJM")] == ["FR", "", "CAISO_NORTH", ""]
