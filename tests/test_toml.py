"""TOML that is written is read back as it was."""

import tomllib
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.toml import to_toml

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
