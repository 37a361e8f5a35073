"""What each field of a plan may hold, its bounds, and the hints that guess the slip."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError, OutOfRangeError, PlanError, QuantityError
from traincarbon.estimation.fields import check_number, check_text
from traincarbon.estimation.plan_fields import CHOICES, FIELDS, NUMBERS
from traincarbon.uncertain import Uncertain

ONE_OF_EACH = {
    "positive": "params",
    "count": "servers",
    "share": "mfu",
    "reduction": "discount",
    "pue": "pue",
    "factor": "attempts",
    "intensity": "carbon_intensity",
    "price": "rent_price",
    "amount": "reference_params",
}
"""Kind of check to a field that is checked so."""


def number(name, value):
    return check_number(name, value, FIELDS[name])


def text_of(name, value):
    return check_text(name, value, FIELDS[name])


def test_every_field_has_a_help_that_is_a_sentence():
    for name, field in FIELDS.items():
        assert field.help[0].isupper(), name
        assert field.help.endswith("."), name
        assert "\n" not in field.help, name


def test_every_kind_of_check_is_known_and_every_choice_listed():
    assert {field.check for field in FIELDS.values()} == {*ONE_OF_EACH, "text", "date", "choice"}
    assert {name for name, field in FIELDS.items() if field.check == "choice"} == set(CHOICES)
    assert {name for name in FIELDS if FIELDS[name].check in ONE_OF_EACH} == NUMBERS


@pytest.mark.parametrize(
    ("check", "accepted", "refused", "hint"),
    [
        ("positive", (1e-30, 0.5, 1.0, 1e30), (0.0, -1.0), "it must be above 0"),
        ("count", (1.0, 2.0, 1e12), (0.0, 0.5, 1.5, -1.0, 1.1e12), "it must be a whole number from 1 to 1e+12"),
        ("share", (1e-9, 0.5, 1.0), (0.0, -0.4, 101.0), "it is a share: above 0 and at most 1"),
        ("reduction", (0.0, 0.3, 0.999), (-0.1, 1.0, 101.0), "it is a share: at least 0 and below 1"),
        ("pue", (1.0, 1.1, 10.0), (0.0, 0.99, 10.1, -1.0), "facility energy over IT energy is at least 1, and 3 in the worst facilities"),
        ("intensity", (0.0, 1.0, 429.0, 1500.0), (-1.0, 1501.0), "in grams per kWh, 0 to 1500"),
        ("factor", (1.0, 1.3, 100.0), (0.0, 0.9, -1.0), "it is a factor of at least 1: 1 for a run that succeeds at once, 3 for three runs' worth of work"),
        ("price", (0.0, 1e-3, 5e6), (-0.01, -5.0), "it must be at least 0"),
        ("amount", (0.0, 7e9), (-1.0,), "it must be at least 0"),
    ],
)
def test_each_check_has_its_bounds_and_says_them(check, accepted, refused, hint):
    name = ONE_OF_EACH[check]
    for value in accepted:
        assert number(name, value) == value
    for value in refused:
        with pytest.raises(OutOfRangeError) as caught:
            number(name, value)
        assert str(caught.value) == f"{name} is {value:g}"
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("name", "value", "guess"),
    [
        ("mfu", 40, "did you mean 0.4?"),
        ("mfu", "40", "did you mean 0.4?"),
        ("goodput", 83.5, "did you mean 0.835?"),
        ("utilisation", 100, "did you mean 1?"),
        ("carbon_intensity", 0.429, "did you mean 429?"),
        ("market_intensity", "0.05", "did you mean 50?"),
        ("carbon_intensity", "0.2..0.3", "did you mean 200?"),
    ],
)
def test_a_slip_of_scale_is_guessed(name, value, guess):
    with pytest.raises(OutOfRangeError) as caught:
        number(name, value)
    assert caught.value.hint.endswith(guess)


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_no_field_takes_a_number_beyond_what_a_training_could_have(name):
    for value in (1.01e30, 1e308, "1e31", np.array([1e31, 1.0])):
        with pytest.raises(OutOfRangeError):
            number(name, value)


@pytest.mark.parametrize("name", ["params", "rent_price", "mfu"])
def test_a_number_so_small_that_it_must_be_a_slip_is_refused(name):
    with pytest.raises(OutOfRangeError) as caught:
        number(name, 1e-31)
    assert caught.value.hint == "is the exponent right?"


@pytest.mark.parametrize("name", sorted(NUMBERS))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_field_takes_what_is_not_finite(name, value):
    for given_as in (value, np.float64(value), np.array([1.0, value])):
        with pytest.raises(OutOfRangeError, match=f"^{name} is "):
            number(name, given_as)


def test_an_integer_too_large_for_a_float_is_refused():
    with pytest.raises(OutOfRangeError) as caught:
        number("params", 10**400)
    assert str(caught.value) == "params is too large"


@pytest.mark.parametrize("name", sorted(NUMBERS))
@pytest.mark.parametrize("value", [True, False, None, b"1", [1.0], {"a": 1}, 1j, object()])
def test_no_field_of_a_number_takes_anything_else(name, value):
    with pytest.raises(PlanError, match=f"^{name} is ") as caught:
        number(name, value)
    assert caught.value.hint == f"{name} is a number"


def test_a_text_that_is_no_number_is_refused_with_the_field():
    for text in ("many", "1..many"):
        with pytest.raises(QuantityError, match=r"^tokens is not a number: '.*many'$") as caught:
            number("tokens", text)
        assert "530e9" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("pue", "1.1x", "write a ratio, as 1.1, or an interval, as 1.1..1.3"),
        ("goodput", "much %", "write a share, as 0.4 or 40%, or an interval, as 0.3..0.5"),
        ("carbon_intensity", "400 furlongs", "write a plain number, in g/kWh"),
        ("rent_price", "much", "write a plain number, in $/h"),
        ("service_life", "5 eons", "write a plain number, in years"),
        ("electricity_price", "0.35 €", "prices are in US dollars: convert the euros and write a plain number, in $/kWh"),
        ("rent_price", "£2/h", "prices are in US dollars: convert the pounds and write a plain number, in $/h"),
        ("rent_price", "$1460/month", "write a price per hour; a month has about 730 hours, so did you mean 2?"),
        ("params", "7,24B", "a comma separates thousands: did you mean 7.24B?"),
        ("tokens", "1.000.000", "did you mean 1,000,000?"),
        ("params", "80GB", "gb is a unit of memory: write a plain number, the number of parameters; did you mean 80B?"),
        ("mfu", "0.3-0.5", "write an interval as low..high: did you mean 0.3..0.5?"),
        ("mfu", "30% to 50%", "write an interval as low..high: did you mean 30%..50%?"),
        ("params", "~7B", "write a number, or an interval as low..high: did you mean 7B?"),
        ("accelerator_hours", "90m", "did you mean 90 min or 90 million?"),
        ("tokens", "40%", "it is no share: write a plain number, the number of tokens"),
        ("flop", "300 TFLOP/s", "this is a rate: write an amount of FLOP, such as 3e23 or 3640 PF-days"),
        ("flop_per_sample", "4.1 GMAC", "one multiply-add is 2 FLOP forward, 6 with the backward pass: use gmac_per_sample"),
        ("image_size", "640x480", "give the side of a square image, such as 224; of another image the square root of width × height"),
        ("params", "5..8B", "did you mean 5B..8B?"),
        ("mfu", "0.4±10%", "write low..high, such as 0.36..0.44: ± with % can be read in two ways"),
        ("pue", "1e400", "the largest number that fits is about 1.8e308"),
    ],
)
def test_a_number_that_is_misspelt_is_answered_as_its_field_is_written(name, text, hint):
    with pytest.raises(QuantityError, match=f"^{name} is ") as caught:
        number(name, text)
    assert caught.value.hint == hint


def test_a_text_becomes_a_number_and_an_interval_stays_as_written():
    assert number("params", "7B") == 7e9
    assert number("servers", "1k") == 1000.0
    assert number("mfu", "0.3..0.5") == "0.3..0.5"
    assert number("params", 7) == 7.0
    assert type(number("params", 7)) is float


@given(st.sampled_from(["params", "electricity_price", "rent_price"]), st.floats(1e-30, 1e30))
def test_the_spelling_of_a_number_is_checked_as_the_number(name, value):
    assert number(name, repr(value)) == number(name, value) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("mfu", "0.9..1.05"), ("mfu", "0.4±0.05"), ("pue", "0.98..1.2"), ("carbon_intensity", "1..1500"), ("rent_price", "1..3"), ("service_life", "4+-1")],
)
def test_an_interval_within_bounds_is_accepted(name, text):
    # A share's and a PUE's log-normal may reach over the bound as long as its median does not.
    assert number(name, text) == text


@pytest.mark.parametrize(
    ("name", "text"), [("mfu", "0.9..1.2"), ("pue", "0.9..1.1"), ("pue", "2..12"), ("carbon_intensity", "1000..1600"), ("mfu", "30..50"), ("params", "1..1e31")]
)
def test_an_interval_that_reaches_out_of_bounds_is_refused(name, text):
    with pytest.raises(OutOfRangeError, match=f"^{name} is "):
        number(name, text)


@pytest.mark.parametrize("name", [name for name in FIELDS if FIELDS[name].check == "count"])
def test_a_count_takes_no_interval(name):
    for value in ("4..8", Uncertain(4.0, {"x": 0.1})):
        with pytest.raises(PlanError, match=f"^{name} is an interval$") as caught:
            number(name, value)
        assert caught.value.hint == "it is a count: give a whole number"


def test_an_uncertain_number_is_kept_unless_its_spreads_are_arrays():
    for value in (Uncertain(0.4, {"x": 0.1}), Uncertain(np.array([0.4, 0.2]), {"x": 0.1})):
        assert number("mfu", value) is value
    with pytest.raises(PlanError, match=r"^mfu has an array of spreads$"):
        number("mfu", Uncertain(0.4, {"x": np.array([0.1])}))
    with pytest.raises(OutOfRangeError, match=r"^mfu is 33.9"):
        number("mfu", Uncertain(np.array([0.4, 40.0]), {"x": 0.1}))


@pytest.mark.parametrize(
    "values", [np.array([1, 2], dtype=np.int32), np.array([1.0, 2.0], dtype=np.float32), np.array([1, 2], dtype=np.uint8), pd.Series([1, 2])]
)
def test_an_array_of_real_numbers_becomes_one_of_floats(values):
    checked = number("params", values)
    assert checked.dtype == float
    assert checked.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "values", [np.array([]), np.array([[1.0]]), np.array(["x"]), np.array([1j]), np.array([True]), np.array(["2020"], dtype="M8"), np.array([None])]
)
def test_an_array_of_anything_else_is_refused(values):
    with pytest.raises(PlanError, match=r"^params is an array of ") as caught:
        number("params", values)
    assert caught.value.hint == "give one row of real numbers, at least one"


def test_the_worst_of_an_array_is_checked():
    for values in ([0.4, 40.0], [0.4, -1.0]):
        with pytest.raises(OutOfRangeError, match=f"^mfu is {min(values, key=lambda value: 0 < value <= 1):g}$"):
            number("mfu", np.array(values))
    with pytest.raises(OutOfRangeError, match=r"^servers holds numbers that are not whole$"):
        number("servers", np.array([1.0, 1.5, 2.0]))


@given(st.sampled_from(sorted(NUMBERS)), st.one_of(st.floats(), st.integers(), st.text(max_size=20)))
def test_whatever_is_given_is_held_or_refused_by_an_error_of_ours(name, value):
    try:
        checked = number(name, value)
    except CarbonError:
        return
    assert isinstance(checked, str) or math.isfinite(checked)


@pytest.mark.parametrize(("name", "choice"), [(name, choice) for name, choices in CHOICES.items() for choice in choices])
def test_a_choice_is_read_in_any_case_and_with_spaces_around(name, choice):
    assert text_of(name, f" {choice.upper()} ") == choice


def test_a_rent_may_be_spelt_with_hyphens():
    assert text_of("rent", "on-demand") == "on_demand"
    assert text_of("rent", "Reserved-1y") == "reserved_1y"


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_no_choice_is_refused_with_those_that_are(name):
    with pytest.raises(PlanError) as caught:
        text_of(name, "no such")
    assert str(caught.value) == f"{name} is 'no such'"
    assert caught.value.hint == f"it must be one of {', '.join(CHOICES[name])}"


@pytest.mark.parametrize("text", ["2000", "2020-06", "2020-06-30", " 2100-12-31 "])
def test_a_start_is_a_year_a_month_or_a_day(text):
    assert text_of("start", text) == text.strip()


@pytest.mark.parametrize(
    ("value", "text"), [(2024, "2024"), (dt.date(2024, 3, 1), "2024-03-01"), (dt.datetime(2024, 3, 1, 12, 30, tzinfo=dt.UTC), "2024-03-01")]
)
def test_a_start_may_be_a_year_or_a_day_without_quotes(value, text):
    assert text_of("start", value) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-13",
        "2020-00",
        "2020-6",
        "2020-06-32",
        "2020-06-00",
        "2023-02-30",
        "2023-06-31",
        "June 2020",
        "06-2020",
        "2020/06",
        "20200630",
        "²020",
        "٢٠٢٠",
    ],
)
def test_any_other_start_is_refused(text):
    with pytest.raises(PlanError, match=r"^start is ") as caught:
        text_of("start", text)
    assert caught.value.hint == "write a year or a month, as 2020 or 2020-06"


def test_a_text_is_kept_as_it_is():
    assert text_of("name", " Größe, 1 😀\n") == " Größe, 1 😀\n"


@pytest.mark.parametrize("value", [5, True, None, b"x", ["x"], "\ud800"])
def test_what_is_no_text_is_refused(value):
    for name in ("name", "hw", "precision", "start"):
        with pytest.raises(PlanError, match=f"^{name} is "):
            text_of(name, value)


def test_an_interval_in_the_wrong_order_is_refused_with_the_field():
    with pytest.raises(OutOfRangeError, match=r"^mfu is not an interval of positive numbers: 0\.5\.\.0\.3$"):
        number("mfu", "0.5..0.3")
    with pytest.raises(OutOfRangeError, match=r"^mfu is no interval: '0\.4±0\.5'$"):
        number("mfu", "0.4±0.5")


@pytest.mark.parametrize("text", ["1999", "2101", "1970-01-01"])
def test_a_start_that_no_plan_has_is_refused_with_the_years_that_it_may_be_in(text):
    with pytest.raises(PlanError) as caught:
        text_of("start", text)
    assert str(caught.value) == f"start is {text!r}"
    assert caught.value.hint == "plans start in 2000 to 2100; write a year or a month, as 2024 or 2024-06"
