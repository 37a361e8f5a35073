"""The cards and the charts of the first page follow what-if, also in the page of a shared link."""

import html
import json
import re

import pytest

from browser import chromium, need_chromium
from traincarbon.estimation.plan import Plan
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import Subjects, reported_plan

ASK = """<script>
const of = query => [...document.querySelectorAll(query)].map(each => each.textContent.trim());
const mark = document.querySelector("#p1-chart-options svg .ch-set");
const found = { marks: document.querySelectorAll("#p1-decision .ch-set").length, notes: of("#p1-decision .ch-set-note"), value: of('[data-card="rent_usd"] .value')[0],
  bounds: of('[data-card="rent_usd"] .bounds')[0], note: of(".set-note")[0], at: mark && Number(mark.getAttribute("d").split(" ")[1]),
  axis: document.querySelector("#p1-chart-options svg").dataset.x };
document.body.textContent = "[[" + JSON.stringify(found) + "]]";
</script></body>"""


@pytest.fixture(scope="module")
def page(shipped):
    need_chromium()
    made = report_html(Subjects([reported_plan(Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=64), shipped)], []), database=shipped)
    return re.sub(r"<meta http-equiv[^>]*>", "", made).replace("</body>", ASK)


def opened(page, tmp_path, fragment):
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    shown = chromium(f"{file}{fragment}", "--dump-dom", "--virtual-time-budget=3000")
    return json.loads(re.search(r"\[\[(.*)\]\]", html.unescape(shown), re.DOTALL)[1])


def test_a_shared_link_marks_the_result_in_every_chart_where_its_axis_has_it(page, tmp_path):
    found = opened(page, tmp_path, "#p1.rent_price=2&p1.mfu=0.4")
    assert found["note"].replace("\u00a0", " ").startswith("Set: Utilisation (MFU) 40 %, Rent of an accelerator $2/h")
    assert found["marks"] == 2 * len(found["notes"]) == 8
    assert f"With the settings: {found['value']}" in found["notes"][0]
    hours = 6.0 * 7e9 * 1e12 / (0.4 * 312e12) / 3600.0
    first, last, low, high = map(float, found["axis"].split()[:4])
    share = (found["at"] - first) / (last - first)
    assert low * (high / low) ** share == pytest.approx(2.0 * hours, rel=1e-2)


def test_without_settings_nothing_is_marked(page, tmp_path):
    found = opened(page, tmp_path, "")
    assert (found["marks"], found["notes"]) == (0, [])
