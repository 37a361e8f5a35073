import re

from traincarbon.reporting.charts.scatter import Group
from traincarbon.reporting.plots.predictions import prediction, prediction_chart
from traincarbon.uncertain import Interval


def chart(unit="s", came=2.0):
    dot = prediction("run", came, Interval(came / 2, 1.5 * came, 4.5 * came), of="published", unit=unit)
    return prediction_chart("chart-a", "Time of a step", [Group("one", [dot])], of="published", unit=unit, note="1 run.")


def test_a_point_says_what_came_what_was_predicted_and_their_ratio():
    dot = prediction("run", 2.0, Interval(1.0, 3.0, 9.0), of="measured", unit="s", kind="without calibration")
    assert dot.tip == "run: measured 2 s, without calibration 3 s (1 s – 9 s), × 1.50"
    assert (dot.x, dot.y) == (Interval.of(2.0), Interval(1.0, 3.0, 9.0))


def test_both_axes_are_alike_and_name_what_they_show():
    shown = chart().draw(520.0)
    across = re.findall(r'class="ch-tick">([^<]*)</text>', shown)
    assert "published" in across
    assert "predicted, with its 90 % interval" in across
    assert across.count("5 s") == 2


def test_gpu_hours_stand_in_the_title_of_the_axis():
    shown = chart("h", 1e6).draw(520.0)
    assert "published, GPU-hours" in shown
    assert ">1M<" in shown


def test_a_share_is_in_percent_and_the_data_hold_every_bound():
    found = chart("", 0.4)
    assert found.rows == [("run", "one", "40 %", "60 %", "20 %", "180 %")]
    assert "40 %" in found.draw(320.0)


def test_names_are_in_the_data_and_not_on_the_drawing():
    assert ">run</text>" not in chart().draw(520.0)
