"""TOML that is written is read back as it was."""

import time
import tomllib
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.toml import parse_toml, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=12)
TABLES = st.dictionaries(TEXT, VALUES, max_size=5)


@given(TABLES)
def test_any_table_comes_back(table):
    assert tomllib.loads(to_toml(table)) == table


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({}, ""),
        ({"a": None, "b": True}, "b = true\n"),
        ({"t": {}}, "[t]\n"),
        ({"t": {"u": {"v": 1}}}, "[t.u]\nv = 1\n"),
        ({"t": {"u": {"v": 1}}, "a": 2.0}, "a = 2.0\n\n[t.u]\nv = 1\n"),
        ({"t": [{"a": 1}, {"a": 2, "u": {"b": 3}}]}, "[[t]]\na = 1\n\n[[t]]\na = 2\n\n[t.u]\nb = 3\n"),
        ({"a.b": ("x", 1e16)}, '"a.b" = ["x", 1e+16]\n'),
        ({"": '\x00\x7f\n\\"'}, '"" = "\\u0000\\u007f\\n\\\\\\""\n'),
        ({"a": [{"b": 1}, 2]}, "a = [{b = 1}, 2]\n"),
    ],
)
def test_the_layout_is_that_of_a_file_written_by_hand(table, text):
    assert to_toml(table) == text


def test_no_number_is_lost():
    assert isnan(tomllib.loads(to_toml({"a": float("nan")}))["a"])
    assert tomllib.loads(to_toml({"a": float("-inf")}))["a"] == float("-inf")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join("a" * 100_000) + " = 1", "more than 64 parts"),
        ('"a"' + ' . "a"' * 50_000 + " = 1", "more than 64 parts"),
        ("x = {" + ".".join("a" * 100_000) + " = 1}", "more than 64 parts"),
        ("[" + ".".join("a" * 100_000) + "]", "more than 64 parts"),
        ("\n".join(f"{'a.' * 500}b{number} = 1" for number in range(500)), "more than 64 parts"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "{a=" * 100_000, "nested too deeply"),
        ("x = 1\n" * 700_000, "longer than 4 MB"),
        ("\0" * 5_000_000, "longer than 4 MB"),
        ('x = "' + "a" * 3_000_000, "Unterminated"),
    ],
    ids=["dotted", "quoted", "inline", "heading", "many", "arrays", "tables", "long", "zeros", "open"],
)
def test_no_text_takes_long_to_be_refused(text, why):
    began_s = time.process_time()
    with pytest.raises(ValueError, match=why):
        parse_toml(text)
    assert time.process_time() - began_s < 2.0


def test_numbers_and_sentences_with_many_dots_are_read():
    numbers, words = [number / 7 for number in range(500)], "One sentence. Another one. " * 100
    assert parse_toml(to_toml({"numbers": numbers, "words": words, "host": "node7.rack3.row2.hall1.example.org"})) == {
        "numbers": numbers,
        "words": words,
        "host": "node7.rack3.row2.hall1.example.org",
    }
