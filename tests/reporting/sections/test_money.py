"""The lines of ownership add up, and the break-even is where the package's own costs are equal."""

import re

import pytest

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.money import money_section, use_at_which_owning_costs_the_rent
from traincarbon.reporting.view import EstimateView


def shown(answer, database, currency=USD):
    return section_html(money_section(EstimateView.of(answer), answer, database, currency, "p1"))


def test_at_the_break_even_the_package_finds_owning_as_dear_as_renting(ask):
    answer = ask(servers=64, region="france")
    even = use_at_which_owning_costs_the_rent(EstimateView.of(answer))
    there = ask(servers=64, region="france", utilisation=even)
    assert there.median("tco_usd") == pytest.approx(there.median("rent_usd"), rel=1e-6)


def test_a_break_even_needs_both_costs(ask):
    assert use_at_which_owning_costs_the_rent(EstimateView.of(ask(hw="dgx-gb300", purchase_price=3e6))) is None


def test_the_lines_of_ownership_add_up_to_the_total_cost(ask, shipped):
    answer = ask(servers=64, region="france")
    figure = re.search(r'<figure class="chart" id="p1-chart-ownership">.*?</figure>', shown(answer, shipped), re.DOTALL)[0]
    rows = re.findall(r'<th scope="row">([^<]+)</th><td class="n">([^<]+)</td>', figure)
    assert rows[-1] == ("Total", USD.amount(answer.median("tco_usd"), "$", digits=3))
    assert {"Electricity", "Building", "Support contracts", "Staff", "Capital"} <= {label for label, _ in rows}


def test_each_way_to_rent_has_the_price_that_an_estimate_takes(ask, shipped):
    page = shown(ask(servers=64), shipped)
    table = re.search(r"<caption>Ways to rent.*?</table>", page)[0]
    costs = dict(re.findall(r'<th scope="row">([^<]+)</th>(?:<td class="n">[^<]*</td>){2}<td class="n">([^<]+)</td>', table))
    assert "on demand" in costs
    for way, cost in costs.items():
        assert cost == USD.amount(ask(servers=64, rent=way.replace(" ", "_")).median("rent_usd"), "$", digits=3)


def test_money_is_in_the_currency_of_the_report(ask, shipped):
    page = re.sub(r"<title>.*?</title>", "", shown(ask(servers=64, region="france"), shipped, Currency("EUR", 0.9)))
    assert "EUR " in page
    assert not re.search(r"\$\d", page)


def test_without_any_price_there_is_no_section(ask, shipped):
    view = EstimateView.of(ask())
    assert money_section(view._replace(results=dict.fromkeys(view.results), steps=()), None, shipped, USD, "p1") is None
