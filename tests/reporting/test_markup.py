"""Nothing that comes from outside is more than text on a page."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon import reporting
from traincarbon.reporting.markup import as_script, html, joined, link_to, listing, name, notes, paragraphs, table, text, texts

EVIL = "<script>alert('1')</script>\"&\x1b\u202e"


def test_markup_quotes_and_letters_that_steer_are_only_shown():
    assert text(EVIL) == "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&quot;&amp;��"


@given(st.text(max_size=50))
def test_no_text_opens_an_element_or_ends_an_attribute(value):
    assert not set(text(value)) & set("<>\"'")


def test_a_long_name_is_cut():
    assert text("x" * 10_000) == "x" * 119 + "…"


def test_a_name_from_right_to_left_keeps_to_its_place():
    assert name("שלום <b>") == "<bdi>שלום &lt;b&gt;</bdi>"


def test_paragraphs_are_parted_by_empty_lines():
    assert paragraphs("one\ntwo\n\n\n<three>") == "<p>one two</p><p>&lt;three&gt;</p>"


def test_data_in_a_script_cannot_end_it_and_reads_back():
    data = {"a": ["</script><!--", 1.5, None], "b": EVIL}
    written = as_script(data)
    assert not set(written) & set("<>&")
    assert json.loads(written) == data


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_null_in_data(value):
    assert as_script([value]) == "[null]"


def test_a_table_has_headers_for_its_columns_and_rows():
    made = table("A &lt;b&gt;<a href='x'>c</a>", ["h", "n"], [["r", "1"]], numbers=(1,), foot=("all", "1"))
    assert '<th scope="col">h</th><th scope="col" class="n">n</th>' in made
    assert '<tr><th scope="row">r</th><td class="n">1</td></tr>' in made
    assert '<tfoot><tr><th scope="row">all</th><td class="n">1</td></tr></tfoot>' in made
    assert 'aria-label="A &lt;b&gt;c"' in made


def test_a_template_is_filled_with_its_parts_as_they_are():
    assert html("<b>{}</b>{:.1f}{}", text("<i>{}"), 1.25, 3) == "<b>&lt;i&gt;{}</b>1.23"
    assert joined([html("<i>"), html("</i>")]) == "<i></i>"
    assert [listing(texts(*"abc"[:count])) for count in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_links_and_notes_escape_what_they_are_given():
    assert link_to('"><', text("a")) == '<a href="#&quot;&gt;&lt;">a</a>'
    assert link_to("a", text("how"), spoken='"b') == '<a href="#a" aria-label="&quot;b">how</a>'
    assert notes([]) == ""
    assert notes([text("a")], label="What to know") == '<ul class="notes" aria-label="What to know"><li>a</li></ul>'


def calls_of(function):
    """Every call of *function* in the modules of the report: the file's name and the first argument."""
    for file in sorted(Path(reporting.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                yield file.name, node.args[0]


def test_nothing_raw_gets_into_a_page_as_templates_are_literals_and_only_markup_makes_html():
    templates = list(calls_of("html"))
    assert len(templates) > 80
    assert [file for file, template in templates if not isinstance(template, ast.Constant)] == []
    assert {file for file, _ in calls_of("Html")} == {"markup.py", "shell.py"}


def test_names_keep_the_letters_that_are_theirs_though_they_are_no_print():
    for whole in ("5\u00a0%", "1\u202f000", "می\u200cخواهم", "👩\u200d🔬"):
        assert text(whole) == whole
    assert "\u202e" not in text("a\u202eb")
