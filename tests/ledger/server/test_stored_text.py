"""Texts as PostgreSQL can hold them."""

import json
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from traincarbon.ledger.server.stored_text import stored_json, stored_text


@pytest.mark.parametrize("text", ["bert-3", "x'; DROP TABLE runs; --", 'a"b', "100%", ":p1", "שלום", "🔥", ""])
def test_a_usual_text_stays_as_it_is(text):
    assert stored_text(text) == text


@pytest.mark.parametrize(("text", "expected"), [("a\x00b", r"a\u0000b"), ("\ud800", r"\ud800")])
def test_what_cannot_be_stored_is_written_as_its_code(text, expected):
    assert stored_text(text) == expected


def test_long_texts_that_differ_at_the_end_stay_apart():
    one, other = (stored_text("x" * 4000 + end) for end in "ab")
    assert one != other
    assert len(one) == len(other) < 400


@given(st.text(st.characters()))
def test_every_text_can_be_stored_and_twice_is_the_same(text):
    found = stored_text(text)
    assert "\x00" not in found
    found.encode()
    assert stored_text(found) == found


@given(st.recursive(st.text(st.characters()) | st.floats(allow_nan=False) | st.none(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)))
def test_json_has_no_text_that_cannot_be_stored_and_others_stay(value):
    found = json.loads(stored_json(value))
    written = json.dumps(found, ensure_ascii=False)
    assert "\\u0000" not in re.sub(r"\\\\", "", written)
    written.encode()
    assert json.loads(stored_json(found)) == found
    if json.dumps(value) == stored_json(value):
        assert found == value


def test_a_text_that_was_cut_is_not_cut_again():
    found = stored_text("x" * 150 + "\n" + "y" * 4000)
    assert stored_text(found) == found
    assert stored_text(f"{found}z") != f"{found}z"
