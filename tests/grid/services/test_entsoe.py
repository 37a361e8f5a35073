"""ENTSO-E: generation by type of plant, in XML, by quarters of an hour or hours."""

import pytest

from grid_services import HOUR
from traincarbon.grid.service import ServiceError, moment_of
from traincarbon.grid.services.entsoe import Entsoe

FR = "10YFR-RTE------C"
TIME = "%Y-%m-%dT%H:%MZ"


def series(kind, powers, *, minutes=60, area=FR, domain="inBiddingZone_Domain.mRID", hours=2):
    points = "".join(f"<Point><position>{at}</position><quantity>{power}</quantity></Point>" for at, power in powers.items())
    span = f"<timeInterval><start>{moment_of(HOUR, TIME)}</start><end>{moment_of(HOUR + hours, TIME)}</end></timeInterval>"
    period = f"<Period>{span}<resolution>PT{minutes}M</resolution>{points}</Period>"
    return f"<TimeSeries><{domain}>{area}</{domain}><MktPSRType><psrType>{kind}</psrType></MktPSRType>{period}</TimeSeries>"


def document(*parts):
    return f'<?xml version="1.0"?><GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0">{"".join(parts)}</GL_MarketDocument>'


def test_an_hour_has_the_intensity_of_its_mix(ask):
    content = document(
        series("B14", {1: 300, 2: 300}),
        series("B04", {1: 100, 2: 0}),
        series("B10", {1: 500, 2: 500}),
        series("B10", {1: 9}, domain="outBiddingZone_Domain.mRID"),
    )
    found, seen = ask(Entsoe(), lambda _: content, zone=FR)
    assert found == {HOUR: pytest.approx((300 * 12 + 100 * 490) / 400), HOUR + 1: pytest.approx(12.0)}
    params = seen[0].params
    assert (params["documentType"], params["processType"], params["in_Domain"], params["securityToken"]) == ("A75", "A16", FR, "secret-token")
    assert (params["periodStart"], params["periodEnd"]) == (moment_of(HOUR, "%Y%m%d%H%M"), moment_of(HOUR + 3, "%Y%m%d%H%M"))


def test_a_point_that_is_left_out_is_as_the_one_before_it(ask):
    quarters = series("B05", {1: 100, 3: 300}, minutes=15, hours=1)
    found, _ = ask(Entsoe(), lambda _: document(quarters, series("B19", {1: 200}, hours=1)), zone=FR)
    coal = (100 + 100 + 300 + 300) / 4
    assert found == {HOUR: pytest.approx((coal * 820 + 200 * 11) / (coal + 200))}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>",
            "No matching data found",
        ),
        ("<html><body>Sign in</body></html>", "another document, 'html'"),
        ("<!DOCTYPE html><html></html>", "not its XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "not its XML"),
        ("{}", "not its XML"),
        (document(series("B14", {1: 1}, area="10YBE----------2")), "zone '10YBE----------2'"),
    ],
)
def test_other_answers_are_refused(ask, content, said):
    with pytest.raises(ServiceError, match=said):
        ask(Entsoe(), lambda _: content, zone=FR)


def test_series_without_sense_give_nothing(ask):
    odd = [series("B14", {1: "NaN", 2: -5}), series("B14", {"x": 5}, minutes=7), series("B14", {1: 5}, hours=10**6)]
    assert ask(Entsoe(), lambda _: document(*odd), zone=FR)[0] == {}


def test_it_has_no_forecast_and_the_areas_of_europe(ask):
    with pytest.raises(ServiceError, match="no forecast"):
        ask(Entsoe(), lambda _: "", zone=FR, forecast=True)
    assert (Entsoe().zone_of("FR"), Entsoe().zone_of("US")) == (FR, "")
