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
