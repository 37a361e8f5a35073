"""Alternatives are shown with what they save, what is given up, and their evidence."""

import re

import pytest

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.alternatives import advice_on, alternatives_section, evidence_keys


@pytest.fixture(scope="module")
def advice(ask, shipped):
    return advice_on(ask(servers=64), shipped)


def test_every_alternative_has_its_row_in_its_group_best_first(advice, shipped):
    html = section_html(alternatives_section(advice, shipped.sources(), USD, "p1"))
    names = [re.sub(r"<.*?>|\u00a0†$", "", name) for name in re.findall(r'<tr><th scope="row">(.*?)</th>', html)]
    assert len(names) == len(advice.alternatives)
    assert "The same model and training" in html
    assert html.count("Not when ") == len(names)


def test_what_is_saved_is_in_money_with_its_interval_and_its_chance(advice, shipped):
    html = section_html(alternatives_section(advice, shipped.sources(), Currency("EUR", 0.5), "p1"))
    cells = re.findall(r'<tr><th scope="row">[^<]*</th><td>.*?</td><td class="n">([^<]*)</td><td class="n">([^<]*)</td><td class="n">([^<]*)</td>', html)
    assert len(cells) > 5
    saved = [each.savings["cost_usd"] for each in advice.alternatives]
    shown = [Currency("EUR", 0.5).amount(each.median, "$") for each in saved if each is not None and each.median > 0.0]
    assert set(shown) <= {median for median, _, _ in cells}
    assert "$" not in str(cells)
    assert {chance.replace("&lt;", "<").replace("&gt;", ">") for _, _, chance in cells} >= {
        percent(each.chance) for each in saved if each is not None and 0.01 < each.chance < 0.99
    }


def test_the_cash_of_a_commitment_is_said_and_whether_it_is_much(ask, shipped):
    advice = advice_on(ask(params=530e9, tokens=270e9, servers=280, start="2021"), shipped)
    html = section_html(alternatives_section(advice, shipped.sources(), USD, "p1"))
    committed = [each for each in advice.alternatives if each.cash_usd is not None and each.cash_usd > 1.05 * each.results["cost_usd"].median]
    assert html.count("Cash: $") == len(committed) > 0
    assert html.count("over 10 × the plan’s cost") == sum(each.is_much_cash for each in committed)


def test_unchecked_evidence_is_marked(advice, shipped):
    html = section_html(alternatives_section(advice, shipped.sources(), USD, "p1"))
    unreliable = [each for each in advice.alternatives if not each.is_verified]
    assert html.count("\u00a0†</th>") == len(unreliable) > 0


def test_every_source_is_for_the_bibliography(advice, shipped):
    keys = evidence_keys(advice)
    assert set(re.findall(r'href="#source-([^"]+)"', section_html(alternatives_section(advice, shipped.sources(), USD, "p1")))) == keys & set(shipped.sources())
    assert evidence_keys(None) == set()


def test_rejected_alternatives_state_the_reason(advice, shipped):
    assert section_html(alternatives_section(advice, shipped.sources(), USD, "p1")).count("<li>") == len(advice.not_offered)


def test_no_advice_is_no_section():
    assert section_html(alternatives_section(None, {}, USD, "p1")) == ""


def test_a_plan_of_known_hours_is_advised_on_what_keeps_them(ask, shipped):
    found = advice_on(ask(accelerator_hours=1e5), shipped)
    assert found is None or "same" in {each.group for each in found.alternatives}
