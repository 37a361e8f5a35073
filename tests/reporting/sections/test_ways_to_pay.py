"""Each way to pay adds up to the package's own cost, and states what it commits."""

import re

import pytest

from traincarbon.explore.price_book import price_book
from traincarbon.quantities import H_PER_YEAR
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.sections.ways_to_pay import ways_table, ways_to_pay
from traincarbon.reporting.view import EstimateView


@pytest.fixture
def book(shipped):
    return price_book(shipped, "dgx-a100")


def test_each_way_costs_what_an_estimate_of_it_does(ask, book):
    answer = ask(servers=64, region="france")
    ways = {way.name: way for way in ways_to_pay(EstimateView.of(answer), book)}
    assert {"Rent on demand", "Reserved for a year", "Buy"} <= ways.keys()
    assert ways["Rent on demand"].total_usd == pytest.approx(answer.median("rent_usd"))
    assert ways["Buy"].total_usd == pytest.approx(answer.median("tco_usd"), rel=1e-6)
    reserved = ask(servers=64, region="france", rent="reserved_1y")
    assert ways["Reserved for a year"].total_usd == pytest.approx(reserved.median("rent_usd"), rel=0.01)


def test_a_reservation_commits_its_whole_term_and_buying_the_purchase(ask, book):
    answer = ask(servers=64, region="france")
    ways = {way.name: way for way in ways_to_pay(EstimateView.of(answer), book)}
    price = ways["Reserved for a year"].total_usd / answer.median("accelerator_hours_h")
    assert ways["Reserved for a year"].commitment_usd == pytest.approx(64 * 8 * H_PER_YEAR * price)
    assert ways["Buy"].commitment_usd == pytest.approx(answer.median("purchase_usd"))
    assert ways["Rent on demand"].commitment_usd == pytest.approx(answer.median("rent_usd"))


def test_without_a_number_of_servers_the_commitment_is_not_known(ask, book):
    ways = ways_to_pay(EstimateView.of(ask()), book)
    assert {way.commitment_usd for way in ways if way.name in ("Reserved for a year", "Buy")} == {None}
    assert "not known" in ways_table(EstimateView.of(ask()), book, USD)


def test_a_price_that_the_plan_states_stands_beside_no_market(ask, book):
    names = [way.name for way in ways_to_pay(EstimateView.of(ask(servers=64, rent_price=2.0)), book)]
    assert not any("eserved" in name for name in names)


def test_the_table_has_every_line_and_the_currency_of_the_report(ask, book):
    shown = ways_table(EstimateView.of(ask(servers=64, region="france")), book, Currency("EUR", 0.9))
    heads = re.findall(r'<th scope="row">([^<]+)</th>', shown)
    assert heads[0] == "Price of renting"
    assert heads[-2:] == ["Total for this run", "To commit"]
    assert {"Electricity", "Building", "Support contracts", "Staff", "Capital"} <= set(heads)
    assert "$" not in shown


def test_one_way_alone_is_no_comparison(ask):
    view = EstimateView.of(ask())
    assert ways_table(view._replace(results={**dict.fromkeys(view.results), "rent_usd": view.results["rent_usd"]}, steps=()), None, USD) is None
