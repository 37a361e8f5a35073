"""Drawings show what they are given, to scale."""

import re

from traincarbon.reporting.charts.cell_bars import Axis, axis_of, interval_bar, share_bar, stacked_bar
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
