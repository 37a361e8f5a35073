"""An axis of a sweep: lists and ranges, and what is neither."""

import numpy as np
import pytest

from traincarbon.errors import CarbonError, PlanError
from traincarbon.explore.sweeps.axis import axis_of


def test_a_list_keeps_its_values_in_their_order():
    assert axis_of("servers", [64, 16]).numbers(np.array([1, 0])).tolist() == [16.0, 64.0]
    assert axis_of("hw", ["dgx-a100", "h100"]).values == ("dgx-a100", "h100")


def test_numbers_may_be_written_as_in_a_plan():
    assert axis_of("params", ["1B", "7 billion"]).values == (1e9, 7e9)


def test_an_interval_among_the_values_is_kept_as_text():
    axis = axis_of("mfu", ["0.3..0.5", 0.4])
    assert axis.values == ("0.3..0.5", 0.4)
    assert not axis.is_numeric


def test_a_linear_range_has_both_ends_and_equal_steps():
    axis = axis_of("params", {"from": 1e9, "to": 3e9, "n": 5})
    assert axis.numbers(np.arange(5)).tolist() == [1e9, 1.5e9, 2e9, 2.5e9, 3e9]


def test_a_logarithmic_range_has_equal_ratios():
    axis = axis_of("tokens", {"from": "1B", "to": "1T", "n": 4, "scale": "log"})
    assert axis.numbers(np.arange(4)) == pytest.approx([1e9, 1e10, 1e11, 1e12], rel=1e-12)
    assert axis.numbers(np.array([0, 3])).tolist() == [1e9, 1e12]


def test_a_range_of_a_count_holds_whole_numbers_once():
    assert axis_of("servers", {"from": 1, "to": 4, "n": 20}).values == (1.0, 2.0, 3.0, 4.0)
    assert axis_of("servers", {"from": 1, "to": 1024, "n": 11, "scale": "log"}).values == tuple(2.0**k for k in range(11))


@pytest.mark.parametrize(
    ("name", "stated", "says"),
    [
        ("servers", [], "empty list"),
        ("servers", [16, 16], "twice"),
        ("servers", [[1, 2]], "list within a list"),
        ("servers", [1.5], "1.5"),
        ("hw", {"from": 1, "to": 2, "n": 2}, "does not hold a number"),
        ("params", {"from": 1e9, "n": 3}, "no to"),
        ("params", {"from": 2e9, "to": 1e9, "n": 3}, "down to"),
        ("params", {"from": 1e9, "to": 2e9, "n": 1}, "one value"),
        ("params", {"from": 1e9, "to": 2e9, "n": 0}, "n of the range"),
        ("params", {"from": 1e9, "to": 2e9, "n": 2.5}, "n of the range"),
        ("params", {"from": 1e9, "to": 2e9, "count": 3}, "unknown key 'count'"),
        ("params", {"from": 1e9, "to": 2e9, "n": 3, "scale": "cubic"}, "cubic"),
        ("params", {"from": "0.1..0.2", "to": 2e9, "n": 3}, "interval"),
        ("carbon_intensity", {"from": 0, "to": 100, "n": 3, "scale": "log"}, "begins at 0"),
        ("servers", {"from": 1, "to": 1e9, "n": 10_000_000}, "10,000,000"),
        ("params", [float("nan")], "nan"),
    ],
)
def test_what_is_no_axis_is_refused_with_a_hint(name, stated, says):
    with pytest.raises(CarbonError, match=says) as caught:
        axis_of(name, stated)
    assert caught.value.hint


def test_one_value_at_both_ends_is_one_plan():
    assert axis_of("params", {"from": 1e9, "to": 1e9, "n": 9}).size == 1


def test_a_text_field_refuses_a_number():
    with pytest.raises(PlanError):
        axis_of("hw", [100])


def test_the_value_that_a_long_list_has_twice_is_found_at_once():
    values = [float(number) for number in range(1, 200_001)]  # compared pair by pair, these take minutes
    with pytest.raises(PlanError, match=r"params lists 200000\.0 twice"):
        axis_of("params", [*values, values[-1]])
