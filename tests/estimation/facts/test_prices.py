"""The price of a server and its years of service."""

import math

import pytest

from acme import PLAN, WORLD, chip, fact, server, subject_of
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.prices import price_facts
from traincarbon.uncertain import Uncertain

CHIP, BOX, TWIN = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml", "servers/acme-twin.toml"
ONE = "acme-one-40gb"


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def prices_of(database, hw="acme-box", region=None, **fields):
    return price_facts(subject_of(database, hw, region, **fields), database)


def purchase_of(database, hw="acme-box"):
    return prices_of(database, hw).purchase_price


def test_a_server_costs_its_own_price(make):
    given = purchase_of(make({BOX: server(fact("price_usd", 200000))}))
    assert given.value == Uncertain(200e3, {"purchase_price": 0.3})
    assert (given.reason, given.assumed) == ("price of Acme Box", False)


def test_a_price_that_is_assumed_stays_an_assumption(make):
    assert purchase_of(make({BOX: server(fact("price_usd", 200000, kind="assumed") + "low = 1e5\nhigh = 4e5\n")})).assumed


@pytest.mark.parametrize(("low", "high", "sigma"), [(80e3, 500e3, math.log(500 / 80) / 3.29), (190e3, 210e3, 0.3)])
def test_a_range_of_prices_widens_the_spread_and_never_narrows_it(make, low, high, sigma):
    given = purchase_of(make({BOX: server(fact("price_usd", 200000) + f"low = {low}\nhigh = {high}\n")}))
    assert given.value == Uncertain(200e3, {"purchase_price": pytest.approx(sigma)})


def test_without_one_it_costs_by_its_chips_what_a_server_of_the_same_does(make):
    database = make(
        {TWIN: server(fact("price_usd", 200000), name="Acme Twin", aliases="twin").replace("value = 8", "value = 4"), CHIP: chip(fact("price_usd", 1))}
    )
    # 200,000 / 4 for a chip
    for hw, usd in (("acme-box", 400e3), (ONE, 50e3)):
        given = purchase_of(database, hw)
        assert given.value.median == pytest.approx(usd)
        assert given.value.spreads == pytest.approx({"purchase_price": 0.45})
        assert (given.reason, given.assumed) == ("as Acme Twin, which has the same accelerator", True)


def test_a_server_of_another_chip_is_no_measure(make):
    database = make({TWIN: server(fact("price_usd", 200000), name="Acme Twin", aliases="twin", accelerator="acme-two")})
    assert purchase_of(database) is None


def test_without_such_a_server_it_costs_its_chips_and_the_rest_of_a_server(make):
    for hw, chips in (("acme-box", 8), (ONE, 1)):
        given = purchase_of(make({CHIP: chip(fact("price_usd", 10000))}), hw)
        assert given.value.median == pytest.approx(1.5 * 10e3 * chips)
        # 0.3 of the listed price and 0.4 of the ratio
        assert given.value.spreads == pytest.approx({"purchase_price": 0.5})
        assert (given.reason, given.assumed) == ("1.50 × the price of Acme One 40GB: a server costs more than its accelerators", True)


def test_what_nobody_sells_has_no_price_and_says_so(make):
    answer = estimate(database=make(), **PLAN, servers=1)
    assert (answer["purchase_usd"], answer["own_usd"], answer["rent_usd"]) == (None, None, None)
    assert "no purchase price of Acme Box is known: give purchase_price" in answer.warnings
    assert estimate(database=make(), **PLAN, servers=2, purchase_price=80e3).median("purchase_usd") == pytest.approx(200e3)


def test_service_life_use_and_network_are_assumptions(make):
    found = prices_of(make())
    assert found.service_life.value == Uncertain(4.0, {"service_life": 0.2})
    assert found.utilisation.value == Uncertain(0.8, {"utilisation": 0.1})
    assert found.interconnect_share.value == Uncertain(0.2, {"interconnect": 0.4})
    assert all(given.assumed for given in (found.service_life, found.utilisation, found.interconnect_share))


def test_an_instance_of_a_cloud_has_the_newest_price_of_its_region_in_the_shipped_database(shipped):
    given = prices_of(shipped, "aws-p5.48xlarge", "aws:us-east-1").rent_price
    wanted = ("aws-p5.48xlarge", "aws:us-east-1", "on_demand")
    quotes = [row for row in shipped.rows("prices", "h100-sxm5-80gb") if (row["server"], row["region"], row["purchase"]) == wanted]
    newest = max(quotes, key=lambda row: row["date"])
    assert given.value.median == pytest.approx(float(newest["usd_per_h"]) / float(newest["accelerator_count"]))
    assert not given.assumed
