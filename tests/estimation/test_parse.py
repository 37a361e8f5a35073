"""Quantities as people write them: endings, exponents, thousands, and intervals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError, OutOfRangeError, QuantityError
from traincarbon.estimation.parse import is_interval, parse_quantity, parse_uncertain

positive = st.floats(1e-6, 1e15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("530e9", 530e9),
        ("530B", 530e9),
        ("530 B", 530e9),
        ("530G", 530e9),
        ("1.4T", 1.4e12),
        ("270b", 270e9),
        ("7M", 7e6),
        ("7m", 7e6),
        ("50k", 50e3),
        ("50K", 50e3),
        ("2P", 2e15),
        ("2p", 2e15),
        ("  42 ", 42.0),
        ("1E9", 1e9),
        ("1e+3", 1e3),
        ("1e-3", 1e-3),
        ("1e3k", 1e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3.0),
        ("-3", -3.0),
        ("-2k", -2000.0),
        ("0", 0.0),
        ("007", 7.0),
    ],
)
def test_a_number_is_read_with_its_ending_and_exponent(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize(("text", "value"), [("270,000,000", 270e6), ("1,234.5", 1234.5), ("1_000_000", 1e6), ("1,400B", 1.4e12), ("-12,000", -12e3)])
def test_thousands_may_be_separated(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["1,4T", "0,5", "0,4", "1,2345", ",100", "1,", "1,,000", "12,34,567", "1234,567", "1.5,000", ",", "1,00k", "1__0", "_1"])
def test_a_comma_that_parts_no_thousands_is_refused_rather_than_guessed(text):
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text)
    assert str(caught.value) == f"not a number: {text!r}"


def test_a_decimal_with_an_ending_is_rounded_once():
    # 1.1 × 1e12 in floats would be 1100000000000.0002 and 0.3 × 1e9 = 300000000.0.
    assert parse_quantity("1.1T") == 1.1e12
    assert parse_quantity("0.3B") == 0.3e9
    assert parse_quantity("2.3P") == 2.3e15


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "B",
        "e9",
        "1e",
        "1E",
        "1ek",
        "530 params",
        "5e9e",
        "1.5e3.2",
        "0x10",
        "--5",
        "1kk",
        "1kB",
        "five",
        "1.2.3",
        "1e9 tokens",
        "\0",
        "½",
        "1/2",
        "40%",
        "$5",
        "1..2",
        "1±2",
    ],
)
def test_a_text_that_is_no_number_is_refused_and_shown(text):
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text)
    assert str(caught.value) == f"not a number: {text!r}"
    assert caught.value.hint == "write 530e9, 530B, 1.4T or 270,000,000"


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "infinity", "NaN", "1e400", "1e308k", "-1e999", "1e99999999999"])
def test_a_number_that_is_not_finite_is_refused(text):
    with pytest.raises(QuantityError):
        parse_quantity(text)


def test_of_a_long_text_the_beginning_is_shown():
    with pytest.raises(QuantityError) as caught:
        parse_quantity("x" * 10_000)
    assert len(str(caught.value)) < 100


@given(st.text())
def test_any_text_gives_a_finite_number_or_an_error_of_ours(text):
    try:
        value = parse_quantity(text)
    except QuantityError:
        return
    assert math.isfinite(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_spelling_of_a_float_is_read_back_exactly(value):
    assert parse_quantity(repr(value)) == value


@given(st.integers(-(10**18), 10**18))
def test_an_integer_is_read_back_with_thousands_separated_either_way(value):
    assert parse_quantity(f"{value:,}") == parse_quantity(f"{value:_}") == float(value)


@given(st.integers(1, 10**6), st.sampled_from([("k", 3), ("M", 6), ("B", 9), ("G", 9), ("T", 12), ("P", 15)]), st.booleans(), st.sampled_from(["", " "]))
def test_an_ending_is_a_power_of_ten_in_either_case(number, ending, lower, space):
    letter, exponent = ending
    assert parse_quantity(f"{number}{space}{letter.lower() if lower else letter}") == float(f"{number}e{exponent}")


@pytest.mark.parametrize(
    ("text", "answer"),
    [("0.3..0.5", True), ("0.4±0.05", True), ("0.4+-0.05", True), ("1k..2k", True), ("0.4", False), ("1e-5", False), ("1e+5", False), ("", False)],
)
def test_an_interval_is_told_from_a_number(text, answer):
    assert is_interval(text) is answer


@pytest.mark.parametrize(("text", "low", "high"), [("0.3..0.5", 0.3, 0.5), (" 1k .. 2k ", 1e3, 2e3), ("1.2T..1.4T", 1.2e12, 1.4e12), ("5..5", 5.0, 5.0)])
def test_the_bounds_of_an_interval_are_those_of_90_percent(text, low, high):
    value = parse_uncertain(text, "mfu")
    assert value.interval(0.9) == pytest.approx((low, high))
    assert value.median == pytest.approx(math.sqrt(low * high))
    assert set(value.spreads) == {"mfu"}


@pytest.mark.parametrize("text", ["0.4±0.05", "0.4+-0.05", "0.4 ± 0.05", " 0.4 +- 0.05 "])
def test_a_median_and_its_half_width_are_kept(text):
    value = parse_uncertain(text, "pue")
    low, high = value.interval(0.9)
    assert value.median == 0.4
    # 0.4 + 0.05 above; log-normal, so as many times below: 0.4² / 0.45
    assert (low, high) == pytest.approx((0.16 / 0.45, 0.45))
    assert set(value.spreads) == {"pue"}


def test_endings_count_on_both_sides_of_the_sign():
    value = parse_uncertain("2k±500", "params")
    assert value.median == 2000.0
    assert value.interval(0.9)[1] == pytest.approx(2500.0)


def test_no_half_width_is_no_spread():
    assert parse_uncertain("0.4±0", "mfu").sigma == 0.0


@pytest.mark.parametrize("text", ["0.4±0.4", "0.4±0.5", "0.4±-0.1", "0±0", "-0.4±0.1", "-0.4±-0.5"])
def test_a_half_width_that_is_no_smaller_than_its_number_is_refused(text):
    with pytest.raises(OutOfRangeError, match=r"^no interval: ") as caught:
        parse_uncertain(text, "mfu")
    assert caught.value.hint == "the half-width after ± must be below the number before it"


@pytest.mark.parametrize("text", ["0.5..0.3", "0..0.5", "-1..1", "-2..-1"])
def test_bounds_that_are_not_positive_and_in_order_are_refused(text):
    with pytest.raises(OutOfRangeError, match=r"not an interval of positive numbers") as caught:
        parse_uncertain(text, "mfu")
    assert caught.value.hint == "write low..high, as 0.3..0.5"


@pytest.mark.parametrize("text", ["..", "0.3..", "..0.5", "1..2..3", "0.3...0.5", "±", "0.4±", "±0.1", "1±2±3", "nan..1", "1..inf", "0.4±10%", "1..2±3"])
def test_an_interval_of_which_a_part_is_no_number_is_refused(text):
    with pytest.raises(QuantityError):
        parse_uncertain(text, "mfu")


@pytest.mark.parametrize("text", ["±", "..", "0.4±", " ..0.5"])
def test_an_interval_that_lacks_a_part_is_shown_whole(text):
    with pytest.raises(QuantityError, match=r"^no interval") as caught:
        parse_uncertain(text, "mfu")
    assert repr(text) in str(caught.value)
    assert "0.4±0.05" in caught.value.hint


@given(positive, positive)
def test_the_spelling_of_bounds_is_read_back(one, other):
    low, high = sorted((one, other))
    assert parse_uncertain(f"{low!r}..{high!r}", "x").interval(0.9) == pytest.approx((low, high), rel=1e-9)


@given(positive, st.floats(0.0, 0.999), st.sampled_from(["±", "+-"]))
def test_the_spelling_of_a_half_width_is_read_back(median, share, sign):
    half = median * share
    value = parse_uncertain(f"{median!r}{sign}{half!r}", "x")
    assert value.median == median
    assert value.interval(0.9)[1] == pytest.approx(median + half, rel=1e-9)


@given(st.text(st.sampled_from("0123456789.eEkMB±+-, "), max_size=12))
def test_any_interval_is_read_or_refused_by_an_error_of_ours(text):
    try:
        low, high = parse_uncertain(text, "x").interval(0.9)
    except CarbonError:
        return
    assert 0.0 < low <= high < math.inf
