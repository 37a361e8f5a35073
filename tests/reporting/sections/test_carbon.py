"""The carbon section adds up, and says what is not known."""

import re

from traincarbon.formatting import significant
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.ghg import accounts_of
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.carbon import carbon_section
from traincarbon.reporting.view import EstimateView


def shown(answer, database, *, carbon_price=None, currency=USD):
    view = EstimateView.of(answer)
    return section_html(carbon_section(view, accounts_of(view, answer), database, currency, carbon_price, "p1"))


def test_the_scopes_add_up_to_the_total(ask, shipped):
    page = shown(ask(region="france", servers=64), shipped)
    table = re.search(r"<caption>By scope.*?</table>", page)[0]
    amounts = [float(value) for value in re.findall(r'<td class="n">([\d.]+) t', table)]
    assert len(amounts) == 4
    assert abs(sum(amounts[:3]) - amounts[3]) <= 0.015 * amounts[3]
    assert "not stated: give market_intensity" in table


def test_no_label_of_the_chart_of_scopes_is_cut(ask, shipped):
    page = shown(ask(region="france", servers=64), shipped)
    chart = re.search(r'id="p1-chart-scopes".*?</figure>', page, re.DOTALL)[0]
    assert chart.count("Scope 3, category 3: upstream") >= 3  # wide, narrow and in the table
    assert "…" not in chart


def test_an_unknown_upstream_is_not_shown_as_0(ask, shipped):
    page = shown(ask(servers=64, carbon_intensity=100.0), shipped)
    assert "direct and upstream together" in page
    assert not re.search(r">0 (kg|t)<", page)


def test_the_intensity_per_billion_tokens_and_the_price_of_carbon_are_those_of_the_estimate(ask, shipped):
    answer = ask(region="france", servers=64, tokens=1e12)
    page = shown(answer, shipped, carbon_price=100.0)
    assert f"(SCI): {significant(answer.median('total_kgco2e') / 1000.0, 3, is_exact=False)} kg CO2e per billion tokens" in page
    assert f"At $100 a tonne of CO2e: {USD.amount(answer.median('total_kgco2e') / 10.0, '$')} (" in page
    assert "EUR 50" in shown(answer, shipped, carbon_price=100.0, currency=Currency("EUR", 0.5))


def test_without_emissions_there_is_no_section(ask, shipped):
    view = EstimateView.of(ask())
    unknown = view._replace(results=dict.fromkeys(view.results))
    assert carbon_section(unknown, accounts_of(unknown, None), shipped, USD, None, "p1") is None
