"""Rent, years of service and what ownership costs besides."""

import pytest

from acme import PLAN, WORLD, subject_of
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.prices import price_facts
from traincarbon.uncertain import Uncertain


@pytest.fixture
def make(make_database):
    """Return a function that opens the small world with these files in it."""
    return lambda files=None: make_database({**WORLD, **(files or {})})


def prices_of(database, hw="acme-box", region=None, **fields):
    return price_facts(subject_of(database, hw, region, **fields), database)


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
