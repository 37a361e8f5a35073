"""What the place brings in: its facility, its grid, its water and the price of its electricity."""

import pytest

from acme import PLACES, PLAN, WORLD, line, server, subject_of
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


def test_without_a_region_the_range_of_the_world_stands_in_and_says_so(make):
    given = grid_of(make()).carbon_intensity
    assert given.value == Uncertain(400.0, {"carbon_intensity": 0.9})
    assert (given.reason, given.assumed) == ("no region named: the grids of cloud regions, weighted by the electricity of data centres", True)


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


@pytest.mark.parametrize(("region", "price"), [("home", 0.159), ("on-prem", 0.155), ("home:germany", 0.39), ("on-prem:germany", 0.2548)])
def test_a_site_of_one_s_own_has_its_pue_and_tariff_and_no_water(shipped, region, price):
    answer = estimate(database=shipped, params=1e9, tokens=1e9, hw="rtx-4090", accelerators=1, region=region)
    assert answer.facts.value("pue").interval(0.9)[0] >= 1.0 - 1e-3
    assert answer.facts.value("wue_l_per_kwh") == 0.0
    assert answer.facts.value("electricity_price").median == price


def test_a_cloud_s_instance_is_not_at_home(shipped):
    with pytest.raises(PlanError, match="rented in a cloud"):
        estimate(database=shipped, params=1e9, tokens=1e9, hw="g5.xlarge", region="home")
