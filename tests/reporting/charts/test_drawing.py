"""What a drawing shows is text, cut where it has no room, and says itself without a script."""

import re

from traincarbon.reporting.charts.axis import linear_axis
from traincarbon.reporting.charts.drawing import area, box, curve, drawing, fitted, label, mark, rule, x_axis, y_axis

EVIL = '<script>alert(1)</script>"'


def test_words_that_are_too_wide_are_cut():
    assert fitted("short", 100.0) == "short"
    assert fitted("x" * 100, 65.0) == "x" * 9 + "…"


def test_labels_tips_and_titles_are_text():
    drawn = drawing(100.0, 50.0, EVIL, [label(1.0, 2.0, EVIL), mark(EVIL, box(0.0, 0.0, -1.0, 2.0, "a"))])
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 3
    assert 'role="img"' in drawn
    assert 'width="0.0"' in drawn, "no rectangle has a negative width"


def test_a_curve_is_interrupted_where_a_value_is_not_known():
    drawn = curve([(0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 4.0)], "l")
    assert re.findall(r"[ML]", drawn) == ["M", "L", "M"]
    assert curve([(0.0, None)], "l") == ""


def test_an_area_is_closed_along_its_lower_line():
    assert area([(0.0, 1.0), (2.0, 1.0)], [(0.0, 3.0), (2.0, 3.0)], "a") == '<path class="a" d="M0.0 1.0L2.0 1.0L2.0 3.0L0.0 3.0Z"/>'


def test_axes_have_a_line_a_label_for_each_tick_and_a_title():
    axis = linear_axis(10.0, words=lambda value: f"{value:g} t", title="CO2e")
    sides = {"left": 40.0, "right": 300.0, "top": 20.0, "bottom": 120.0}
    for draw in (x_axis, y_axis):
        words = re.findall(r"<text[^>]*>([^<]+)", draw(axis, **sides))
        assert words == ["0 t", "2.5 t", "5 t", "7.5 t", "10 t", "CO2e"]


def test_labels_of_ticks_that_would_touch_are_left_out():
    axis = linear_axis(10.0, words=lambda value: f"{value:g} kilograms")
    assert len(re.findall("<text", x_axis(axis, left=0.0, right=150.0, top=0.0, bottom=50.0))) < len(axis.ticks)


def test_a_rule_is_a_line():
    assert rule(0.0, 1.0, 2.0, 3.0, "r") == '<path class="r" d="M0.0 1.0L2.0 3.0"/>'
