"""The page is one file: nothing in it is fetched, and no name from outside becomes markup."""

import json
import re
import sys

import pytest

from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.reporting.plots.figures import Panel
from traincarbon.reporting.plots.page import page, plot_script

EVIL = "</script><script>alert(1)</script><!--"


def made(title="Title", lead="Lead", panels=(), script="/*plotly*/"):
    return page(title=title, lead=lead, panels=panels, script=script)


def test_the_data_come_back_as_they_were_given():
    figure = {"data": [{"x": [1.0], "name": EVIL + "&é"}], "layout": {}}
    text = made(panels=[Panel("A", "b", figure)])
    assert json.loads(re.search(r"const figures = (.*?);\n", text, re.DOTALL)[1]) == [figure]


def test_the_points_of_a_figure_are_a_table_too_and_guides_are_not():
    guide = {"x": [0.0, 1.0], "y": [0.0, 1.0], "mode": "lines", "name": "guide"}
    points = {"x": [1.5], "y": ["aws"], "mode": "markers+text", "text": [""], "hovertext": ["<b>one &lt;b&gt;</b><br>more"]}
    layout = {"xaxis": {"title": {"text": "cost [$M]"}}, "yaxis": {}}
    text = made(panels=[Panel("A", "b", {"data": [guide, points], "layout": layout})])
    assert re.findall(r"<th scope=\"(?:col|row)\"[^>]*>([^<]*)</th>", text) == ["cost [$M]", "one &lt;b&gt;"]
    assert re.findall(r'<td class="n">([^<]*)</td>', text) == ["1.500", "aws"]
    assert "<details>" not in made(panels=[Panel("A", "b", {"data": [guide], "layout": layout})])


def test_a_reader_can_save_the_figure_as_a_picture_and_print_it():
    text = made()
    assert "displayModeBar: true" in text
    assert "beforeprint" in text


def test_no_name_from_outside_ends_the_script_or_opens_an_element():
    text = made(EVIL, EVIL, [Panel(EVIL, EVIL, {"data": [{"name": EVIL}], "layout": {}})])
    assert text.count("<script>") == text.count("</script>") == 2
    assert "<!--" not in text


def test_the_page_forbids_itself_every_request():
    text = made()
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)


def test_the_page_fits_a_phone_and_follows_the_dark():
    text = made()
    assert 'name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme: dark" in text


def test_a_page_without_figures_says_so():
    assert "There is nothing to show." in made()


def test_plotlys_script_can_stand_in_an_element():
    script = plot_script()
    assert "Plotly" in script
    assert "</script" not in script.lower()


def test_a_missing_plotly_is_an_error_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(CarbonError, match="needs plotly") as caught:
        plot_script()
    assert caught.value.hint == install_command(extra="plots")
