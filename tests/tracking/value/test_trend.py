"""How steadily a quantity rises, and how certain that makes its further rise."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.tracking.value.trend import Points, Trend, trend_of
from traincarbon.uncertain import Z_90


def walked(slopes):
    xs, ys = [0.0], [0.0]
    for slope in slopes:
        xs.append(xs[-1] + 1.0)
        ys.append(ys[-1] + slope)
    return xs, ys


@given(st.lists(st.tuples(st.floats(0.0, 1e6), st.floats(0.0, 1e6)), max_size=3000))
def test_points_are_few_in_order_and_end_where_the_figure_ends(stated):
    points = Points()
    kept = []
    for x, y in stated:
        points.add(x, y)
        if not kept or (x >= kept[0] and y >= kept[1]):
            kept = (x, y)
    assert len(points.xs) == len(points.ys) <= 257
    assert points.xs == sorted(points.xs)
    assert points.ys == sorted(points.ys)
    if kept:
        assert (points.xs[-1], points.ys[-1]) == kept


def test_a_long_run_keeps_its_first_and_last_point_and_its_slopes():
    points = Points()
    for second in range(100_000):
        points.add(float(second), 2.0 * second)
    assert (points.xs[0], points.xs[-1]) == (0.0, 99_999.0)
    assert 100 <= len(points.xs) <= 257
    assert points.slope() == pytest.approx(2.0)
    assert points.slope(window=10.0) == pytest.approx(2.0)


def test_there_is_no_slope_of_one_point_or_of_one_moment():
    points = Points()
    assert points.slope() is None
    points.add(1.0, 1.0)
    assert points.slope() is None
    points.add(1.0, 2.0)
    assert points.slope() is None
    points.add(2.0, 4.0)
    assert points.slope() == pytest.approx(3.0)


def test_a_steady_rise_has_its_slope_and_no_spread():
    trend = trend_of(*walked([3.0] * 100))
    assert trend.slope == pytest.approx(3.0)
    assert trend.sigma == pytest.approx(0.0, abs=1e-9)
    assert trend.span == 100.0


def test_nothing_is_said_of_what_does_not_rise():
    assert trend_of([], []) is None
    assert trend_of([1.0], [1.0]) is None
    assert trend_of([1.0, 1.0], [1.0, 2.0]) is None
    assert trend_of([1.0, 2.0], [1.0, 1.0]) is None


def test_two_halves_at_1_and_3_have_the_spread_of_the_logarithms_of_their_batches():
    trend = trend_of(*walked([1.0] * 8 + [3.0] * 8))
    # 16 batches, half at ln 1 and half at ln 3 around their mean: a deviation of ln 3 / 2 each
    assert trend.slope == pytest.approx(2.0)
    assert trend.sigma == pytest.approx(math.log(3.0) / 2.0 * math.sqrt(16.0 / 15.0))
    assert trend.correlation == 0.7  # bounded; the batches of a half are alike


def test_batches_that_alternate_are_not_taken_as_correlated():
    assert trend_of(*walked([1.0, 2.0] * 8)).correlation == 0.0


def test_a_pause_is_a_slope_near_zero_and_not_minus_infinity():
    trend = trend_of(*walked([1.0] * 7 + [0.0] + [1.0] * 8))
    assert math.isfinite(trend.sigma)
    assert trend.slope == pytest.approx(15.0 / 16.0)


def test_of_three_batches_the_scatter_is_not_known():
    assert Trend(1.0, 0.001, 3, 0.0, 3.0).sigma_ahead(10.0) == 0.3


def test_the_spread_ahead_by_hand():
    trend = Trend(1.0, 0.1, 16, 0.0, 16.0)
    # 16 independent batches seen and 16 ahead: 0.1 × sqrt(1/16 + 1/16), widened by Student's t of 15 over the normal: 1.753 / 1.645
    assert trend.sigma_ahead(16.0) == pytest.approx(0.1 * math.sqrt(2.0 / 16.0) * 1.753 / Z_90, rel=2e-3)


@given(st.floats(0.01, 1.0), st.floats(0.0, 0.7), st.floats(1.0, 1e4))
def test_correlation_and_scatter_widen_and_time_narrows(sigma, correlation, ahead):
    trend = Trend(1.0, sigma, 16, correlation, 16.0)
    assert trend._replace(sigma=2.0 * sigma).sigma_ahead(ahead) == pytest.approx(2.0 * trend.sigma_ahead(ahead))
    assert trend._replace(correlation=0.0).sigma_ahead(ahead) <= trend.sigma_ahead(ahead) * (1.0 + 1e-12)
    assert trend.sigma_ahead(2.0 * ahead) <= trend.sigma_ahead(ahead)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_the_spread_of_independent_and_of_correlated_slopes_covers_nine_in_ten(correlation):
    chance = random.Random(11)
    hits = 0
    for _ in range(400):
        logs, level = [], 0.0
        for _ in range(480):
            level = correlation * level + chance.gauss(0.0, 0.1)
            logs.append(level)
        slopes = [math.exp(log) for log in logs]
        xs, ys = walked(slopes[:160])
        trend = trend_of(xs, ys)
        error = math.log(sum(slopes[160:]) / 320.0 / trend.slope)
        hits += abs(error) <= Z_90 * trend.sigma_ahead(320.0)
    assert 0.85 <= hits / 400 <= 0.97
