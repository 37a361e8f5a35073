"""The price of a server, and what is left of it when it is bought."""

import itertools
import math

import pytest

from acme import WORLD, chip, fact, server, subject_of
from traincarbon.database.select import time_of
from traincarbon.errors import DatabaseError
from traincarbon.estimation.facts.purchase import purchase_price
from traincarbon.uncertain import Uncertain

CHIP, BOX, TWIN = "accelerators/acme-one-40gb.toml", "servers/acme-box.toml", "servers/acme-twin.toml"
ONE = "acme-one-40gb"


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def purchase_of(database, hw="acme-box", **fields):
    return purchase_price(subject_of(database, hw, **fields), database)


def test_a_server_costs_its_own_price(make):
    given = purchase_of(make({BOX: server(fact("price_usd", 200000))}))
    assert given.value == Uncertain(200e3, {"purchase_price": 0.3})
    assert (given.reason, given.assumed) == ("price of Acme Box, of an unknown date", False)


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
        assert (given.reason, given.assumed) == ("as Acme Twin, which has the same accelerator, of an unknown date", True)


def test_a_server_of_another_chip_is_no_measure(make):
    database = make({TWIN: server(fact("price_usd", 200000), name="Acme Twin", aliases="twin", accelerator="acme-two")})
    assert purchase_of(database) is None


def test_without_such_a_server_it_costs_its_chips_and_the_rest_of_a_server(make):
    for hw, chips in (("acme-box", 8), (ONE, 1)):
        given = purchase_of(make({CHIP: chip(fact("price_usd", 10000))}), hw)
        assert given.value.median == pytest.approx(1.5 * 10e3 * chips)
        # 0.3 of the listed price and 0.4 of the ratio
        assert given.value.spreads == pytest.approx({"purchase_price": 0.5})
        assert (given.reason, given.assumed) == ("1.50 × the price of Acme One 40GB: a server costs more than its accelerators, of an unknown date", True)


def test_a_range_of_the_price_of_a_chip_or_of_another_server_widens_the_spread_too(make):
    wide = math.log(500 / 80) / 3.29
    of_chip = purchase_of(make({CHIP: chip(fact("price_usd", 10000) + "low = 8e3\nhigh = 5e4\n")}))
    assert of_chip.value.spreads == pytest.approx({"purchase_price": math.hypot(wide, 0.4)})
    twin = server(fact("price_usd", 200000) + "low = 8e4\nhigh = 5e5\n", name="Acme Twin", aliases="twin")
    assert purchase_of(make({TWIN: twin})).value.spreads == pytest.approx({"purchase_price": 1.5 * wide})


def test_a_price_with_a_date_is_what_is_left_of_it_at_the_start(make):
    database = make({BOX: server(fact("price_usd", 200000, dated="2022-07"))})
    found = purchase_of(database, start="2024-07")
    # two years at the 0.9 of its generation
    assert found.value.median == pytest.approx(200e3 * 0.9**2)
    assert found.value.spreads == pytest.approx({"purchase_price": math.hypot(0.3, 2 * 0.05)})
    assert (found.reason, found.kind, found.assumed) == ("price of Acme Box, 2022-07, of which 81% is left in 2024", "derived", True)


def test_without_a_start_hardware_is_bought_today(make):
    database = make({BOX: server(fact("price_usd", 200000, dated="2024"))})
    # from the middle of 2024 to that of 2026
    assert purchase_of(database).value.median == pytest.approx(200e3 * 0.9**2)


@pytest.mark.parametrize("start", ["2019", "2022", "2022-09"])
def test_a_price_is_never_raised_for_an_earlier_start_and_holds_for_a_quarter(make, start):
    found = purchase_of(make({BOX: server(fact("price_usd", 200000, dated="2022-07"))}), start=start)
    assert found.value == Uncertain(200e3, {"purchase_price": 0.3})
    assert (found.reason, found.assumed) == ("price of Acme Box, 2022-07", False)


def test_the_price_falls_with_every_later_start_and_is_less_sure(make):
    database = make({BOX: server(fact("price_usd", 200000, dated="2020"))})
    found = [purchase_of(database, start=str(year)).value for year in range(2021, 2031)]
    assert all(later.median < sooner.median and later.sigma > sooner.sigma for sooner, later in itertools.pairwise(found))


def test_of_servers_with_the_same_chip_the_newest_price_counts(make):
    older = server(fact("price_usd", 100000, dated="2020"), name="Acme Twin", aliases="twin")
    newer = server(fact("price_usd", 160000, dated="2026"), name="Acme Zwilling", aliases="zwilling")
    found = purchase_of(make({TWIN: older, "servers/acme-zwilling.toml": newer}))
    assert (found.value.median, found.reason) == (pytest.approx(160e3), "as Acme Zwilling, which has the same accelerator, 2026")


@pytest.mark.parametrize("dated", ["soon", "2026-13", "26", "2026-02-30"])
def test_a_price_of_no_date_is_refused(make, dated):
    with pytest.raises(DatabaseError, match="is no date"):
        purchase_of(make({BOX: server(fact("price_usd", 200000, dated=dated))}))


def test_every_price_of_the_shipped_database_has_a_date_and_today_is_that_of_the_newest_rent(shipped):
    priced = [product for folder in ("accelerators", "servers") for product in shipped.products(folder) if "price_usd" in product.facts]
    assert len(priced) > 50
    assert [product.id for product in priced if not product.facts["price_usd"].dated] == []
    (today,) = shipped.rows("priors", "purchase_year", "*")
    assert float(today["median"]) == pytest.approx(max(time_of(row["date"]) for row in shipped.all_rows("prices")), abs=0.1)


@pytest.mark.parametrize(
    ("hw", "low", "high"), [("dgx-a100", 48e3, 120e3), ("dgx-h100", 160e3, 260e3), ("h100", 20e3 * 1.2, 40e3 * 1.2), ("dgx-b200", 400e3, 550e3)]
)
def test_hardware_costs_today_what_the_market_of_2026_asks(shipped, hw, low, high):
    # used and refurbished A100 of 80 GB at ,000 to 5,000 (AI Tool Discovery, Mercatus AI), H100 at 0,000 used to 0,000 new
    # (SpotWire, AI Infra Map), a DGX B200 at 15,000 in 2025; a server costs about a fifth more than its accelerators
    assert low < purchase_of(shipped, hw).value.median < high
