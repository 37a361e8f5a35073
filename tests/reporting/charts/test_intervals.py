"""A forest plot shows every row; what is not known has a label and no mark."""

import re

from traincarbon.reporting.charts.axis import log_axis
from traincarbon.reporting.charts.intervals import Limit, Row, draw_intervals
from traincarbon.uncertain import Interval

ROWS = [
    Row("first", Interval(1.0, 2.0, 4.0), "$2"),
    Row("own", Interval(2.0, 4.0, 8.0), "$4", is_own=True),
    Row("unsure", Interval(1.0, 3.0, 9.0), "$3", is_sure=False),
    Row("exact", Interval(3.0, 3.0, 3.0), "$3"),
    Row("unknown", None, "not known"),
]


def drawn(**more):
    return draw_intervals(320.0, title="Cost", rows=ROWS, axis=log_axis([1.0, 9.0], words=str), **more)


def test_each_row_is_a_mark_that_says_its_label_and_its_value():
    assert re.findall(r"<title>([^<]+)</title>", drawn()) == ["first: $2", "own: $4", "unsure: $3", "exact: $3", "unknown: not known"]


def test_an_interval_is_a_line_with_a_dot_and_an_unknown_one_is_neither():
    assert drawn().count("<circle") == 4
    assert drawn().count("ch-bar") == 3, "an exact value has no line"


def test_the_plan_has_its_own_colour_and_what_is_not_sure_is_hollow():
    assert 'class="c1 ch-edge"' in drawn()
    assert drawn().count("ch-hollow") == 1


def test_a_limit_is_drawn_across_and_named():
    assert "ch-limit" not in drawn()
    assert "<title>budget $5</title>" in drawn(limit=Limit(5.0, "budget $5"))


def test_the_dot_lies_where_the_median_is():
    axis = log_axis([1.0, 9.0], words=str)
    (x,) = re.findall(r'class="c1 ch-edge" cx="([\d.]+)"', drawn())
    assert abs(float(x) - (8.0 + axis.share(4.0) * 304.0)) < 0.06
