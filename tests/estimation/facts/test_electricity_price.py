"""Electricity costs what it does at the place, on the tariff of its site, and otherwise what it does nearby."""

import math

import pytest

from acme import WORLD, line
from traincarbon.database.find_place import find_place
from traincarbon.estimation.facts.electricity_price import electricity_price
from traincarbon.uncertain import Uncertain

ROWS = "".join(
    line("electricity", zone, year, usd, sector)
    for zone, year, usd, sector in (
        ("US", 2023, 0.08, "industrial"),
        ("US", 2023, 0.16, "household"),
        ("EUROPE", 2024, 0.12, "industrial"),
        ("EUROPE", 2025, 0.25, "household"),
        ("EUROPE", 2025, 0.2, "business"),
    )
)
CONTINENTS = line("continents", "FR", "EUROPE") + line("continents", "US", "NORTH-AMERICA")


@pytest.fixture
def price(make_database):
    """Return a function that gives the price at a place in the small world with these rows."""
    database = make_database({**WORLD, "electricity.csv": ROWS, "continents.csv": CONTINENTS})
    return lambda place, start=None: electricity_price(find_place(database, place), start, database)


def test_a_state_without_a_price_has_that_of_its_country(price):
    found = price("US-VA")
    assert (found.value, found.assumed) == (Uncertain(0.08, {"electricity_price": 0.3}), True)
    assert found.reason == "industrial price of United States, 2023: none of Virginia is known"


def test_a_country_without_a_price_has_that_of_its_continent(price):
    found = price("FR")
    assert (found.value, found.assumed) == (Uncertain(0.12, {"electricity_price": 0.5}), True)
    assert found.reason == "industrial price of EUROPE, 2024: none of France is known"


@pytest.mark.parametrize(("place", "usd"), [("home:FR", 0.25), ("on-prem:FR", 0.2), ("FR", 0.12), ("home:US", 0.16), ("US", 0.08)])
def test_the_tariff_is_that_of_the_site(price, place, usd):
    assert price(place).value.median == usd


def test_without_a_place_the_price_is_that_of_the_world(shipped):
    assert electricity_price(find_place(shipped, "on-prem"), None, shipped).reason == "tariffs of businesses of the world"
    assert electricity_price(None, None, shipped).reason == "industrial prices of the world"


@pytest.mark.parametrize(
    ("place", "usd"),
    [
        ("DE", 0.185),
        ("FR", 0.115),
        ("SE", 0.07),
        ("CN", 0.079),
        ("JP", 0.135),
        ("home:DE", 0.39),
        ("home:FR", 0.316),
        ("on-prem:DE", 0.255),
        ("US-VA", 0.09),
        ("GB", 0.329),
        ("home:GB", 0.387),
        ("on-prem:GB", 0.329),
    ],
)
def test_shipped_prices_are_those_of_the_country(shipped, place, usd):
    found = electricity_price(find_place(shipped, place), None, shipped)
    assert found.value.median == pytest.approx(usd, rel=0.1)
    assert not found.assumed


def test_most_regions_of_clouds_have_a_price_of_their_own_country(shipped):
    zones = {row["zone"] for row in shipped.all_rows("regions") if row["zone"]}
    own = [zone for zone in zones if not electricity_price(find_place(shipped, zone), None, shipped).reason.partition(":")[2] or "-" in zone]
    assert len(own) >= 0.9 * len(zones)


def data_centre_price(shipped, zone):
    return float(electricity_price(find_place(shipped, zone), None, shipped).value.median)


def test_the_spreads_nearby_are_those_of_the_shipped_prices(shipped):
    known = {row["zone"] for row in shipped.all_rows("electricity") if row["sector"] != "household"}
    states = [math.log(data_centre_price(shipped, zone) / data_centre_price(shipped, "US")) for zone in known if zone.startswith("US-")]
    pairs = [(row["zone"], row["continent"]) for row in shipped.all_rows("continents") if row["zone"] in known]
    countries = [math.log(data_centre_price(shipped, zone) / data_centre_price(shipped, continent)) for zone, continent in pairs]
    for scope, logs in (("scope=country", states), ("scope=continent", countries)):
        prior = shipped.rows("priors", "electricity_price", scope)[0]
        assert float(prior["sigma_ln"]) == pytest.approx(math.sqrt(sum(log**2 for log in logs) / len(logs)), abs=0.006)
        assert int(prior["n"]) == len(logs)
