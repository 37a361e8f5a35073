"""Numbers and tables as a person reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.cli import output
from traincarbon.estimate.result import Interval


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2437912.3, 2, "2,400,000"),
        (0.35342, 2, "0.35"),
        (0.999, 2, "1"),
        (99.96, 3, "100"),
        (12.5, 3, "12.5"),
        (0.0, 2, "0"),
        (1e12, 2, "1e+12"),
        (-1234.0, 2, "-1,200"),
    ],
)
def test_a_number_is_rounded_to_its_digits_with_thousands_apart(value, digits, text):
    assert output.significant(value, digits) == text


@given(st.floats(1e-6, 9e9), st.integers(2, 6))
def test_rounding_moves_a_number_by_less_than_a_unit_of_its_last_digit(value, digits):
    shown = float(output.significant(value, digits).replace(",", ""))
    assert abs(shown / value - 1.0) <= 0.5000001 * 10.0 ** (1 - digits)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.556e6, "kWh", "1.6 GWh"),
        (999.9, "kWh", "1 MWh"),
        (0.5, "kg CO2e", "500 g"),
        (5.0e5, "kg CO2e", "500 t"),
        (110e6, "$", "110 M$"),
        (3.0e6, "s", "35 days"),
        (100000.0, "s", "28 h"),
        (7e9, "count", "7 B"),
        (5.0, "count", "5"),
        (3.0, "bananas", "3 bananas"),
    ],
)
def test_a_figure_is_shown_in_the_unit_in_which_it_is_best_read(value, unit, text):
    assert output.amount(value, unit) == text


def test_median_and_interval_share_one_scale():
    assert output.median_and_interval(Interval(0.94e6, 1.556e6, 2.6e6), "kWh") == ("1.56", "GWh", "0.94 – 2.6")
    assert output.median_and_interval(Interval(5.0, 5.0, 5.0), "kWh") == ("5", "kWh", "exact")


def test_columns_are_aligned():
    assert output.table([("a", "1"), ("bcd", "23")], right=(1,)) == "a     1\nbcd  23"
    assert output.table([]) == ""


@given(st.lists(st.text("abc", min_size=1, max_size=30), min_size=1, max_size=60))
def test_filled_text_keeps_its_words_and_stays_within_the_screen(words):
    lines = output.filled(" ".join(words)).split("\n")
    assert " ".join(lines).split() == words
    assert all(len(line) <= output.WIDTH for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])


def test_a_hostile_text_cannot_drive_the_terminal():
    assert output.clean("a\x1b[2Jb\nc\x07") == "a�[2Jb�c�"


def test_a_bar_in_a_cell_does_not_break_a_markdown_table():
    assert output.markdown_table([("a|b", "n"), ("c", "1")], right=(1,)).split("\n") == ["| a\\|b | n |", "| --- | ---: |", "| c | 1 |"]


def test_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="JSON"):
        output.as_json({"a": float("nan")})
