"""The page is one small file: nothing in it is fetched, and no name from outside becomes markup."""

import re

from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.markup import html
from traincarbon.reporting.plots.page import page

EVIL = "</script><script>alert(1)</script><!--"


def chart(title="A chart", rows=(("one", "1"),), note=""):
    return Chart("chart-a", title, lambda width: html('<svg width="{:g}"></svg>', width), ("Name", "Value"), rows, note)


def made(title="Title", lead=("The lead.",), charts=()):
    return page(title=title, lead=lead, charts=charts)


def test_a_chart_is_drawn_for_a_phone_and_for_a_screen_with_its_data_below():
    text = made(charts=[chart()])
    assert text.count("<svg ") == 2
    assert re.search(r'<th scope="row">one</th><td class="n">1</td>', text)


def test_sentences_above_the_charts_have_a_capital_and_a_stop_and_empty_ones_are_left_out():
    text = made(lead=("the rent is of 2023", "", "Cheapest: a."))
    assert "<p>The rent is of 2023.</p><p>Cheapest: a.</p></header>" in text


def test_no_name_from_outside_ends_the_script_or_opens_an_element():
    text = made(EVIL, (EVIL,), [chart(EVIL, [(EVIL, EVIL)], EVIL)])
    assert text.count("<script>") == text.count("</script>") == 1
    assert "<!--" not in text


def test_the_page_forbids_itself_every_request_and_is_small():
    text = made(charts=[chart()])
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
    assert len(text) < 60_000


def test_a_page_without_charts_says_so():
    assert "There is nothing to show." in made()
