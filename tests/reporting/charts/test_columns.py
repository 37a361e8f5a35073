"""Columns are stacks that add up, with a key, and each part says what it is."""

import re

import pytest

from traincarbon.reporting.charts.axis import linear_axis
from traincarbon.reporting.charts.columns import Series, draw_columns

SERIES = [Series("a", [1.0, 2.0], ["$1", "$2"]), Series("<b>", [3.0, 0.0], ["$3", "$0"])]


def drawn(width=320.0):
    return draw_columns(width, title="Cost", names=["2026-01", "2026-02"], series=SERIES, axis=linear_axis(4.0, words=lambda value: f"${value:g}"))


def test_each_part_of_a_column_says_what_it_is_and_none_of_0_is_drawn():
    assert re.findall(r"<title>([^<]+)</title>", drawn()) == ["2026-01, a: $1", "2026-02, a: $2", "2026-01, &lt;b&gt;: $3"]


def test_parts_stand_on_each_other_to_scale():
    found = re.findall(r'<rect class="c(\d) ch-edge" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn())
    (_, y_a, high_a), (_, _, high_later), (_, y_b, high_b) = ((colour, float(y), float(high)) for colour, y, high in found)
    assert high_b == pytest.approx(3.0 * high_a, abs=0.2)
    assert high_later == pytest.approx(2.0 * high_a, abs=0.2)
    assert y_b + high_b == pytest.approx(y_a, abs=0.2)


def test_the_key_names_every_part_and_breaks_where_it_has_no_room():
    assert re.findall(r"<text[^>]*>(a|&lt;b&gt;)</text>", drawn()) == ["a", "&lt;b&gt;"]
    many = [Series("project " + "x" * 20, [1.0], ["1"]) for _ in range(6)]
    shown = draw_columns(320.0, title="C", names=["m"], series=many, axis=linear_axis(6.0, words=str))
    assert max(float(x) for x in re.findall(r'<text x="([\d.]+)" y="[\d.]+">project', shown)) < 320.0
