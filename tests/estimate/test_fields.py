"""What each field of a plan may hold, by the kind of check it has."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError, OutOfRangeError, PlanError, QuantityError
from traincarbon.estimate.fields import CHOICES, FIELDS, NUMBERS, check_number, check_text
from traincarbon.uncertain import Uncertain

numbers = pytest.mark.parametrize("name", sorted(NUMBERS))


def of_check(check):
    return sorted(name for name, field in FIELDS.items() if field.check == check)


def test_every_field_says_what_it_means_in_a_sentence():
    assert all(field.help.endswith(".") and field.help[0].isupper() for field in FIELDS.values())
    assert {field.check for field in FIELDS.values()} == {"text", "date", "choice", "positive", "count", "share", "pue", "intensity", "price"}
    assert set(CHOICES) == set(of_check("choice"))


@numbers
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 1e40, 10**400])
def test_no_number_is_negative_or_not_finite_or_absurd(name, value):
    with pytest.raises(OutOfRangeError, match=name) as caught:
        check_number(name, value)
    assert caught.value.hint


@numbers
@pytest.mark.parametrize("value", [True, False, [1.0], (1.0,), {}, b"1", object(), 1j, np.array(["x"]), np.array([1j]), np.array([True]), np.array([])])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(PlanError, match=name):
        check_number(name, value)


@numbers
@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e400", "1e", "0.1..x", "..", "±"])
def test_a_text_that_states_no_number_is_refused_with_the_field_s_name(name, text):
    with pytest.raises((QuantityError, OutOfRangeError), match=name):
        check_number(name, text)


@pytest.mark.parametrize("name", of_check("positive") + of_check("share"))
@pytest.mark.parametrize("value", [0, 0.0, "0", -0.0, np.array([1.0, 0.0])])
def test_zero_is_not_positive_and_no_share(name, value):
    with pytest.raises(OutOfRangeError):
        check_number(name, value)


@pytest.mark.parametrize("name", of_check("price"))
def test_a_price_may_be_nothing(name):
    assert check_number(name, 0.0) == 0.0


@pytest.mark.parametrize("name", of_check("count"))
@pytest.mark.parametrize("value", [0, 0.5, 1.5, "8.5", 1e13, np.array([1.0, 2.5])])
def test_a_count_is_whole_and_possible(name, value):
    with pytest.raises(OutOfRangeError, match=name) as caught:
        check_number(name, value)
    assert "whole" in caught.value.hint


@pytest.mark.parametrize("name", of_check("count"))
@pytest.mark.parametrize("text", ["4..8", "4±1", "4..4"])
def test_a_count_takes_no_interval(name, text):
    with pytest.raises(PlanError, match=f"{name} is an interval"):
        check_number(name, text)


@pytest.mark.parametrize("name", of_check("share"))
@pytest.mark.parametrize(("value", "meant"), [(40, "0.4"), (1.5, "0.015"), (100, "1")])
def test_a_share_in_per_cent_is_answered_with_what_was_meant(name, value, meant):
    with pytest.raises(OutOfRangeError) as caught:
        check_number(name, value)
    assert f"did you mean {meant}?" in caught.value.hint


@pytest.mark.parametrize("name", of_check("intensity"))
def test_an_intensity_in_kilograms_is_answered_with_grams(name):
    with pytest.raises(OutOfRangeError) as caught:
        check_number(name, 0.429)
    assert "did you mean 429?" in caught.value.hint
    assert check_number(name, 0.0) == 0.0
    assert check_number(name, 1500) == 1500.0
    with pytest.raises(OutOfRangeError):
        check_number(name, 1500.1)


def test_a_pue_is_one_to_ten():
    assert [check_number("pue", value) for value in (1, 1.1, 10)] == [1.0, 1.1, 10.0]
    for value in (0.99, 10.1, 0):
        with pytest.raises(OutOfRangeError, match="pue"):
            check_number("pue", value)


@pytest.mark.parametrize(("value", "stored"), [(7, 7.0), ("7B", 7e9), ("1.4T", 1.4e12), (np.float64(3.0), 3.0)])
def test_a_number_is_kept_as_a_float(value, stored):
    kept = check_number("params", value)
    assert kept == stored
    assert isinstance(kept, float)


def test_an_array_is_kept_as_floats_and_a_series_as_an_array():
    kept = check_number("params", np.array([1, 2], dtype=np.int32))
    assert (kept.dtype, kept.tolist()) == (np.dtype(float), [1.0, 2.0])
    assert check_number("params", pd.Series([1e9, 2e9])).tolist() == [1e9, 2e9]


@pytest.mark.parametrize("value", [np.ones((2, 2)), np.array([1.0, math.nan]), np.array([1.0, -1.0]), np.array([1.0, math.inf])])
def test_an_array_of_more_rows_or_with_a_bad_element_is_refused(value):
    with pytest.raises(CarbonError, match="params"):
        check_number("params", value)


def test_an_interval_stays_as_it_was_written():
    assert check_number("mfu", "0.3..0.5") == "0.3..0.5"
    assert check_number("mfu", "0.4±0.05") == "0.4±0.05"
    stated = Uncertain(0.4, {"mine": 0.1})
    assert check_number("mfu", stated) is stated


@pytest.mark.parametrize("value", ["0.3..5", "-1..0.5", Uncertain(1.2, {"x": 0.1}), Uncertain(math.nan, {"x": 0.1}), Uncertain(0.4, {"x": math.inf})])
def test_an_interval_beyond_the_bounds_is_refused(value):
    with pytest.raises(OutOfRangeError):
        check_number("mfu", value)


def test_an_interval_of_arrays_is_refused():
    with pytest.raises(PlanError, match="interval of arrays"):
        check_number("params", Uncertain(np.array([1e9, 2e9]), {"x": 0.1}))


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_a_choice_is_one_of_a_few_in_any_case(name):
    for choice in CHOICES[name]:
        assert check_text(name, f" {choice.upper()} ") == choice
    with pytest.raises(PlanError, match="'other'") as caught:
        check_text(name, "other")
    assert ", ".join(CHOICES[name]) in caught.value.hint


def test_a_purchase_may_be_written_with_hyphens():
    assert check_text("rent", "on-demand") == "on_demand"


@pytest.mark.parametrize("text", ["2020", "2020-06", "2020-06-30", " 2020 "])
def test_a_start_is_a_year_a_month_or_a_day(text):
    assert check_text("start", text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "20", "June 2020", "2020-13", "2020-00", "2020-06-32", "1999", "2101", "2020/06", "2020-6", "２０２０", "2020-06-30T12:00"]
)
def test_any_other_start_is_refused(text):
    with pytest.raises(PlanError, match="start is") as caught:
        check_text("start", text)
    assert "2020-06" in caught.value.hint


@pytest.mark.parametrize("name", ["name", "hw", "region", "start", "kind"])
@pytest.mark.parametrize("value", [1, 2020, True, b"a100", ["a"], {}])
def test_a_text_is_text(name, value):
    with pytest.raises(PlanError, match=name):
        check_text(name, value)


def test_a_text_that_no_file_can_hold_is_refused():
    with pytest.raises(PlanError, match="name"):
        check_text("name", "\ud800")


@given(st.sampled_from(sorted(NUMBERS)), st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()))
def test_any_value_is_kept_or_refused_with_an_error_of_ours(name, value):
    try:
        kept = check_number(name, value)
    except CarbonError:
        return
    assert isinstance(kept, (float, str))


def test_no_calibration_is_the_only_one_that_is_kept():
    assert check_text("calibration", "none") == "none"
    with pytest.raises(PlanError, match="no calibration 'mine'"):
        check_text("calibration", "mine")
