"""Lines on two axes: their points lie where their values are, and their labels do not cover each other."""

import itertools
import re

import pytest

from traincarbon.reporting.charts.axis import linear_axis
from traincarbon.reporting.charts.curves import Band, Curve, Point, draw_curves
from traincarbon.reporting.charts.intervals import Limit

X, Y = linear_axis(12.0, words=lambda value: f"{value:g}", title="months"), linear_axis(10.0, words=lambda value: f"${value:g}", title="paid")


def drawn(*curves, **more):
    return draw_curves(320.0, title="Money", x=X, y=Y, curves=curves, **more)


def test_labels_of_lines_that_end_together_stand_apart():
    shown = drawn(*(Curve(f"line {at}", [(0.0, 0.0), (12.0, 5.0 + at / 10.0)], at) for at in range(4)))
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="end" class="ch-name', shown))
    assert len(heights) == 4
    assert all(later - earlier >= 13.9 for earlier, later in itertools.pairwise(heights))


def test_a_line_begins_and_ends_at_its_values():
    (path,) = re.findall(r'class="ch-line s0" d="([^"]+)"', drawn(Curve("a", [(0.0, 0.0), (12.0, 10.0)])))
    (x0, y0), (x1, y1) = ((float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path))
    assert x1 == 312.0
    assert (x0 < x1, y0 > y1) == (True, True)
    assert y0 - y1 == pytest.approx(122.0)


def test_a_line_of_which_nothing_is_known_is_not_drawn():
    assert "ch-line" not in drawn(Curve("a", [(0.0, None), (1.0, None)]))


def test_points_say_what_they_are_and_stay_within_the_drawing():
    shown = drawn(points=[Point(12.0, 10.0, "the last", "12 months: $10", is_strong=True), Point(0.0, 0.0, "the first", "0")])
    assert re.findall(r"<title>([^<]+)</title>", shown) == ["12 months: $10", "0"]
    assert 'text-anchor="end" class="ch-strong">the last' in shown


def test_limits_levels_and_bands_are_drawn():
    shown = drawn(limit=Limit(6.0, "now"), level=Limit(8.0, "budget"), bands=[Band([(0.0, 1.0), (12.0, 2.0)], [(0.0, 3.0), (12.0, 4.0)])])
    assert re.findall(r"<title>([^<]+)</title>", shown) == ["budget", "now"]
    assert "ch-area" in shown
