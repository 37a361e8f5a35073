"""A chart is drawn for a phone and for a wide screen, and its data stand in a table."""

import re

from traincarbon.reporting.charts.chart import NARROW, WIDE, Chart, figure_html
from traincarbon.reporting.charts.drawing import drawing

CHART = Chart(
    "p1-chart-x", "What is <shown>", lambda width: drawing(width, 10.0, "x", []), ("Place", "CO2e"), [("A, B", "1 t"), ("<b>", "not known")], note="A note."
)


def test_a_figure_has_both_drawings_its_title_its_note_and_its_data():
    figure = figure_html(CHART)
    assert re.findall(r'viewBox="0 0 (\d+) 10"', figure) == [f"{NARROW:g}", f"{WIDE:g}"]
    assert "<figcaption>What is &lt;shown&gt;</figcaption>" in figure
    assert '<p class="ch-note">A note.</p>' in figure
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", figure) == ["Place", "CO2e", "A, B", "1 t", "&lt;b&gt;", "not known"]
    assert '<figure class="chart" id="p1-chart-x">' in figure
