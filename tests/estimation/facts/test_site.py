"""What the place brings in: its facility, its grid, its water and the price of its electricity."""

import math

import pytest

from acme import PLACES, PLAN, WORLD, chip, line, server, subject_of
from traincarbon.database.load import Database
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.site import electricity_facts, facility_facts
from traincarbon.uncertain import Uncertain

BOX = "servers/acme-box.toml"
FACILITIES = {
    "facilities.csv": "".join(
        [
            line("facilities", "acme", "fleet", 2020, 1.2, 0.4),
            line("facilities", "acme", "fleet", 2024, 1.15, 0.3),
            line("facilities", "acme", "paris-1", 2020, 1.1),
            line("facilities", "acme", "paris-1", 2024, 1.08, 0.1),
            line("facilities", "zeta", "elsewhere", 2024, 1.5, 2),
        ]
    )
}


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def facility_of(database, region=None, start=None):
    return facility_facts(subject_of(database, region=region, start=start), database)


def test_a_region_has_its_own_figures_with_the_narrowest_spread(make):
    found = facility_of(make(FACILITIES), "acme:paris-1")
    assert found.pue.value == Uncertain(1.08, {"pue": 0.02})
    assert found.wue_l_per_kwh.value == Uncertain(0.1, {"wue_l_per_kwh": 0.2})
    assert (found.pue.assumed, found.pue.reason) == (False, "acme paris-1, 2024")


def test_a_figure_that_a_region_lacks_is_that_of_its_operator_s_fleet(make):
    database = make({**PLACES, **FACILITIES, "regions.csv": PLACES["regions.csv"] + line("regions", "acme:paris-2", "acme", "paris-2", "Paris", "FR")})
    found = facility_of(database, "acme:paris-2")
    assert found.pue.value == Uncertain(1.15, {"pue": 0.06})
    assert found.wue_l_per_kwh.value == Uncertain(0.3, {"wue_l_per_kwh": 0.5})
    assert (found.pue.assumed, found.pue.reason) == (True, "acme's fleet, 2024")


def test_water_and_power_of_a_site_are_looked_up_one_by_one(make):
    rows = line("facilities", "acme", "fleet", 2024, 1.15, 0.3) + line("facilities", "acme", "paris-1", 2024, 1.08)
    found = facility_of(make({"facilities.csv": rows}), "acme:paris-1")
    assert (found.pue.value.median, found.wue_l_per_kwh.value.median) == (1.08, 0.3)


def test_without_a_region_the_fleet_of_the_server_s_operator_stands_in(make):
    database = make({**FACILITIES, BOX: server(operator="acme")})
    assert facility_of(database).pue.value.median == 1.15
    # a country is not a region: still the operator's fleet
    assert facility_of(database, "FR").pue.value.median == 1.15


@pytest.mark.parametrize(
    ("region", "where"), [(None, "no region named"), ("FR", "no value for France"), ("zeta:norfolk", "no value for Norfolk (zeta:norfolk)")]
)
def test_without_a_figure_the_range_of_facilities_stands_in_and_says_why(make, region, where):
    found = facility_of(make(FACILITIES), region)
    assert found.pue.value == Uncertain(1.3, {"pue": 0.1})
    assert found.wue_l_per_kwh.value == Uncertain(0.5, {"wue_l_per_kwh": 0.9})
    for given in (found.pue, found.wue_l_per_kwh):
        assert given.assumed
        assert given.reason == f"{where}: from hyperscale fleets to the average of the industry"


@pytest.mark.parametrize(("start", "pue"), [("2019", 1.1), ("2021-06", 1.1), ("2023", 1.08), (None, 1.08)])
def test_the_figure_of_the_year_nearest_to_the_start_is_taken(make, start, pue):
    assert facility_of(make(FACILITIES), "acme:paris-1", start).pue.value.median == pue


def test_a_figure_known_of_one_year_holds_for_the_others(make):
    # Of 2020 no WUE of the region is known: that of 2024 is nearer to the truth than the fleet's.
    assert facility_of(make(FACILITIES), "acme:paris-1", "2020").wue_l_per_kwh.value.median == 0.1


def test_a_site_that_evaporates_nothing_has_no_water_of_its_own(make):
    rows = line("facilities", "acme", "fleet", 2024, 1.15, 0.3) + line("facilities", "acme", "paris-1", 2024, 1.08, 0)
    database = make({"facilities.csv": rows})
    assert facility_of(database, "acme:paris-1").wue_l_per_kwh.value == 0.0
    answer = estimate(database=database, **PLAN, region="acme:paris-1")
    assert answer.median("water_l") == pytest.approx(4.0 * answer.median("facility_energy_kwh"))


@pytest.mark.parametrize(("region", "litres", "sigma"), [("FR", 4.0, 0.4), ("acme:paris-1", 4.0, 0.4), ("US-VA", 3.0, 0.6), (None, 3.0, 0.6)])
def test_the_water_of_electricity_is_the_country_s_else_the_world_s(make, region, litres, sigma):
    assert facility_of(make(), region).grid_water_l_per_kwh.value == Uncertain(litres, {"grid_water_l_per_kwh": sigma})


def test_the_water_of_a_state_is_that_of_its_country(make):
    priors = WORLD["priors.csv"] + line("priors", "grid_water_l_per_kwh", "zone=US", 2, 0.45)
    assert facility_of(make({"priors.csv": priors}), "zeta:norfolk").grid_water_l_per_kwh.value.median == 2.0


def grid_of(database, region=None, **fields):
    return electricity_facts(subject_of(database, region=region, **fields), database)


@pytest.mark.parametrize(
    ("start", "intensity", "reason"),
    [
        (None, 40.0, "France, 2024, lifecycle, consumption"),
        ("2019", 50.0, "France, 2020, lifecycle, production"),
        ("2021", 50.0, "France, 2020, lifecycle, production"),
        ("2023-01", 40.0, "France, 2024, lifecycle, consumption"),
    ],
)
def test_the_intensity_of_a_grid_is_that_of_the_year_nearest_to_the_start_with_its_basis_said(make, start, intensity, reason):
    given = grid_of(make(), "FR", start=start).carbon_intensity
    assert given.value == Uncertain(intensity, {"carbon_intensity": 0.3})
    assert (given.reason, given.assumed) == (reason, False)


def test_a_cloud_region_has_the_intensity_of_its_grid(make):
    given = grid_of(make(), "acme:paris-1").carbon_intensity
    assert given.value.median == 40.0
    assert given.reason == "Paris (acme:paris-1), 2024, lifecycle, consumption"


@pytest.mark.parametrize(("start", "warned"), [("2022", True), ("2026-01", True), ("2021-12", False), ("2025", False), ("2018-06", True), (None, False)])
def test_an_intensity_two_years_away_is_warned_of(make, start, warned):
    # Known are 2020 and 2024.
    year = {"2022": "2024", "2018-06": "2020"}.get(start or "", "2024")
    expected = (f"the intensity of France is of {year}: none is known for {start}",) if warned else ()
    assert grid_of(make(), "FR", start=start).warnings == expected


def test_without_a_region_the_range_of_the_world_stands_in_and_says_so(make):
    given = grid_of(make()).carbon_intensity
    assert given.value == Uncertain(400.0, {"carbon_intensity": 0.9})
    assert (given.reason, given.assumed) == ("no region named: the range of grids on which clouds run", True)


def test_the_direct_basis_is_taken_only_where_it_is_asked_for(make):
    database = make()
    direct = grid_of(database, "US", basis="direct").carbon_intensity
    assert (direct.value.median, direct.reason) == (320.0, "United States, 2023, direct, production")
    for basis in (None, "lifecycle"):
        lifecycle = grid_of(database, "US", basis=basis).carbon_intensity
        assert (lifecycle.value.median, lifecycle.reason) == (400.0, "United States, 2024, lifecycle, production")


def test_a_basis_that_is_not_known_of_a_place_is_refused_with_the_one_that_is(make):
    with pytest.raises(PlanError, match=r"^no direct intensity of France is known$") as caught:
        grid_of(make(), "FR", basis="direct")
    assert caught.value.hint == "known is lifecycle"


def test_a_place_without_any_intensity_asks_for_one(make):
    with pytest.raises(PlanError, match=r"^no lifecycle intensity of Nowhere is known$") as caught:
        grid_of(make({"zones.csv": WORLD["zones.csv"] + line("zones", "XQ", "country", "Nowhere")}), "XQ")
    assert caught.value.hint == "give carbon_intensity"


@pytest.mark.parametrize("region", ["US-VA", "zeta:norfolk"])
def test_a_state_s_direct_intensity_is_scaled_by_its_country_s_and_says_so(make, region):
    given = grid_of(make(), region).carbon_intensity
    # 240 direct × 400 lifecycle over 320 direct of the country in the state's year
    assert given.value.median == pytest.approx(300.0)
    assert given.value.spreads == pytest.approx({"carbon_intensity": math.hypot(0.3, 0.1)})
    assert given.assumed
    assert given.reason.endswith("2023, direct, × 1.25: its country's lifecycle of 2024 over direct of 2023")


def test_a_scaled_intensity_follows_the_country_s_lifecycle_of_the_start(make):
    found = grid_of(make(), "US-VA", start="2020")
    # 240 × 450 / 320
    assert found.carbon_intensity.value.median == pytest.approx(337.5)
    assert found.warnings == ()
    assert grid_of(make(), "US-VA", start="2016").warnings == ("the intensity of Virginia is of 2020: none is known for 2016",)


def test_a_state_on_the_direct_basis_is_not_scaled(make):
    given = grid_of(make(), "US-VA", basis="direct").carbon_intensity
    assert given.value == Uncertain(240.0, {"carbon_intensity": 0.3})
    assert not given.assumed


def test_where_the_country_has_one_basis_alone_its_state_is_refused_rather_than_mixed(make):
    direct = line("grid", "US", 2023, 320, "direct", "production") + line("grid", "US-VA", 2023, 240, "direct", "production")
    lifecycle = line("grid", "US", 2023, 400, "lifecycle", "production") + line("grid", "US-VA", 2023, 240, "direct", "production")
    for rows, places in ((direct, ("US-VA", "US")), (lifecycle, ("US-VA",))):
        for place in places:
            with pytest.raises(PlanError, match=r"^no lifecycle intensity of ") as caught:
                grid_of(make({"grid.csv": rows}), place)
            assert caught.value.hint == "known is direct"


def test_a_cloud_region_s_own_figure_on_the_basis_asked_wins_over_its_grid_s(make):
    rows = PLACES["grid.csv"] + line("grid", "acme:paris-1", 2020, 11, "lifecycle", "provider") + line("grid", "zeta:norfolk", 2023, 22, "direct", "provider")
    database = make({"grid.csv": rows})
    assert grid_of(database, "acme:paris-1").carbon_intensity.value.median == 11.0
    assert grid_of(database, "FR").carbon_intensity.value.median == 40.0
    # one of another basis does not stand in
    assert grid_of(database, "zeta:norfolk", basis="direct").carbon_intensity.value.median == 22.0
    assert grid_of(database, "zeta:norfolk").carbon_intensity.value.median == pytest.approx(300.0)


def test_one_s_own_figure_wins_over_another_of_the_same_year(make_root):
    ours = make_root({**WORLD, "accelerators/acme-one-40gb.toml": chip(), BOX: server()}, folder="ours")
    own = make_root({"grid.csv": line("grid", "FR", 2024, 77, "lifecycle", "production")}, folder="own")
    database = Database([ours, own])
    assert grid_of(database, "FR").carbon_intensity.value.median == 77.0
    assert grid_of(database, "FR", start="2020").carbon_intensity.value.median == 50.0


def test_a_plan_that_states_its_intensity_needs_none_of_the_place(make):
    database = make({"zones.csv": WORLD["zones.csv"] + line("zones", "XQ", "country", "Nowhere")})
    with pytest.raises(PlanError):
        estimate(database=database, **PLAN, region="XQ")
    answer = estimate(database=database, **PLAN, region="XQ", carbon_intensity=50.0)
    assert answer.median("operational_kgco2e") == pytest.approx(0.05 * answer.median("facility_energy_kwh"))
    with pytest.raises(PlanError):
        estimate(database=database, **PLAN, region="XQ")


PRICES = {"electricity.csv": line("electricity", "FR", 2020, 0.09, "industrial") + line("electricity", "FR", 2024, 0.12, "industrial")}


@pytest.mark.parametrize(("start", "price", "year"), [(None, 0.12, 2024), ("2021", 0.09, 2020)])
def test_electricity_costs_what_it_does_in_the_zone_near_the_start(make, start, price, year):
    given = grid_of(make(PRICES), "FR", start=start).electricity_price
    assert given.value == Uncertain(price, {"electricity_price": 0.2})
    assert (given.reason, given.assumed) == (f"industrial price of France, {year}", False)


@pytest.mark.parametrize(("region", "reason"), [(None, "industrial prices of the world"), ("US-VA", "no price of Virginia is known")])
def test_without_a_price_of_the_zone_the_world_s_range_stands_in(make, region, reason):
    given = grid_of(make(PRICES), region).electricity_price
    assert given.value == Uncertain(0.1, {"electricity_price": 0.4})
    assert (given.reason, given.assumed) == (reason, True)


def test_what_a_plan_states_wins_over_the_place(make):
    database = make({**FACILITIES, **PRICES})
    answer = estimate(database=database, **PLAN, region="acme:paris-1", pue=2.0, carbon_intensity=100.0, electricity_price=0.5)
    energy = answer.median("facility_energy_kwh")
    assert energy == pytest.approx(2.0 * answer.median("it_energy_kwh"))
    assert answer.median("operational_kgco2e") == pytest.approx(energy * 0.1)
    assert answer.median("electricity_usd") == pytest.approx(energy * 0.5)
    assert {"pue", "carbon_intensity", "electricity_price"}.isdisjoint(answer.inputs)


def test_water_is_that_of_the_site_and_of_the_grid(make):
    answer = estimate(database=make(FACILITIES), **PLAN, region="acme:paris-1")
    # 0.1 L for each kWh of IT and 4 L for each of 1.08 kWh
    assert answer.median("water_l") == pytest.approx(answer.median("it_energy_kwh") * (0.1 + 4.0 * 1.08))


@pytest.mark.parametrize("region", ["aws:us-east-1", "gcp:europe-west9", "FR", "US-VA"])
def test_a_real_place_answers_on_the_lifecycle_basis(shipped, region):
    answer = estimate(database=shipped, **{**PLAN, "hw": "h100"}, region=region)
    assert "lifecycle" in answer.inputs["carbon_intensity"].reason


def test_every_shipped_region_has_an_intensity_with_its_source(shipped):
    for row in shipped.all_rows("regions"):
        given = electricity_facts(subject_of(shipped, "h100", row["region"]), shipped).carbon_intensity
        assert 1.0 <= given.value.median <= 1500.0, row["region"]
        assert given.source, row["region"]


def test_a_shipped_cloud_has_the_facility_of_its_fleet_where_no_region_is_named(shipped):
    assert facility_facts(subject_of(shipped, "aws-p4d.24xlarge"), shipped).pue.reason.startswith("aws's fleet, ")


@pytest.mark.parametrize(
    ("region", "fields", "share"),
    [("home", {}, 0.0), ("on-prem", {}, 0.05), ("on-prem", {"servers": 1}, 0.0), ("on-prem:FR", {"accelerators": 8}, 0.0), ("FR", {"servers": 1}, 0.05)],
)
def test_one_machine_of_one_s_own_has_no_switches(shipped, region, fields, share):
    answer = estimate(database=shipped, params=1e9, tokens=1e9, hw="dgx-a100", region=region, **fields)
    value = answer.facts.value("network_share")
    assert (value.median if isinstance(value, Uncertain) else value) == pytest.approx(share)


@pytest.mark.parametrize(("region", "price"), [("home", 0.159), ("on-prem", 0.155), ("home:germany", 0.39), ("on-prem:germany", 0.155)])
def test_a_site_of_one_s_own_has_its_pue_and_tariff_and_no_water(shipped, region, price):
    answer = estimate(database=shipped, params=1e9, tokens=1e9, hw="rtx-4090", accelerators=1, region=region)
    assert answer.facts.value("pue").interval(0.9)[0] >= 1.0 - 1e-3
    assert answer.facts.value("wue_l_per_kwh") == 0.0
    assert answer.facts.value("electricity_price").median == price


def test_a_cloud_s_instance_is_not_at_home(shipped):
    with pytest.raises(PlanError, match="rented in a cloud"):
        estimate(database=shipped, params=1e9, tokens=1e9, hw="g5.xlarge", region="home")
