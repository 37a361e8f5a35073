"""The page around its content allows its own style and script alone."""

import base64
import hashlib
import re

from traincarbon.database.edition import Edition
from traincarbon.reporting.extent import Paper
from traincarbon.reporting.markup import EMPTY, html
from traincarbon.reporting.shell import document, template


def made(script=EMPTY, **options):
    return document(title="<T>", header=html("<header></header>"), content=html("<p>content</p>"), script=script, css="plots", **options)


def test_only_the_style_and_the_script_in_the_file_are_allowed():
    page = made(html("1;"))
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    for text in (style, "1;"):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in page
    assert "default-src 'none'" in page
    assert "script-src 'none'" in made()


def test_title_and_class_are_text_and_the_paper_is_stated():
    page = made(paper=Paper.LETTER)
    assert "<title>&lt;T&gt;</title>" in page
    assert '<body class="plots">' in page
    assert "@page { size: letter }" in page


def test_the_foot_says_on_which_facts_the_page_rests():
    assert "with facts 2026-11 (1f9a3c07)." in made(facts=Edition("2026-11", "1f9a3c07", has_own=False))
    assert "with facts" not in made()


def test_templates_are_read_as_they_are():
    assert template("charts.js").startswith("// Charts")
