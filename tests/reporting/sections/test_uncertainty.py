"""The chart of uncertainty shows the swing of each source, the widest first."""

import re

from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.uncertainty import uncertainty_section
from traincarbon.reporting.view import EstimateView


def test_the_widest_source_comes_first_and_fills_the_chart(ask):
    html = section_html(uncertainty_section(EstimateView.of(ask(region="france")), USD, "p1"))
    (rent,) = re.findall(r"<caption>Cost to rent</caption>.*?</table>", html)
    assert re.findall(r'<th scope="row">([^<]+)</th>', rent)[0] == "the utilisation (MFU)"
    assert float(re.findall(r'<rect class="c0" x="([\d.]+)"', rent)[0]) == 0.0
    shares = [int(share) for share in re.findall(r'<td class="n">(\d+) %</td>', rent)]
    assert shares == sorted(shares, reverse=True)
    assert 95 <= sum(shares) <= 101


def test_an_exact_result_has_no_chart(ask):
    view = EstimateView.of(ask(accelerator_hours=1e5, rent_price=2.0))
    assert "Cost to rent" not in section_html(uncertainty_section(view, USD, "p1"))


def test_nothing_uncertain_is_no_section(ask):
    assert section_html(uncertainty_section(EstimateView.of(ask())._replace(spread_shares={}), USD, "p1")) == ""
