import re

import pytest

from traincarbon.reporting.charts.axis import linear_axis
from traincarbon.reporting.charts.bullets import Bullet, draw_bullets
from traincarbon.uncertain import Interval


def test_the_bar_begins_at_0_and_the_interval_lies_where_the_axis_has_it():
    axis = linear_axis(100.0, words=str)
    bullet = Bullet("Energy", Interval(25.0, 50.0, 75.0), 100.0, "100 kWh · 2.0 ×", "Energy: took 100 kWh", axis)
    shown = draw_bullets(320.0, title="Energy", bullets=[bullet])
    band, bar = (tuple(map(float, re.search(rf'class="{css}" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', shown).groups())) for css in ("ch-expected", "c1"))
    assert bar == (8.0, 304.0)
    assert band == pytest.approx((8.0 + 76.0, 152.0))
    assert "<title>Energy: took 100 kWh</title>" in shown
    assert float(re.search(r'class="ch-target" d="M([\d.]+)', shown)[1]) == 160.0


def test_rows_have_axes_of_their_own():
    rows = [Bullet(name, Interval.of(high / 2.0), high, "", "", linear_axis(high, words=str)) for name, high in (("Energy", 10.0), ("Time", 4000.0))]
    shown = draw_bullets(320.0, title="", bullets=rows)
    assert ">10.0<" in shown
    assert ">4000.0<" in shown
