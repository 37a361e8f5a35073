"""What other programs and documents take from a command."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.cli import output


def test_a_bar_in_a_cell_does_not_break_a_markdown_table():
    assert output.markdown_table([("a|b", "n"), ("c", "1")], right=(1,)).split("\n") == ["| a\\|b | n |", "| --- | ---: |", "| c | 1 |"]


def test_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="JSON"):
        output.as_json({"a": float("nan")})


@given(st.lists(st.tuples(st.text("a|b", max_size=6), st.text("|x", max_size=6)), min_size=1, max_size=5))
def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(rows):
    lines = output.markdown_table(rows).split("\n")
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}


def test_a_table_is_cut_to_the_screen_in_one_column_only():
    rows = output.fitted([("name", "value", "x"), ("n" * 200, "12345", "x"), ("short", "1", "x")], 0)
    assert rows[2] == ("short", "1", "x")
    assert max(len(line) for line in output.table(rows).splitlines()) == output.width()
    assert rows[1][0].endswith("…")
    assert output.fitted([], 0) == []


@pytest.mark.parametrize(("columns", "lines"), [("40", 2), ("80", 1), ("200", 1)])
def test_what_is_told_is_broken_on_narrow_screens_alone(columns, lines, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    output.tell("note: a line of more than forty letters, for people")
    told = capsys.readouterr().err.splitlines()
    assert (len(told), max(map(len, told)) <= int(columns)) == (lines, True)
