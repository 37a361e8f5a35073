"""A reader chooses one chart of several without scripts; one alone needs no choice."""

import re

from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.choice import choice_html
from traincarbon.reporting.charts.drawing import drawing


def chart(id):
    return Chart(id, id, lambda width: drawing(width, 1.0, id, []), ("a",), [])


def test_the_first_of_several_is_chosen_and_each_has_its_label():
    made = choice_html("p1-x", "Result", [("Cost", chart("a")), ("<Time>", chart("b"))])
    assert re.findall(r'<input type="radio" name="p1-x" id="(p1-x-\d)"( checked)?>', made) == [("p1-x-0", " checked"), ("p1-x-1", "")]
    assert re.findall(r'<label for="p1-x-\d">([^<]+)', made) == ["Cost", "&lt;Time&gt;"]
    assert made.count("<figure") == 2


def test_one_alone_needs_no_choice():
    assert "radio" not in choice_html("x", "Result", [("Cost", chart("a"))])
