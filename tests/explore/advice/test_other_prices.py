"""Other ways to pay for the same training: spot and reserved capacity, and owning."""

import math

import pytest

from acme import line
from conftest import ACCELERATOR
from traincarbon.explore.advice import other_prices
from traincarbon.explore.advice.alternative import Alternative, NotOffered


def test_spot_changes_money_alone(megatron, by_id):
    found = by_id(other_prices.other_price, megatron)["spot"]
    assert found.savings["cost_usd"].share > 0.3
    assert found.savings["facility_energy_kwh"].share == 0.0
    assert found.results["total_kgco2e"] == megatron.base["total_kgco2e"]


def test_a_commitment_that_the_run_hardly_uses_is_not_offered(tuned, megatron, by_id):
    short, long = by_id(other_prices.other_price, tuned), by_id(other_prices.other_price, megatron)
    used = tuned.base.median("duration_s") / (8766.0 * 3600.0)
    assert f"would use {100.0 * used:.2g} % of it" in short["reserved-1y"].reason
    assert isinstance(long["reserved-1y"], Alternative)


def test_prices_that_the_plan_states_are_not_second_guessed(situate, by_id):
    assert isinstance(by_id(other_prices.other_price, situate(params=7e9, tokens=1e12, hw="h100", rent_price=2.0))["spot"], NotOffered)
    assert by_id(other_prices.other_price, situate(params=7e9, tokens=1e12, hw="h100", rent="spot")) == {}
    assert by_id(other_prices.other_price, situate(params=7e9, tokens=1e12, hw="h100", money="own")) == {}


def test_without_a_number_of_servers_the_least_hardware_that_holds_the_run_is_what_it_uses(situate, by_id):
    small = situate(params=7e9, tokens=1e9, kind="finetune", hw="h100")
    assert small.base.accelerators is None
    assert "of its service life" in by_id(other_prices.own_instead, small)["own"].reason
    assert "of it" in by_id(other_prices.other_price, small)["reserved-1y"].reason
    hours = situate(accelerator_hours=500, hw="dgx-a100")
    assert hours.least_accelerators == 8.0
    assert "own" in by_id(other_prices.own_instead, hours)


def price(purchase, usd, *, provider="acme", region="acme:paris-1", server="acme-box", date="2024-06"):
    return line("prices", "acme-one-40gb", server, provider, region, purchase, date, 8, usd)


def ratio(make_database, *rows, server="acme-box"):
    priors = line("priors", "rent_price", "scope=quoted", 1, 0.1)
    facts = make_database({"prices.csv": "".join(rows), "priors.csv": priors, "accelerators/acme-one-40gb.toml": ACCELERATOR})
    return other_prices.price_ratio(facts, "acme-one-40gb", server=server, purchase="spot", start=None)


def test_a_price_is_compared_with_one_for_the_same_instance_and_region(make_database):
    found, _, n = ratio(make_database, price("spot", 4), price("on_demand", 16), price("on_demand", 99, region="zeta:norfolk"))
    assert (found.median, n) == (pytest.approx(0.25), 1)
    assert found.sigma == pytest.approx(0.1)


def test_each_provider_counts_once_however_many_quotes_it_has(make_database):
    many = [price(purchase, usd, region=f"acme:{n}") for n in range(5) for purchase, usd in (("spot", 8), ("on_demand", 16))]
    other = [price("spot", 2, provider="zeta", region="zeta:norfolk"), price("on_demand", 16, provider="zeta", region="zeta:norfolk")]
    found, _, n = ratio(make_database, *many, *other)
    assert (found.median, n) == (pytest.approx(0.25), 6)


def test_quotes_that_differ_make_the_ratio_less_sure(make_database):
    rows = [price("spot", usd, region=f"acme:{usd}") for usd in (4, 16)] + [price("on_demand", 32, region=f"acme:{usd}") for usd in (4, 16)]
    found, _, n = ratio(make_database, *rows)
    assert (found.median, n) == (pytest.approx(0.25), 2)
    # the logarithms of 1/8 and 1/2 are ln 2 from their mean; 0.1 is the spread of any quoted price
    assert found.sigma == pytest.approx(math.hypot(math.log(2.0), 0.1))


def test_prices_of_different_times_are_no_pair(make_database):
    assert ratio(make_database, price("spot", 4, date="2024"), price("on_demand", 16, date="2020")) is None
    assert ratio(make_database, price("spot", 4)) is None
    assert ratio(make_database) is None


def test_owning_is_offered_with_its_capital_and_left_out_of_short_runs(situate, tuned, by_id):
    long = situate(params=530e9, tokens=1.35e12, hw="dgx-a100", servers=280, start="2021")
    found = by_id(other_prices.own_instead, long)["own"]
    assert found.results["cost_usd"] == long.base["tco_usd"]
    # $68.8M at the prices of May 2020, of which 84 % is left in the middle of 2021
    assert "$58.1M for these servers" in found.lost
    assert found.cash_usd == pytest.approx(long.base.median("purchase_usd"))
    assert "0.021 % of its service life" in by_id(other_prices.own_instead, tuned)["own"].reason
