"""What the market brings in: the rent of an accelerator-hour and the price of a server."""

import math

import pytest

from acme import PLAN, WORLD, chip, fact, line, server, subject_of
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.prices import price_facts
from traincarbon.uncertain import Uncertain

CHIP, BOX, TWIN = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml", "servers/acme-twin.toml"
ONE = "acme-one-40gb"
OWN = "".join(
    [
        line("prices", ONE, "acme-box", "acme", "acme:paris-1", "on_demand", "2024-01", 8, 16),
        line("prices", ONE, "acme-box", "acme", "zeta:norfolk", "on_demand", "2024-01", 8, 64),
        line("prices", ONE, "acme-box", "acme", "acme:paris-1", "on_demand", "2020-01", 8, 80),
        line("prices", ONE, "acme-box", "acme", "acme:paris-1", "spot", "2024-01", 8, 8),
        line("prices", ONE, "acme-box", "acme", "acme:paris-1", "reserved_1y", "2024-01", 8, 12),
    ]
)
OTHERS = line("prices", ONE, "zeta-1x", "zeta", "zeta:norfolk", "on_demand", "2024-01", 1, 9)


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def prices_of(database, hw="acme-box", region=None, **fields):
    return price_facts(subject_of(database, hw, region, **fields), database)


def rent_of(database, hw="acme-box", region=None, **fields):
    return prices_of(database, hw, region, **fields).rent_price


def test_the_rent_is_the_middle_of_the_instance_s_own_quotes_for_one_accelerator(make):
    given = rent_of(make({"prices.csv": OWN + OTHERS}))
    # 16 / 8 = 2 and 64 / 8 = 8 in two regions of one provider: their geometric mean is 4; the other's 9 is not asked for
    assert given.value.median == pytest.approx(4.0)
    assert given.value.spreads == pytest.approx({"rent_price": 0.4})
    assert (given.assumed, given.reason) == (False, "on demand price of Acme Box, 2024-01")


def test_the_rent_is_the_region_s_where_one_is_quoted(make):
    database = make({"prices.csv": OWN})
    assert rent_of(database, region="acme:paris-1").value.median == pytest.approx(2.0)
    assert rent_of(database, region="zeta:norfolk").value.median == pytest.approx(8.0)
    # a country is no region, and of others no price is known: all quotes
    assert rent_of(database, region="FR").value.median == pytest.approx(4.0)


def test_the_rent_of_a_chip_counts_each_provider_once_whatever_its_regions(make):
    for hw in (ONE, "acme-twin"):
        given = rent_of(make({"prices.csv": OWN + OTHERS, TWIN: server(name="Acme Twin", aliases="twin")}), hw)
        # acme 4 of two regions, zeta 9 of one: √(4 × 9) = 6, not ∛(2 × 8 × 9) = 5.24
        assert given.value.median == pytest.approx(6.0)
        # each is ln(9 / 6) = 0.405 away from the middle; a negotiated price 0.4 from its quote
        assert given.value.spreads == pytest.approx({"rent_price": math.hypot(math.log(1.5), 0.4)})
        assert (given.assumed, given.reason) == (True, "on demand price of Acme One 40GB at 2 providers, 2024-01")


def test_more_regions_of_one_provider_at_its_price_change_nothing(make):
    more = "".join(line("prices", ONE, "zeta-1x", "zeta", f"zeta:r{n}", "on_demand", "2024-01", 1, 9) for n in range(20))
    assert rent_of(make({"prices.csv": OWN + OTHERS + more}), ONE).value == rent_of(make({"prices.csv": OWN + OTHERS}), ONE).value


@pytest.mark.parametrize(("rent", "usd"), [(None, 4.0), ("on_demand", 4.0), ("spot", 1.0), ("reserved_1y", 1.5)])
def test_the_rent_is_that_of_the_way_of_buying(make, rent, usd):
    given = rent_of(make({"prices.csv": OWN + OTHERS}), rent=rent)
    assert given.value.median == pytest.approx(usd)
    assert given.reason.startswith((rent or "on_demand").replace("_", " "))


@pytest.mark.parametrize(
    ("start", "usd", "date"), [("2020", 10.0, "2020-01"), ("2021-12", 10.0, "2020-01"), ("2022-02", 2.0, "2024-01"), (None, 2.0, "2024-01")]
)
def test_the_rent_is_that_nearest_to_the_start(make, start, usd, date):
    given = rent_of(make({"prices.csv": OWN}), region="acme:paris-1", start=start)
    # 80 / 8 in 2020, 16 / 8 in 2024
    assert given.value.median == pytest.approx(usd)
    assert given.reason.endswith(date)


@pytest.mark.parametrize(
    ("start", "date"), [("2017", "2020-01"), ("2030", "2024-01"), ("2025-08", "2024-01"), ("2025-07", None), ("2021-06", None), (None, None)]
)
def test_a_rent_more_than_a_year_and_a_half_from_the_start_is_warned_of(make, start, date):
    expected = (f"the nearest known rent is of {date}, the start is {start}",) if date else ()
    assert prices_of(make({"prices.csv": OWN}), region="acme:paris-1", start=start).warnings == expected


def test_without_a_price_of_that_kind_the_rent_is_absent_and_asked_for(make):
    database = make({"prices.csv": OWN})
    assert rent_of(database, rent="reserved_3y") is None
    answer = estimate(database=database, **PLAN, rent="reserved_3y")
    assert answer["rent_usd"] is None
    assert "no reserved 3y price of Acme One 40GB is known: give rent_price" in answer.warnings
    assert estimate(database=database, **PLAN, rent="reserved_3y", rent_price=3.0).median("rent_usd") == pytest.approx(
        3.0 * answer.median("accelerator_hours_h")
    )


def test_the_rent_of_a_run_is_its_hours_times_the_price(make):
    answer = estimate(database=make({"prices.csv": OWN}), **PLAN, goodput=1.0)
    # 6e20 FLOP over 100e12 × 0.4 are 4166.67 h, at 4 $/h
    assert answer.median("rent_usd") == pytest.approx(16_666.67)


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
    given = rent_of(shipped, "aws-p5.48xlarge", "aws:us-east-1")
    wanted = ("aws-p5.48xlarge", "aws:us-east-1", "on_demand")
    quotes = [row for row in shipped.rows("prices", "h100-sxm5-80gb") if (row["server"], row["region"], row["purchase"]) == wanted]
    newest = max(quotes, key=lambda row: row["date"])
    assert given.value.median == pytest.approx(float(newest["usd_per_h"]) / float(newest["accelerator_count"]))
    assert not given.assumed
