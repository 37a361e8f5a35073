"""Figures have axes with few ticks, bars from bound to bound, and escaped names."""

import pytest

from traincarbon.reporting.plots.figures import ends_of, error_bars, log_axis, plain_text, prediction_figure, predictions
from traincarbon.uncertain import Interval


def test_a_long_or_hostile_name_is_short_text():
    assert plain_text("<b>" + "x" * 100) == "&lt;b&gt;" + "x" * 56 + "…"
    assert plain_text("a\x1b\n") == "a��"


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(0.9, 60.0, ["1", "2", "5", "10", "20", "50"]), (1e3, 1e8, ["1000", *(f"10<sup>{at}</sup>" for at in range(4, 9))])]
)
def test_ticks_are_decades_or_where_these_are_few_1_2_and_5_of_each(low, high, ticks):
    assert log_axis("x", low, high)["ticktext"] == ticks


def test_bars_reach_from_bound_to_bound():
    bars = error_bars([Interval(1.0, 3.0, 7.0)], "#000")
    assert (bars["array"], bars["arrayminus"], bars["color"]) == ([4.0], [2.0], "#000")
    assert "color" not in error_bars([])


def test_an_axis_ends_beyond_every_positive_bound():
    assert ends_of([Interval(0.0, 2.0, 8.0)], margin=2.0) == (1.0, 16.0)
    assert ends_of([], margin=2.0) == (0.5, 2.0)


def test_predictions_stand_over_the_truth_within_a_band_of_a_factor_of_two():
    values = [Interval(1.0, 3.0, 7.0)]
    trace = predictions("set", [2.0], values, ["hover"], colour="#000", symbol="circle-open")
    figure = prediction_figure([trace], values, truth="measured", unit="s")
    band, line, shown = figure["data"]
    assert [y / x for x, y in zip(band["x"], band["y"], strict=True)] == [2.0, 2.0, 0.5, 0.5]
    assert line["name"] == "predicted = measured"
    assert (shown["x"], shown["y"], shown["error_y"]["array"]) == ([2.0], [3.0], [4.0])
    assert figure["layout"]["xaxis"]["title"]["text"] == "measured [s]"
    assert figure["layout"]["xaxis"]["range"] == figure["layout"]["yaxis"]["range"]
