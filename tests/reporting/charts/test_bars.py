"""Bars reach from where to where they say, and change their colour at the middle."""

import re

import pytest

from traincarbon.reporting.charts.axis import linear_axis, log_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars


def rects(drawn, css):
    return [(float(x), float(width)) for x, width in re.findall(rf'<rect class="{css}" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)]


def test_the_length_of_a_bar_is_its_value():
    drawn = draw_bars(316.0, title="Parts", bars=[Bar("a", 0.0, 10.0, "10"), Bar("b", 0.0, 5.0, "5", 2)], axis=linear_axis(10.0, words=str))
    assert rects(drawn, "c0") == [(8.0, 300.0)]
    assert rects(drawn, "c2") == [(8.0, 150.0)]
    assert re.findall(r"<title>([^<]+)", drawn) == ["a: 10", "b: 5"]


def test_a_swing_has_one_colour_below_the_middle_and_another_above():
    axis = log_axis([1.0, 16.0], words=str)
    drawn = draw_bars(316.0, title="Swings", bars=[Bar("a", 1.0, 16.0, "")], axis=axis, middle=4.0)
    ((below, width), (above, other)) = rects(drawn, "c0") + rects(drawn, "c1")
    assert width == pytest.approx(other, abs=0.11)
    assert below + width == pytest.approx(above, abs=0.11)
