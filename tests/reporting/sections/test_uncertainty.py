"""The chart of uncertainty shows the swing of each source, the widest first, on an axis of the result."""

import re

import pytest

from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.uncertainty import uncertainty_section
from traincarbon.reporting.view import EstimateView


def figure(page, name):
    return re.search(rf'<figure class="chart" id="p1-chart-swings-{name}">.*?</figure>', page, re.DOTALL)[0]


def test_the_widest_source_comes_first_and_fills_the_chart(ask):
    rent = figure(section_html(uncertainty_section(EstimateView.of(ask(region="france")), None, USD, "p1")), "rent_usd")
    assert re.findall(r'<th scope="row">([^<]+)</th>', rent)[0] == "Price of renting"
    widths = [float(width) for width in re.findall(r'<rect class="c0" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', rent.partition('class="ch-wide"')[0])]
    assert widths == sorted(widths, reverse=True)
    shares = [int(share) for share in re.findall(r'<td class="n">(\d+) %</td>', rent)]
    assert shares == sorted(shares, reverse=True)
    assert 95 <= sum(shares) <= 101


def test_the_swing_of_the_only_source_is_the_interval(ask):
    answer = ask(accelerator_hours=1e5)
    rent = figure(section_html(uncertainty_section(EstimateView.of(answer), answer, USD, "p1")), "rent_usd")
    ((low, high),) = re.findall(r'<th scope="row">Price of renting</th><td class="n">([^<]+)</td><td class="n">([^<]+)</td>', rent)
    for shown, bound in ((low, answer["rent_usd"].low), (high, answer["rent_usd"].high)):
        value = float(shown.strip("$kM")) * {"k": 1e3, "M": 1e6}[shown[-1]]
        assert value == pytest.approx(bound, rel=0.06)


def test_no_label_is_cut_where_the_chart_is_narrow(ask):
    page = section_html(uncertainty_section(EstimateView.of(ask(params=5e11, tokens=3e11, servers=280)), None, USD, "p1"))
    labels = re.findall(r"<text [^>]*>([^<]+)</text>", page)
    assert len(labels) > 40
    assert [each for each in labels if "…" in each] == []


def test_a_reader_chooses_the_result(ask):
    page = section_html(uncertainty_section(EstimateView.of(ask(region="france", servers=64)), None, USD, "p1"))
    assert page.count('type="radio"') == page.count("<figure") == 6


def test_an_exact_result_has_no_chart(ask):
    view = EstimateView.of(ask(accelerator_hours=1e5, rent_price=2.0))
    assert "swings-rent_usd" not in section_html(uncertainty_section(view, None, USD, "p1"))


def test_nothing_uncertain_is_no_section(ask):
    assert section_html(uncertainty_section(EstimateView.of(ask())._replace(spread_shares={}), None, USD, "p1")) == ""


def test_a_price_that_several_ask_is_also_a_choice(ask):
    answer = ask(servers=64)
    page = section_html(uncertainty_section(EstimateView.of(answer), answer, USD, "p1"))
    least, most = min(each.usd_per_h for each in answer.quotes), max(each.usd_per_h for each in answer.quotes)
    assert f"a GPU-hour costs {USD.amount(least, '$', digits=3)} at " in page
    assert f" and {USD.amount(most, '$', digits=3)} at " in page
    stated = ask(servers=64, rent_price=2.0)
    assert "also a choice" not in section_html(uncertainty_section(EstimateView.of(stated), stated, USD, "p1"))
