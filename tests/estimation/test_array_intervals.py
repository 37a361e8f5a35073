"""The intervals of an array of plans are those of each result and each plan alone."""

import numpy as np
import pytest

import traincarbon
from traincarbon.estimation.array_intervals import intervals_of_arrays
from traincarbon.spread_sums import TOGETHER
from traincarbon.uncertain import Interval, Uncertain

COUNT = TOGETHER + 1


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_an_interval_of_many_is_that_of_one_result_to_the_last_digit(level):
    first, second = np.linspace(1.0, 2.0, COUNT), np.linspace(3.0, 1.0, COUNT)
    values = {
        "product": Uncertain(first, {"a": 0.3, "b": 0.1}),
        "sum": Uncertain(first, {"a": 0.3}) + Uncertain(second, {"b": 0.2}),
        "number": Uncertain(2.0, {"a": 0.3}),
        "exact": first,
        "unknown": None,
    }
    found = intervals_of_arrays(values.items(), level)
    assert list(found) == list(values)
    assert found["unknown"] is None
    for name in ("product", "sum", "number", "exact"):
        expected = Interval.of(values[name], level)
        assert [np.asarray(bound).tolist() for bound in found[name]] == [np.asarray(bound).tolist() for bound in expected]


def test_the_results_of_an_array_of_plans_are_those_of_each_result():
    answer = traincarbon.estimate(params=np.geomspace(1e9, 1e12, COUNT), tokens=1e12, hw="dgx-h100", servers=64)
    for name, interval in answer.results.items():
        alone = answer[name]
        assert (interval is None) == (alone is None), name
        if interval is not None:
            assert np.asarray(interval).tolist() == np.asarray(alone).tolist(), name


def test_rows_of_one_keep_their_shape_among_longer_ones():
    one, other = Uncertain(np.array([1.0]), {"a": np.array([0.1])}), Uncertain(np.array([2.0]), {"b": 0.2})
    values = {"long": Uncertain(np.linspace(1.0, 2.0, 10_000), {"a": 0.3}), "stretched": (one + other) * np.ones(10_000), "sum": one + other, "one": one}
    found = intervals_of_arrays(values.items(), 0.9)
    for name, value in values.items():
        expected = Interval.of(value, 0.9)
        for bound, alone in zip(found[name], expected, strict=True):
            assert bound.shape == value.median.shape, name
            assert bound.tolist() == alone.tolist(), name


def test_a_result_that_is_changed_in_place_leaves_the_interval_of_a_total():
    plans = {"params": 7e9, "tokens": np.geomspace(1e11, 4e11, 5), "hw": "dgx-h100", "servers": 4}
    changed, expected = traincarbon.estimate(**plans), traincarbon.estimate(**plans).results
    for name in ("electricity_usd", "embodied_kgco2e"):
        median = changed.median(name)
        median *= 0.01
    for name in ("tco_usd", "total_kgco2e"):
        assert np.asarray(changed.results[name]).tolist() == np.asarray(expected[name]).tolist(), name
