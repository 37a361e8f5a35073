"""What the market brings: the rent of an accelerator-hour and the price of a server."""

import math

import pytest

from traincarbon.database.load import Database
from traincarbon.estimate.inputs import settle
from traincarbon.estimate.plan import Plan

HEAD = "s,l,published,\n"
BOX = "acme-one-40gb,acme-box"
PRICES = (
    f"{BOX},north,north:a,on_demand,2024-01,8,16,{HEAD}"
    f"{BOX},north,north:b,on_demand,2024-01,8,64,{HEAD}"
    f"acme-one-40gb,other,south,,on_demand,2024-01,1,9,{HEAD}"
    f"{BOX},north,north:a,spot,2024-01,8,8,{HEAD}"
    f"{BOX},north,north:a,on_demand,2020-01,8,80,{HEAD}"
)


@pytest.fixture
def market(shipped, make_root, accelerator_toml):
    """Return a function that opens the shipped database with a chip, a server and prices of one's own."""

    def build(*, prices="", chip="", server=""):
        one = 'name = "Acme Box"\noperator = "on-prem"\naccelerator = "acme-one-40gb"\n[accelerator_count]\nvalue = 8\nsource = "s"\nlocator = "l"\nkind = "published"\n'
        files = {"accelerators/acme-one-40gb.toml": accelerator_toml + chip, "servers/acme-box.toml": one + server, "prices.csv": prices}
        regions = "".join(f"north:{name},north,{name},Place,FR,,1,1,{HEAD}" for name in "ab")
        return Database([*shipped.roots, make_root({**files, "regions.csv": regions})])

    return build


def fact(name, value, **more):
    lines = "".join(f"{key} = {item}\n" for key, item in more.items())
    return f'\n[{name}]\nvalue = {value}\n{lines}source = "s"\nlocator = "l"\nkind = "published"\n'


def given(database, name, **fields):
    return settle(Plan(**{"hw": "acme-box", **fields}), database).given.get(name)


def test_the_rent_is_the_middle_of_the_server_s_quotes_an_accelerator(market):
    rent = given(market(prices=PRICES), "rent_price")
    # 16 / 8 = 2 and 64 / 8 = 8 at one provider: their geometric mean is 4
    assert rent.value.median == pytest.approx(4.0)
    assert not rent.assumed


def test_the_rent_is_the_region_s_where_one_is_named(market):
    database = market(prices=PRICES)
    assert given(database, "rent_price", region="north:a").value.median == pytest.approx(2.0)
    assert given(database, "rent_price", region="north:b").value.median == pytest.approx(8.0)


def test_the_rent_of_a_chip_is_the_middle_over_providers_with_their_scatter(market):
    rent = given(market(prices=PRICES), "rent_price", hw="acme-one-40gb")
    # north 4, south 9: geometric mean 6
    assert rent.value.median == pytest.approx(6.0)
    assert rent.value.sigma >= math.log(9 / 4) / 2
    assert rent.assumed
    assert "2 providers" in rent.reason


def test_the_rent_is_that_of_the_start_and_of_the_way_of_buying(market):
    database = market(prices=PRICES)
    assert given(database, "rent_price", region="north:a", start="2020").value.median == pytest.approx(10.0)
    assert given(database, "rent_price", rent="spot").value.median == pytest.approx(1.0)
    assert given(database, "rent_price", rent="reserved_3y") is None


def test_a_rent_of_another_time_is_pointed_out(market):
    warnings = settle(Plan(hw="acme-box", start="2030"), market(prices=PRICES)).warnings
    assert any("rent is of 2024-01" in warning for warning in warnings)
    assert not any("rent is of" in warning for warning in settle(Plan(hw="acme-box", start="2024"), market(prices=PRICES)).warnings)


def test_the_purchase_is_the_server_s_own_price(market):
    price = given(market(server=fact("price_usd", 200e3)), "purchase_price")
    assert price.value.median == 200e3
    assert not price.assumed


def test_a_wide_range_of_prices_widens_the_spread(market):
    narrow = given(market(server=fact("price_usd", 200e3)), "purchase_price").value.sigma
    wide = given(market(server=fact("price_usd", 200e3, low=80e3, high=500e3)), "purchase_price").value.sigma
    assert wide == pytest.approx(math.log(500 / 80) / 3.29)
    assert wide > narrow


def test_without_a_price_of_its_own_a_server_costs_what_its_chips_do_elsewhere(market):
    database = market(server=fact("price_usd", 200e3))
    chip = given(database, "purchase_price", hw="acme-one-40gb")
    # 200,000 / 8
    assert chip.value.median == pytest.approx(25e3)
    assert chip.assumed
    assert "Acme Box" in chip.reason


def test_the_price_of_a_chip_is_scaled_to_a_server(market):
    price = given(market(chip=fact("price_usd", 10e3)), "purchase_price")
    assert price.assumed
    assert price.value.median > 8 * 10e3
    assert "Acme One" in price.reason


def test_what_nobody_sells_has_no_price(market):
    assert given(market(), "purchase_price") is None
    assert given(market(), "rent_price") is None


def test_service_life_use_and_network_are_assumptions(market):
    for name in ("service_life", "utilisation", "interconnect_share"):
        assert given(market(), name).assumed
