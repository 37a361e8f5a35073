"""Each target is judged on the rows that it names, by the figure that is shown."""

import math

import pytest

from traincarbon.validation.accuracy import FINE_TUNING, LANGUAGE, Backtest, Case
from traincarbon.validation.targets import DENSE_ON_HOPPER, OVER_MEAN, SEARCHED, SMALL_EAGER, STEPS, by_chance, targets


def case(id, error, *, quantity="accelerator_hours_h", family="dense-lm", generation="hopper", organisation="a", set="s", sigma=0.5, unusable=""):
    median = 100.0 * math.exp(error)
    rules = {"generation_mean": 100.0 * math.exp(0.5)}
    return Case(
        id,
        set,
        quantity,
        100.0,
        median / 2,
        median,
        median * 2,
        sigma,
        rules,
        family=family,
        generation=generation,
        organisation=organisation,
        unusable=unusable,
    )


def found(*cases, is_built_in=True):
    return {(each.rows, each.measure): each for each in targets(Backtest(cases, (), "x", is_built_in=is_built_in))}


def test_dense_models_on_hopper_are_apart_from_other_hardware_and_families():
    tried = found(case("a", 0.1), case("b", 0.3, generation="ampere"), case("c", 0.5, family="encoder"), case("d", 2.0, unusable="teacher"))
    hopper, language = tried[DENSE_ON_HOPPER, "median_abs_ln"], tried[LANGUAGE, "median_abs_ln"]
    assert (hopper.n, hopper.reached, hopper.is_met) == (1, pytest.approx(0.1), True)
    assert (language.n, language.reached, language.is_met) == (3, pytest.approx(0.3), False)


def test_a_coverage_above_its_range_misses_it_as_one_below_does():
    language = found(*(case(str(at), 0.0) for at in range(10)))[LANGUAGE, "coverage_90"]
    assert (language.least, language.most, language.reached, language.is_met) == (0.88, 0.92, 1.0, False)


def test_the_figure_that_is_shown_decides():
    tried = found(case("a", 0.404, family=FINE_TUNING))
    assert tried[FINE_TUNING, "median_abs_ln"].is_met
    assert not found(case("a", 0.406, family=FINE_TUNING))[FINE_TUNING, "median_abs_ln"].is_met


def test_steps_small_models_and_searches_have_rows_of_their_own():
    tried = found(
        case("a", 0.05, quantity="step_time_s", family="", set="vtrain-2-to-8-a100"),
        case("b", -0.15, quantity="step_time_s", family="", set="other"),
        case("c", 0.2, quantity="mfu", family=""),
    )
    assert (tried[STEPS, "median_abs_ln"].n, tried[SMALL_EAGER, "mape"].n) == (2, 1)
    assert tried[SMALL_EAGER, "mape"].reached == pytest.approx(math.expm1(0.05))
    assert not tried[SEARCHED, "median_abs_ln"].is_met


def test_the_mean_of_the_generation_is_beaten_where_the_interval_over_organisations_says_so():
    better = found(*(case(str(at), 0.1, organisation=str(at)) for at in range(4)))[LANGUAGE, OVER_MEAN]
    assert (better.reached, better.is_met) == (pytest.approx(-0.4), True)  # the rule is wrong by 0.5 each time
    unsure = found(case("a", 0.0, organisation="a"), case("b", 0.9, organisation="b"))[LANGUAGE, OVER_MEAN]
    # -0.5 and +0.4: a mean of -0.05 with a standard error of 0.45
    assert unsure.reached == pytest.approx(-0.05 + 1.6449 * 0.45, abs=1e-3)
    assert not unsure.is_met


def test_runs_of_others_have_no_target():
    assert found(case("a", 0.1), is_built_in=False) == {}


def test_few_rows_may_lie_inside_by_chance_far_less_often_than_the_level():
    assert by_chance(1) == (0.0, 1.0)
    # 0.9^5 + 5 × 0.1 × 0.9^4 + 10 × 0.01 × 0.9^3 = 0.991, and without the last 0.919: three of five are the 5th percentile
    assert by_chance(5) == (0.6, 1.0)
    assert by_chance(10, 0.5) == (0.2, 0.8)
