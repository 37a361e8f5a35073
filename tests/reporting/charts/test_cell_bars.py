"""Drawings show what they are given, to scale."""

import re

import pytest

from traincarbon.reporting.charts.cell_bars import Axis, Line, axis_of, interval_bar, lines, share_bar, stacked_bar, two_sided_bar
from traincarbon.uncertain import Interval


def numbers(drawing, attribute):
    return [float(value) for value in re.findall(rf' {attribute}="([\d.]+)"', drawing)]


def test_a_logarithmic_axis_puts_the_middle_of_the_factors_in_the_middle():
    scale = Axis(1.0, 100.0)
    assert [scale.position(value) for value in (0.5, 1.0, 10.0, 100.0, 1e9)] == [0.0, 0.0, 50.0, 100.0, 100.0]
    assert Axis(1.0, 1.0).position(5.0) == 50.0


def test_an_axis_holds_every_interval_and_ignores_what_is_not_known():
    scale = axis_of([Interval(2.0, 3.0, 4.0), None, Interval(0.0, 0.0, 0.0), Interval(10.0, 20.0, 40.0)])
    assert scale.low < 2.0
    assert scale.high > 40.0
    assert axis_of([None]) == Axis(1.0, 1.0)


def test_an_interval_is_a_band_with_a_mark_at_its_median():
    drawing = interval_bar(Interval(1.0, 10.0, 100.0), Axis(1.0, 100.0))
    assert numbers(drawing, "x") == [0.0, 49.4]
    assert numbers(drawing, "width") == [100.0, 1.2]
    assert interval_bar(None, Axis(1.0, 2.0)) == ""
    assert interval_bar(Interval(0.0, 0.0, 0.0), Axis(1.0, 2.0)) == ""


def test_a_share_fills_its_part_of_the_track_and_no_more():
    assert numbers(share_bar(0.25), "width") == [100.0, 25.0]
    assert numbers(share_bar(7.0), "width") == [100.0, 100.0]


def test_shares_stand_side_by_side():
    assert numbers(stacked_bar([0.25, 0.75]), "x") == [0.0, 25.0]


def test_a_swing_reaches_as_far_to_one_side_as_to_the_other():
    drawing = two_sided_bar(0.5, 2.0, 4.0)
    assert numbers(drawing, "x") == [25.0, 50.0, 49.85]
    assert numbers(drawing, "width")[:2] == [25.0, 25.0]


def test_a_line_breaks_where_nothing_is_known():
    drawing = lines("P", series=[Line("a", [0.0, 5.0, None, 10.0])], top="10 W", begin="b", end="e", most=10.0)
    (path,) = re.findall(r'class="line s0" d="([^"]+)"', drawing)
    assert path == "M0.0 100.0h2L333.3 50.0M1000.0 0.0h2"
    assert "keys" not in drawing


def test_several_lines_are_named():
    drawing = lines("P", series=[Line("<a>", [1.0]), Line("b", [None])], top="1", begin="", end="", most=1.0)
    assert drawing.count("<li>") == 0
    assert lines("P", series=[Line("<a>", [1.0]), Line("b", [1.0])], top="1", begin="", end="", most=1.0).count("<li>") == 2


@pytest.mark.parametrize(("values", "most"), [([None, None], 1.0), ([], 1.0), ([0.0], 0.0)])
def test_nothing_known_is_no_chart(values, most):
    assert lines("P", series=[Line("a", values)], top="", begin="", end="", most=most) == ""
