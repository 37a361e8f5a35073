"""Sections have the level of their place, and the contents link to those of the page."""

import re

from traincarbon.reporting.markup import EMPTY, text
from traincarbon.reporting.outline import Section, contents_html, section, section_html, sections_html


def test_a_section_without_content_is_none():
    assert section("a", text("A"), EMPTY) is None
    assert section_html(None) == ""
    assert section("a", text("A"), text("b")) == Section("a", text("A"), text("b"))


def test_a_section_is_a_landmark_with_a_heading_of_level_2():
    html = section_html(Section("a", text("A <b>"), text("content")))
    assert html == '<section id="a" aria-labelledby="a-title"><h2 id="a-title">A &lt;b&gt;</h2>content</section>'


def test_parts_are_one_level_below_within_an_article_and_are_no_landmarks():
    html = section_html(Section("p1", text("Plan"), parts=(Section("p1-a", text("A"), text("x")), Section("p1-b", text("B"), text("y")))))
    assert html.startswith('<article id="p1" aria-labelledby="p1-title"><h2 id="p1-title">Plan</h2><section id="p1-a"><h3 id="p1-a-title">A</h3>x</section>')
    assert re.findall(r"<h(\d)", html) == ["2", "3", "3"]
    assert html.count("aria-labelledby") == 1


def test_the_contents_link_to_the_sections_of_a_long_page_but_not_to_their_parts():
    parts = (Section("a-1", text("A1"), text("x")),)
    sections = [Section("a", text("A"), parts=parts), Section("b", text("B"), text("x")), Section("c", text("C"), text("x"))]
    assert re.findall(r'<li><a href="#(\w+)">(\w+)</a></li>', contents_html(sections)) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert contents_html(sections[:2]) == ""
    assert re.findall(r' id="([^"]+)-title"', sections_html(sections)) == ["a", "a-1", "b", "c"]
