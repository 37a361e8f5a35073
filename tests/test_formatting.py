"""Numbers and words as a person reads them."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon import formatting
from traincarbon.uncertain import Interval


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
    assert formatting.significant(value, digits) == text


@given(st.floats(1e-6, 9e9), st.integers(2, 6))
def test_rounding_moves_a_number_by_less_than_a_unit_of_its_last_digit(value, digits):
    text = formatting.significant(value, digits)
    assert re.fullmatch(r"(\d{1,3}(,\d{3})*)(\.\d+)?", text)
    shown = float(text.replace(",", ""))
    assert abs(shown / value - 1.0) <= 0.5000001 * 10.0 ** (1 - digits)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.556e6, "kWh", "1.6 GWh"),
        (999.9, "kWh", "1 MWh"),
        (0.5, "kg CO2e", "500 g"),
        (5.0e5, "kg CO2e", "500 t"),
        (2.6e-9, "kWh", "<1 Wh"),
        (1.3e-5, "kg CO2e", "<1 g"),
        (0.02, "L", "20 mL"),
        (0.0, "L", "0 L"),
        (110e6, "$", "$110M"),
        (3.0e6, "s", "35 days"),
        (100000.0, "s", "28 h"),
        (7e9, "count", "7B"),
        (5.0, "count", "5"),
        (3.0, "bananas", "3 bananas"),
    ],
)
def test_a_figure_is_shown_in_the_unit_in_which_it_is_best_read(value, unit, text):
    assert formatting.amount(value, unit) == text


def test_median_and_interval_share_one_scale():
    assert formatting.median_and_interval(Interval(0.94e6, 1.556e6, 2.6e6), "kWh") == ("1.56", "GWh", "0.94 – 2.6")
    assert formatting.median_and_interval(Interval(5.0, 5.0, 5.0), "kWh") == ("5", "kWh", "exact")


def test_a_hostile_text_cannot_drive_the_terminal():
    assert formatting.clean("a\x1b[2Jb\nc\x07") == "a�[2Jb�c�"


@given(st.floats(1e-9, 9.9e9), st.integers(1, 6))
def test_rounding_what_is_rounded_changes_nothing_and_a_sign_only_adds_itself(value, digits):
    text = formatting.significant(value, digits)
    assert formatting.significant(float(text.replace(",", "")), digits) == text
    assert formatting.significant(-value, digits) == f"-{text}"


@given(st.floats(1.0, 1e11), st.sampled_from(["kWh", "kg CO2e", "$", "h"]))
def test_the_unit_chosen_leaves_a_number_between_one_and_a_thousand(value, unit):
    scale = formatting.scale_of(value, unit)
    assert 0.9995 <= value / scale.size < 1000.0


@given(st.floats(0.0, 1e12), st.sampled_from(["kWh", "kg CO2e", "L", "$", "count", "h", "s", "FLOP"]))
def test_an_amount_is_finite_text_with_at_most_one_unit(value, unit):
    number, *rest = formatting.amount(value, unit).split(" ")
    assert math.isfinite(float(number.replace(",", "").removeprefix("<").removeprefix("$").rstrip("TBMk")))
    assert len(rest) <= 1


@given(st.text())
def test_clean_text_is_printable_of_the_same_length_and_clean_stays_clean(text):
    cleaned = formatting.clean(text)
    assert cleaned.isprintable()
    assert len(cleaned) == len(text)
    assert formatting.clean(cleaned) == cleaned


def test_a_text_is_put_on_one_line_and_cut_to_the_room_there_is():
    assert formatting.shortened("a  b\n\x1bc") == "a b �c"
    assert formatting.shortened("x" * 10_000, most=200) == f"{'x' * 60}…"
    assert formatting.shortened("one two three", most=8) == "one two…"


@given(st.text(max_size=200), st.integers(1, 100))
def test_a_shortened_text_fits_and_is_clean(text, most):
    shown = formatting.shortened(text, most=most)
    assert len(shown) <= most
    assert shown.isprintable()


@given(st.text())
def test_json_holds_every_text_exactly_and_only_printable_characters(text):
    import json

    shown = formatting.json_text({"name": text})
    assert shown.isprintable()
    assert json.loads(shown) == {"name": text}


def test_json_keeps_letters_and_escapes_what_could_control_a_terminal():
    assert formatting.json_text("Zoë \u9b5a \x9b31m \u202e \x7f") == '"Zoë \u9b5a \\u009b31m \\u202e \\u007f"'
