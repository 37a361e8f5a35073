"""The layout is the one that the estimate found."""

import re

from traincarbon.formatting import significant
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.layout import layout_section


def test_the_degrees_and_the_parts_of_the_step_are_those_of_the_estimate(ask):
    answer = ask(params=530e9, tokens=270e9, servers=280)
    page, spread = section_html(layout_section(answer, "p1")), answer.layout.spread
    assert f'<th scope="row">Pipeline parallel</th><td class="n">{spread.layout.pp:g}</td>' in page
    assert f"The main loss is {spread.limits}." in page
    figure = re.search(r'id="p1-chart-step".*?</figure>', page, re.DOTALL)[0]
    shares = [int(share) for share in re.findall(r'<td class="n">[^<]* · (\d+) %</td>', figure)]
    assert shares == sorted(shares, reverse=True)
    assert 96 <= sum(shares) <= 103


def test_without_a_number_of_accelerators_there_is_no_layout(ask):
    assert layout_section(ask(), "p1") is None
    assert layout_section(None, "p1") is None


def test_the_whole_of_a_step_is_in_the_unit_of_its_parts(ask):
    answer = ask(params=530e9, tokens=270e9, servers=140)
    page, total = section_html(layout_section(answer, "p1")), float(answer.layout.spread.step.total_s)
    # above a minute, of which the parts are stated in seconds
    assert total > 60.0
    assert f"What the best step, of {significant(total, 3)} s, is made of" in page
