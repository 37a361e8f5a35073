"""Plots of accuracy show medians with intervals over published values, in sets that differ by symbol as well as colour."""

import math

import pytest

from traincarbon.reporting.plots.accuracy_plots import accuracy_panels
from traincarbon.validation.accuracy import Backtest, Case

EVIL = "<script>alert(1)</script>&\x1b"


def case(id="a", set="one", quantity="step_time_s", published=2.0, median=3.0):
    return Case(id, set, quantity, published, median / 2, median, median * 3, 0.5, {})


def panels(*cases):
    return accuracy_panels(Backtest(cases, (), "x"))


def markers(panel):
    return [trace for trace in panel.figure["data"] if trace["mode"] == "markers"]


def test_there_is_a_panel_for_each_quantity_in_order():
    found = panels(case(quantity="mfu", published=0.3, median=0.4), case())
    assert [panel.title for panel in found] == ["Time of a step", "Utilisation (MFU)"]
    assert [panel.figure["layout"]["xaxis"]["title"]["text"] for panel in found] == ["published [s]", "published"]


def test_a_point_is_the_median_over_the_published_value_with_its_interval():
    (trace,) = markers(panels(case())[0])
    assert (trace["x"], trace["y"]) == ([2.0], [3.0])
    assert (trace["error_y"]["array"], trace["error_y"]["arrayminus"]) == ([6.0], [1.5])
    assert trace["text"] == ["<b>a</b><br>one<br>published 2 s<br>predicted 3 s<br>90 % interval 1.5 – 9 s<br>estimate / published 1.5"]


def test_both_axes_are_logarithmic_with_one_range_that_holds_every_interval():
    layout = panels(case(), case("b", published=500.0, median=400.0))[0].figure["layout"]
    assert layout["xaxis"]["range"] == layout["yaxis"]["range"]
    low, high = layout["xaxis"]["range"]
    assert low < math.log10(1.5)
    assert high > math.log10(1200.0)
    assert {layout["xaxis"]["type"], layout["yaxis"]["type"]} == {"log"}


def test_the_band_is_a_factor_of_two_about_the_line():
    band, line = panels(case())[0].figure["data"][:2]
    assert line["x"] == line["y"]
    assert [y / x for x, y in zip(band["x"], band["y"], strict=True)] == [2.0, 2.0, 0.5, 0.5]


def test_sets_differ_in_colour_and_in_shape_and_those_beyond_seven_are_one():
    found = markers(panels(*(case(str(at), f"set{at}") for at in range(10)))[0])
    assert len(found) == 8
    assert len({trace["marker"]["color"] for trace in found}) == 8
    assert len({trace["marker"]["symbol"] for trace in found}) == 8
    assert (found[-1]["name"], len(found[-1]["x"])) == ("3 other sets", 3)


def test_the_largest_sets_are_named():
    cases = [case(str(at), f"set{at}") for at in range(8)] + [case("x", "set7"), case("y", "set7")]
    assert markers(panels(*cases)[0])[0]["name"] == "set7"


def test_names_from_outside_are_text():
    (trace,) = markers(panels(case(EVIL, EVIL))[0])
    assert trace["name"] == "&lt;script&gt;alert(1)&lt;/script&gt;&amp;�"
    assert "<script>" not in trace["text"][0]


def test_the_caption_states_the_errors():
    (panel,) = panels(case(), case("b"))
    assert panel.caption == "2 published values; error ln: median 0.41, 90th percentile 0.41; 0 % inside the 50 % interval, 100 % inside the 90 % interval."


@pytest.mark.parametrize(("median", "ticks"), [(3.0, ["2", "5", "10"]), (3e6, ["2×10<sup>6</sup>", "5×10<sup>6</sup>", "10<sup>7</sup>"])])
def test_ticks_are_few_and_readable(median, ticks):
    axis = panels(case(published=median, median=median))[0].figure["layout"]["xaxis"]
    assert axis["ticktext"] == ticks
    assert axis["tickvals"] == pytest.approx([tick * median / 3.0 for tick in (2.0, 5.0, 10.0)])


def test_many_decades_have_at_most_ten_ticks():
    axis = panels(case(published=1e-20, median=1e-20), case("b", published=1e25, median=1e25))[0].figure["layout"]["xaxis"]
    assert len(axis["tickvals"]) <= 10


def test_nothing_tried_has_no_panels():
    assert panels() == []
