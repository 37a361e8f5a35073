"""The Carbon Intensity API of Great Britain: half-hours, as metered or as forecast."""

from grid_services import HOUR
from traincarbon.grid.service import moment_of
from traincarbon.grid.services.gb_carbon_intensity import GbCarbonIntensity


def half_hours(*actuals):
    begins = [f"{moment_of(HOUR + at // 2)[:14]}{'30' if at % 2 else '00'}Z" for at in range(len(actuals))]
    return {
        "data": [
            {"from": begin, "to": begin, "intensity": {"forecast": 266, "actual": actual, "index": "moderate"}}
            for begin, actual in zip(begins, actuals, strict=True)
        ]
    }


def test_half_hours_are_averaged_and_those_that_are_not_metered_yet_left_out(ask):
    found, seen = ask(GbCarbonIntensity(), lambda _: half_hours(260, 264, 250, None, None, None), zone="GB")
    assert found == {HOUR: 262.0, HOUR + 1: 250.0}
    begin, end = (f"{moment_of(hour)[:16]}Z" for hour in (HOUR, HOUR + 3))
    assert seen[0].path == f"/intensity/{begin}/{end}"


def test_the_forecast_is_their_own(ask):
    found, seen = ask(GbCarbonIntensity(), lambda _: half_hours(None, None), zone="GB", forecast=True)
    assert found == {HOUR: 266.0}
    assert seen[0].path.endswith("/fw48h")


def test_it_has_one_zone_and_needs_no_token():
    service = GbCarbonIntensity()
    assert (service.zone_of("GB"), service.zone_of("FR"), service.variables, service.bases) == ("GB", "", (), ("direct",))


def test_rows_of_another_form_are_left_out(ask):
    found, _ = ask(GbCarbonIntensity(), lambda _: {"data": [{"from": moment_of(HOUR), "intensity": 5}, {"from": None}, "x"]}, zone="GB")
    assert found == {}
