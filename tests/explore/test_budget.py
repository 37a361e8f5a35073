"""Budgets: how far a figure is from one, at the wanted probability."""

import math

import pytest

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.budget import BUDGETS, budget_of
from traincarbon.uncertain import Uncertain

NONE = dict.fromkeys(BUDGETS)


def budget(sure=0.5, **stated):
    return budget_of(sure=sure, **{**NONE, **stated})


def test_days_are_seconds_and_the_rest_are_their_own():
    assert budget(budget_days=2.0, budget_usd=5.0).bounds == {"cost_usd": 5.0, "duration_s": 172_800.0}


def test_at_one_half_the_median_is_held_to_the_budget():
    assert budget(budget_usd=10.0).excess({"cost_usd": Uncertain(20.0, {"x": 0.5})}) == {"cost_usd": pytest.approx(math.log(2.0))}
    assert budget(budget_usd=10.0).excess({"cost_usd": 10.0}) == {"cost_usd": 0.0}


def test_the_surer_the_more_is_set_aside():
    # nine chances in ten: 1.2816 standard deviations
    assert budget(0.9, budget_usd=1.0).reached(Uncertain(10.0, {"x": 0.5})) == pytest.approx(10.0 * math.exp(1.2815516 * 0.5))


def test_what_costs_nothing_is_below_any_budget():
    assert budget(budget_usd=10.0).excess({"cost_usd": 0.0}) == {"cost_usd": -math.inf}


def test_budgets_at_the_ends_of_what_a_number_holds_are_refused_or_compared():
    with pytest.raises(OutOfRangeError, match="budget_days is 1e"):
        budget(budget_days=1e308)
    assert budget(budget_usd=1e308).excess({"cost_usd": 1e-300})["cost_usd"] == pytest.approx(-608.0 * math.log(10.0))


def test_no_budget_bounds_nothing():
    assert budget().excess({"cost_usd": None}) == {}


@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_budget_that_is_none_is_refused_by_its_name(name, value):
    with pytest.raises(OutOfRangeError, match=name):
        budget(**{name: value})


@pytest.mark.parametrize("sure", [0.0, 0.4, 1.0, math.nan])
def test_a_probability_below_one_half_or_of_one_is_refused(sure):
    with pytest.raises(OutOfRangeError, match="sure is"):
        budget(sure, budget_usd=1.0)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("budget_usd", "no price"),
        ("budget_days", "a number of servers"),
        ("budget_kwh", "power of this hardware"),
        ("budget_kgco2e", "emissions of this hardware"),
    ],
)
def test_a_figure_that_is_not_known_cannot_be_bounded(name, match):
    with pytest.raises(PlanError, match=match) as caught:
        budget(**{name: 1.0}).excess({BUDGETS[name]: None})
    assert caught.value.hint.startswith("give ")
