"""A suggestion is the nearest known name, in any case and with hyphens or underscores; without one all names are listed."""

import pytest

from traincarbon.suggestions import did_you_mean, nearest, one_letter_off

NAMES = ("params", "tokens", "active_params", "region")


@pytest.mark.parametrize(
    ("typed", "meant"), [("toknes", "tokens"), ("token", "tokens"), ("Params", "params"), ("active-params", "active_params"), ("REGOIN", "region")]
)
def test_the_nearest_name_is_suggested(typed, meant):
    assert did_you_mean(typed, NAMES) == f"did you mean {meant}?"


def test_all_names_are_listed_in_their_order_where_none_is_near():
    assert did_you_mean("xyz", NAMES) == "known are params, tokens, active_params, region"


def test_several_near_names_come_best_first_and_each_once():
    assert nearest("params", [*NAMES, "params"], most=3) == ["params", "active_params"]


def test_a_very_long_name_takes_no_time():
    assert nearest("x" * 10_000_000, NAMES) == []


def test_one_slip_of_any_kind_is_undone_and_no_more():
    found = one_letter_off("run-12")
    assert {"run-1", "run-123", "run-13", "run-21", "urn-12", "Run-12", "un-12"} <= set(found)
    assert not {"run-12", "", "run-31", "r-12", "RUN-12"} & set(found)
    assert len(one_letter_off("x" * 60)) < 10_000
    assert one_letter_off("") == sorted("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
