"""Every figure leads to its formula, every number in it to where it comes from."""

import re

from traincarbon.reporting.sections.derivation import assumptions_section, derivation_section, sources_section
from traincarbon.reporting.view import said_by


def test_every_link_leads_to_a_place_on_the_page(ask, shipped):
    said = said_by(ask(servers=64))
    html = derivation_section(said, shipped.sources(), "p1") + sources_section([said], shipped.sources())
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', html)
    assert len(links) > 40
    assert set(links) <= set(ids)


def test_a_figure_shows_formula_inputs_value_and_source(ask, shipped):
    html = derivation_section(said_by(ask(pue=1.1)), shipped.sources(), "p1")
    (row,) = re.findall(r'<tr><th scope="row"><span id="p1-facility_energy_kwh">Energy of the facility</span>.*?</tr><tr class="below">.*?</tr>', html)
    assert "<code>facility_energy_kwh = it_energy_kwh × pue</code> with " in row
    assert 'href="#p1-it_energy_kwh"' in row
    assert ", pue 1.1<" in row
    assert 'href="#source-iso-2016-30134-2"' in row


def test_large_numbers_read_as_powers_of_ten(ask, shipped):
    assert "4.2 × 10²² FLOP" in derivation_section(said_by(ask()), shipped.sources(), "p1")


def test_assumptions_say_what_and_why(ask):
    html = assumptions_section(said_by(ask()), "p1")
    assert '<th scope="row">Kind of training</th><td class="n">pretrain</td><td>not stated: training from scratch</td>' in html
    assert re.search(r'<th scope="row">Rent of an accelerator</th><td class="n">\d\.\d{1,3} \$/h</td>', html)
    assert '<th scope="row">Interruptions for each accelerator</th><td class="n">2 × 10⁻⁵ 1/h</td>' in html
    assert assumptions_section(said_by(ask())._replace(assumptions=()), "p1") == ""


def test_the_bibliography_names_the_key_by_which_a_source_is_cited(ask, shipped):
    assert "<small>iso-2016-30134-2</small></li>" in sources_section([said_by(ask(pue=1.1))], shipped.sources())


def test_what_is_assumed_in_words_is_not_said_twice(ask, shipped):
    html = derivation_section(said_by(ask()), shipped.sources(), "p1")
    assert "fact-kind" not in html
    assert "fact-pue" in html


def test_a_value_of_any_length_stays_on_its_line(ask, shipped):
    said = said_by(ask())
    long = said._replace(assumptions=(said.assumptions[0]._replace(value="x" * 10_000),), steps=(said.steps[0]._replace(value="x" * 10_000, source="s"),))
    html = assumptions_section(long, "p1") + derivation_section(long, shipped.sources(), "p1")
    assert "x" * 39 + "…" in html
    assert "x" * 40 not in html


def test_what_a_saved_estimate_claims_is_only_shown(ask, shipped):
    said = said_by(ask())
    evil = said.steps[0]._replace(name='"><script>', formula="<script>", source="<script>: <script>", value="<script>", inputs={})
    html = derivation_section(said._replace(steps=(evil,)), shipped.sources(), "p1") + sources_section(
        [said], {"fit-mfu": {"title": "<script>", "url": "javascript:x"}}
    )
    assert "<script" not in html
    assert "javascript:" not in html
