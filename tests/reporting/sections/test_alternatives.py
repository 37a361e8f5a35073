"""Alternatives are shown with what they save, what is given up, and their evidence."""

import re

import pytest

from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.alternatives import advice_on, alternatives_section, evidence_keys


@pytest.fixture(scope="module")
def advice(ask, shipped):
    return advice_on(ask(servers=64), shipped)


def test_every_alternative_has_its_row_in_its_group_best_first(advice, shipped):
    html = section_html(alternatives_section(advice, shipped.sources(), "p1"))
    names = [re.sub(r"<.*?>|\u00a0†$", "", name) for name in re.findall(r'<tr><th scope="row">(.*?)</th>', html)]
    assert len(names) == len(advice.alternatives)
    assert "The same model and training" in html
    assert html.count("Not when ") == len(names)


def test_unchecked_evidence_is_marked(advice, shipped):
    html = section_html(alternatives_section(advice, shipped.sources(), "p1"))
    unreliable = [each for each in advice.alternatives if not each.is_verified]
    assert html.count("\u00a0†</th>") == len(unreliable) > 0


def test_every_source_is_for_the_bibliography(advice, shipped):
    keys = evidence_keys(advice)
    assert set(re.findall(r'href="#source-([^"]+)"', section_html(alternatives_section(advice, shipped.sources(), "p1")))) == keys & set(shipped.sources())
    assert evidence_keys(None) == set()


def test_rejected_alternatives_state_the_reason(advice, shipped):
    assert section_html(alternatives_section(advice, shipped.sources(), "p1")).count("<li>") == len(advice.not_offered)


def test_no_advice_is_no_section():
    assert section_html(alternatives_section(None, {}, "p1")) == ""


def test_a_plan_of_known_hours_is_advised_on_what_keeps_them(ask, shipped):
    found = advice_on(ask(accelerator_hours=1e5), shipped)
    assert found is None or "same" in {each.group for each in found.alternatives}
