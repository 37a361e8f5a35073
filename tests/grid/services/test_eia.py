"""The EIA: generation by fuel of a balancing authority, by hours that are named by their end."""

import pytest

from grid_services import HOUR
from traincarbon.grid.service import ServiceError, moment_of
from traincarbon.grid.services.eia import Eia


def row(ended, fuel, value, respondent="CISO"):
    return {"period": moment_of(ended, "%Y-%m-%dT%H"), "respondent": respondent, "fueltype": fuel, "value": value, "value-units": "megawatthours"}


def test_an_hour_has_the_intensity_of_its_mix(ask):
    rows = [
        row(HOUR + 1, "NG", "300"),
        row(HOUR + 1, "NUC", 100),
        row(HOUR + 1, "BAT", "900"),
        row(HOUR + 1, "SUN", None),
        row(HOUR, "COL", "1"),
        row(HOUR + 2, "WND", "5"),
    ]
    found, seen = ask(Eia(), lambda _: {"response": {"total": "6", "data": rows}}, zone="CISO")
    assert found == {HOUR: pytest.approx((300 * 490 + 100 * 12) / 400), HOUR + 1: pytest.approx(11.0)}
    params = seen[0].params
    assert (seen[0].path, params["facets[respondent][]"], params["frequency"]) == ("/v2/electricity/rto/fuel-type-data/data/", "CISO", "hourly")
    assert (params["start"], params["end"]) == (moment_of(HOUR + 1, "%Y-%m-%dT%H"), moment_of(HOUR + 3, "%Y-%m-%dT%H"))


def test_pages_are_read_to_the_last(ask, monkeypatch):
    monkeypatch.setattr("traincarbon.grid.services.eia._PAGE", 2)
    pages = {"0": [row(HOUR + 1, "NG", "10"), row(HOUR + 2, "NG", "10")], "2": [row(HOUR + 3, "COL", "10")]}
    found, seen = ask(Eia(), lambda asked: {"response": {"data": pages[asked.params["offset"]]}}, zone="CISO", basis="direct")
    assert (found, len(seen)) == ({HOUR: 370.0, HOUR + 1: 370.0, HOUR + 2: 760.0}, 2)


def test_another_authority_is_refused(ask):
    with pytest.raises(ServiceError, match="zone 'PJM', not 'CISO'"):
        ask(Eia(), lambda _: {"response": {"data": [row(HOUR + 1, "NG", "10", "PJM")]}}, zone="CISO")
    with pytest.raises(ServiceError, match="without data"):
        ask(Eia(), lambda _: {"error": "API_KEY_INVALID"}, zone="CISO")


def test_values_that_are_no_numbers_do_not_count(ask):
    found, _ = ask(Eia(), lambda _: {"response": {"data": [row(HOUR + 1, "NG", "NaN"), row(HOUR + 1, "COL", "much"), row(HOUR + 1, "WAT", "-3")]}}, zone="CISO")
    assert found == {}


def test_it_has_no_forecast(ask):
    with pytest.raises(ServiceError, match="no forecast"):
        ask(Eia(), lambda _: {}, zone="CISO", forecast=True)
    assert (Eia().zone_of("US-PJM"), Eia().zone_of("FR")) == ("PJM", "")
