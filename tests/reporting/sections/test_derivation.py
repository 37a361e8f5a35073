"""Every result links to its formula, and every number in it to its source."""

import re

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.markup import text
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.derivation import assumptions_section, derivation_section, sources_section
from traincarbon.reporting.view import EstimateView


def test_every_link_leads_to_a_place_on_the_page(ask, shipped):
    view = EstimateView.of(ask(servers=64))
    html = section_html(derivation_section(view, shipped.sources(), USD, "p1")) + section_html(sources_section([view], shipped.sources()))
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', html)
    assert len(links) > 40
    assert set(links) <= set(ids)


def test_a_result_shows_formula_inputs_value_and_source(ask, shipped):
    html = section_html(derivation_section(EstimateView.of(ask(pue=1.1)), shipped.sources(), USD, "p1"))
    (row,) = re.findall(r'<tr><th scope="row"><span id="p1-facility_energy_kwh">Energy, facility</span>.*?</tr><tr class="below">.*?</tr>', html)
    assert "<code>facility_energy_kwh = it_energy_kwh × pue</code> with " in row
    assert 'href="#p1-it_energy_kwh"' in row
    assert ", pue 1.1<" in row
    assert 'href="#source-iso-2016-30134-2"' in row


def test_large_numbers_read_as_powers_of_ten(ask, shipped):
    assert "4.2 × 10²² FLOP" in section_html(derivation_section(EstimateView.of(ask()), shipped.sources(), USD, "p1"))


def test_assumptions_say_what_and_why(ask):
    view = EstimateView.of(ask())
    html = section_html(assumptions_section(view, USD, "p1"))
    (reason,) = [each.reason for each in view.assumptions if each.name == "kind"]
    assert f'<th scope="row">Kind of training</th><td class="n">pretrain</td><td>{text(reason)}</td>' in html
    assert re.search(r'<th scope="row">Rent of an accelerator</th><td class="n">\d\.\d{1,3} \$/h</td>', html)
    assert re.search(r'<th scope="row">Utilisation at that mean power</th><td class="n">0\.35</td>', html)
    assert section_html(assumptions_section(EstimateView.of(ask())._replace(assumptions=()), USD, "p1")) == ""


def test_the_bibliography_names_the_key_by_which_a_source_is_cited(ask, shipped):
    assert "<small>iso-2016-30134-2</small></li>" in section_html(sources_section([EstimateView.of(ask(pue=1.1))], shipped.sources()))


def test_an_assumption_in_words_is_not_listed_as_a_fact(ask, shipped):
    html = section_html(derivation_section(EstimateView.of(ask()), shipped.sources(), USD, "p1"))
    assert "fact-kind" not in html
    assert "fact-pue" in html


def test_a_value_of_any_length_stays_on_its_line(ask, shipped):
    view = EstimateView.of(ask())
    long = view._replace(assumptions=(view.assumptions[0]._replace(value="x" * 10_000),), steps=(view.steps[0]._replace(value="x" * 10_000, source="s"),))
    html = section_html(assumptions_section(long, USD, "p1")) + section_html(derivation_section(long, shipped.sources(), USD, "p1"))
    assert "x" * 39 + "…" in html
    assert "x" * 40 not in html


def test_values_of_a_saved_estimate_are_escaped(ask, shipped):
    view = EstimateView.of(ask())
    evil = view.steps[0]._replace(name='"><script>', formula="<script>", source="<script>: <script>", value="<script>", inputs={})
    html = section_html(derivation_section(view._replace(steps=(evil,)), shipped.sources(), USD, "p1")) + section_html(
        sources_section([view], {"fit-mfu": {"title": "<script>", "url": "javascript:x"}})
    )
    assert "<script" not in html
    assert "javascript:" not in html


def test_assumed_prices_are_in_the_currency_of_the_report_and_the_formulas_say_that_they_are_in_dollars(ask, shipped):
    view = EstimateView.of(ask(servers=64))
    page = section_html(assumptions_section(view, Currency("EUR", 0.5), "p1"))
    assert "EUR/" in page
    assert not re.search(r"\d \$", page)
    assert "in US dollars" in section_html(derivation_section(view, shipped.sources(), Currency("EUR", 0.5), "p1"))
    assert "in US dollars" not in section_html(derivation_section(view, shipped.sources(), USD, "p1"))


def test_no_formula_and_no_source_of_a_plan_is_cut(ask, shipped):
    view = EstimateView.of(ask(servers=64))
    html = section_html(derivation_section(view, shipped.sources(), USD, "p1"))
    assert len(max((step.formula for step in view.steps), key=len)) > 300
    for step in view.steps:
        assert not step.inputs or text(step.formula, most=1000) in html, step.name
    assert "…" not in html
