"""Nothing that comes from outside is more than text on a page."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.reporting.markup import as_script, name, paragraphs, section, table, text

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


def test_a_section_without_content_is_nothing():
    assert section("a", "A", "", "") == ""
    assert section("a", "A", "x").startswith('<section id="a" aria-labelledby="a-title"><h2 id="a-title">A</h2>x')


def test_names_keep_the_letters_that_are_theirs_though_they_are_no_print():
    for whole in ("5\u00a0%", "1\u202f000", "می\u200cخواهم", "👩\u200d🔬"):
        assert text(whole) == whole
    assert "\u202e" not in text("a\u202eb")
