import math

import pytest

from traincarbon.fitting.solve import bisect, least_by_golden_section, quantile, t_over_normal


def test_bisection_ends_where_floats_end():
    low, high = bisect(lambda x: x * x * x < 5.0, 0.0, 5.0)
    assert high == math.nextafter(low, math.inf)
    assert low**3 < 5.0 <= high**3


def test_few_rounds_halve_the_interval_that_often():
    assert bisect(lambda x: x < 0.3, 0.0, 1.0, rounds=3) == (0.25, 0.375)


@pytest.mark.parametrize("lowest", [-1.9, 0.0, 0.7, 2.9])
def test_golden_section_finds_the_bottom_of_a_valley(lowest):
    assert least_by_golden_section(lambda x: abs(x - lowest), -2.0, 3.0, width=1e-9) == pytest.approx(lowest, abs=1e-9)


def test_golden_section_leaves_what_is_infinite_on_the_left():
    assert least_by_golden_section(lambda x: math.inf if x < 2.0 else x, 0.0, 3.0, rounds=60) == pytest.approx(2.0)


def test_golden_section_calls_the_function_once_a_round():
    calls = []
    least_by_golden_section(lambda x: calls.append(x) or x * x, -1.0, 1.0, rounds=10)
    assert len(calls) == 12


def test_quantiles_lie_on_a_line_between_neighbours():
    assert [quantile([1.0, 3.0, 4.0], share) for share in (0.0, 0.25, 0.5, 1.0)] == [1.0, 2.0, 3.0, 4.0]
    assert quantile([7.0], 0.9) == 7.0


@pytest.mark.parametrize(("freedom", "percentile", "within"), [(1.5, 3.705, 0.04), (2.0, 2.920, 0.02), (5.0, 2.015, 0.002), (30.0, 1.697, 0.001)])
def test_the_percentile_is_that_of_tables_of_students_t(freedom, percentile, within):
    assert t_over_normal(freedom) == pytest.approx(percentile / 1.645, rel=within)


def test_two_terms_are_within_one_per_cent_from_four_degrees_on():
    assert t_over_normal(4.0, order=2) == pytest.approx(2.132 / 1.645, rel=0.01)
    assert t_over_normal(30.0, order=2) == pytest.approx(1.697 / 1.645, rel=0.002)
