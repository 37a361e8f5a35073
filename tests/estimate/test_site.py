"""What the place brings: the facility, its grid, and the price of its electricity."""

import pytest

from traincarbon.database.load import Database
from traincarbon.database.select import prior
from traincarbon.errors import PlanError
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan

HEAD = "s,l,published,\n"


def given(database, name, **fields):
    return settle(Plan(**{"hw": "dgx-a100", **fields}), database).given[name]


@pytest.fixture
def with_rows(shipped, make_root):
    """Return a function that lays rows of one's own over the shipped tables."""

    def lay(**tables):
        return Database([*shipped.roots, make_root({f"{table}.csv": rows for table, rows in tables.items()})])

    return lay


def test_no_region_is_the_world_s_range_and_said_so(shipped):
    intensity = given(shipped, "carbon_intensity")
    assert intensity.assumed
    assert "no region named" in intensity.reason
    assert intensity.value == prior(shipped, "carbon_intensity", "scope=world")[1]
    low, high = intensity.value.interval(0.9)
    assert low < 100.0
    assert high > 600.0


def test_a_country_has_its_own_intensity_of_the_newest_year(shipped):
    france = given(shipped, "carbon_intensity", region="france")
    newest = max(row["year"] for row in shipped.rows("grid", "FR") if row["basis"] == "lifecycle")
    assert 15.0 < france.value.median < 90.0
    assert newest in france.reason
    assert "lifecycle" in france.reason
    assert not france.assumed


def test_a_region_has_the_grid_of_its_zone(shipped):
    for region in ("europe-north1", "aws:eu-west-3"):
        zone = settle(Plan(hw="dgx-a100", region=region), shipped).place.zone
        assert given(shipped, "carbon_intensity", region=region).value == given(shipped, "carbon_intensity", region=zone).value


def test_the_intensity_is_that_of_the_start(with_rows):
    database = with_rows(grid=f"FR,2030,40,lifecycle,production,{HEAD}FR,2035,30,lifecycle,production,{HEAD}")
    assert given(database, "carbon_intensity", region="FR", start="2030-06").value.median == 40.0
    assert given(database, "carbon_intensity", region="FR", start="2034").value.median == 30.0
    assert given(database, "carbon_intensity", region="FR").value.median == 30.0


def test_an_intensity_of_another_time_is_pointed_out(with_rows):
    database = with_rows(grid=f"FR,2035,30,lifecycle,production,{HEAD}")
    assert any("that of 2035" in warning for warning in settle(Plan(hw="dgx-a100", region="FR", start="2040"), database).warnings)
    assert not any("intensity" in warning for warning in settle(Plan(hw="dgx-a100", region="FR", start="2036"), database).warnings)


def test_one_s_own_figure_wins_over_ours_of_the_same_year(with_rows, shipped):
    year = max(row["year"] for row in shipped.rows("grid", "FR") if row["basis"] == "lifecycle")
    database = with_rows(grid=f"FR,{year},77,lifecycle,production,{HEAD}")
    assert given(database, "carbon_intensity", region="FR").value.median == 77.0


def test_two_bases_are_never_mixed(with_rows):
    database = with_rows(zones=f"ZZ,country,Zedland,ZZZ,,{HEAD}", grid=f"ZZ,2024,100,direct,production,{HEAD}ZZ,2020,150,lifecycle,production,{HEAD}")
    assert given(database, "carbon_intensity", region="ZZ").value.median == 150.0
    assert given(database, "carbon_intensity", region="ZZ", basis="direct").value.median == 100.0


def test_a_basis_that_is_not_known_is_refused_with_the_one_that_is(with_rows):
    database = with_rows(zones=f"ZZ,country,Zedland,ZZZ,,{HEAD}YY,country,Ypsiland,YYY,,{HEAD}", grid=f"ZZ,2024,100,lifecycle,production,{HEAD}")
    with pytest.raises(PlanError, match="no direct intensity of Zedland") as caught:
        settle(Plan(hw="dgx-a100", region="ZZ", basis="direct"), database)
    assert "lifecycle" in caught.value.hint
    with pytest.raises(PlanError, match="Ypsiland") as caught:
        settle(Plan(hw="dgx-a100", region="YY"), database)
    assert "carbon_intensity" in caught.value.hint


def test_a_state_with_a_direct_figure_only_is_scaled_as_its_country(with_rows):
    database = with_rows(
        zones=f"ZZ,country,Zedland,ZZZ,,{HEAD}ZZ-N,state,North,,,{HEAD}",
        grid=f"ZZ,2024,100,direct,production,{HEAD}ZZ,2024,130,lifecycle,production,{HEAD}ZZ-N,2024,200,direct,production,{HEAD}",
    )
    scaled = given(database, "carbon_intensity", region="ZZ-N")
    # 200 × 130 / 100
    assert scaled.value.median == pytest.approx(260.0)
    assert scaled.assumed
    assert scaled.value.sigma > given(database, "carbon_intensity", region="ZZ").value.sigma


def test_every_region_has_an_intensity(shipped):
    for row in shipped.all_rows("regions"):
        intensity = given(shipped, "carbon_intensity", region=row["region"])
        assert 0.0 < intensity.value.median <= 1500.0, row["region"]
        assert intensity.source


def test_the_facility_is_the_region_s_else_the_fleet_s_else_any(with_rows):
    database = with_rows(
        zones=f"ZZ,country,Zedland,ZZZ,,{HEAD}",
        grid=f"ZZ,2024,100,lifecycle,production,{HEAD}",
        regions=f"acme:north-1,acme,north-1,There,ZZ,,1,1,{HEAD}acme:south-1,acme,south-1,Here,ZZ,,1,1,{HEAD}",
        facilities=f"acme,north-1,2024,1.07,0.2,{HEAD}acme,fleet,2024,1.15,0.4,{HEAD}",
    )
    own, fleet, anyone = (settle(Plan(hw="dgx-a100", region=region), database).given for region in ("acme:north-1", "acme:south-1", "ZZ"))
    assert [setting["pue"].value.median for setting in (own, fleet)] == [1.07, 1.15]
    assert [setting["wue_l_per_kwh"].value.median for setting in (own, fleet)] == [0.2, 0.4]
    assert [setting["pue"].assumed for setting in (own, fleet, anyone)] == [False, True, True]
    assert own["pue"].value.sigma <= fleet["pue"].value.sigma <= anyone["pue"].value.sigma


def test_a_cloud_s_hardware_has_the_facility_of_its_fleet_where_no_region_is_named(shipped):
    assert "aws's fleet" in given(shipped, "pue", hw="aws-p4d.24xlarge").reason


def test_the_price_of_electricity_is_the_place_s_where_known(with_rows):
    database = with_rows(zones=f"ZZ,country,Zedland,ZZZ,,{HEAD}", grid=f"ZZ,2024,100,lifecycle,production,{HEAD}", electricity=f"ZZ,2024,0.123,industry,{HEAD}")
    assert given(database, "electricity_price", region="ZZ").value.median == 0.123
    assert not given(database, "electricity_price", region="ZZ").assumed
    assert given(database, "electricity_price").assumed
    assert given(database, "electricity_price").value == prior(database, "electricity_price", "scope=world")[1]
