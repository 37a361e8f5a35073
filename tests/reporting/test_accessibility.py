"""axe-core finds nothing by WCAG 2.2 AA in any kind of page, light or dark, wide or narrow; a keyboard reaches the controls soon."""

import html
import importlib.util
import json
import re
from pathlib import Path

import pytest

from browser import chromium, need_chromium
from journals import lines_of
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.ledger.record import merge
from traincarbon.reporting.calculator_page.body import calculator_html
from traincarbon.reporting.extent import Extent
from traincarbon.reporting.header import Header
from traincarbon.reporting.plots.choice_plots import comparison_charts
from traincarbon.reporting.plots.page import page
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import ReportedRun, Subjects, reported_plan

FIELDS = {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "servers": 64}
MOST_STOPS, LEAST_TEXT_PX = 15, 12.0
SCHEMES = {"dark": 0, "light": 1}
"""Chromium's numbers of what a reader prefers."""
RUN = """<script>
axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
  .then(found => found.violations.map(({ id, impact, nodes }) => [impact, id, nodes.length, nodes[0].html.slice(0, 200)]))
  .then(found => { document.body.textContent = "[[" + JSON.stringify([matchMedia("(prefers-color-scheme: dark)").matches, innerWidth, found]) + "]]"; });
</script></body>"""


@pytest.fixture(scope="module")
def axe():
    """Return axe's script, of a package that is installed without the browser driver that it is made for."""
    need_chromium()
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe-playwright-python is not installed")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def run_of(run_id, **fields):
    return ReportedRun(merge(lines_of(run_id=run_id, **fields), now_s=2e9))


@pytest.fixture(scope="module")
def pages(shipped):
    plans = [reported_plan(Plan(**FIELDS), shipped)]
    header = Header(title="Training of 2027", notes="Why we ask.\n\nA second paragraph.", approvers=("Head of research",))
    choices = comparison_charts(compare(params=7e9, tokens=1e12, hw=["dgx-a100", "dgx-h100"], servers=64, database=shipped))
    return {
        "estimate": report_html(Subjects(plans, []), header=header, database=shipped),
        "full": report_html(Subjects(plans, []), header=header, database=shipped, extent=Extent.FULL),
        "plan and run": report_html(Subjects(plans, [run_of("a")]), database=shipped),
        "ledger": report_html(Subjects([], [run_of(f"run-{at}", start={"project": f"p{at % 3}"}) for at in range(20)]), database=shipped),
        "calculator": calculator_html(shipped),
        "choices": page(title="Choices", lead=["What can be chosen."], charts=choices),
    }


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("kind", "width"),
    [
        ("estimate", 1280),
        ("estimate", 500),
        ("full", 1280),
        ("full", 500),
        ("plan and run", 1280),
        ("ledger", 1280),
        ("choices", 1280),
        ("calculator", 1280),
        ("calculator", 500),
        ("choices", 500),
    ],
)
def test_axe_finds_nothing(axe, pages, tmp_path, kind, width, scheme):
    open_page = re.sub(r"<meta http-equiv[^>]*>", "", pages[kind])
    file = tmp_path / "page.html"
    file.write_text(open_page.replace("</body>", f"<script>{axe}</script>{RUN}"), encoding="utf-8")
    shown = chromium(
        file, "--dump-dom", "--virtual-time-budget=60000", f"--window-size={width},900", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    )
    is_dark, inner_width, found = json.loads(re.search(r"\[\[(.*)\]\]", html.unescape(shown), re.DOTALL)[1])
    assert (is_dark, inner_width) == (scheme == "dark", width)
    assert found == []


def test_a_keyboard_reaches_the_what_if_in_few_steps_and_one_region_speaks(pages, tmp_path):
    need_chromium()
    ask = """<script>
    const stops = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")].filter(each => each.checkVisibility());
    const small = [...document.querySelectorAll("main *")].filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && each.checkVisibility())
      .map(each => parseFloat(getComputedStyle(each).fontSize)).reduce((least, size) => Math.min(least, size), 99);
    const found = {
      first: stops.findIndex(each => each.matches("form *")), small,
      live: document.querySelectorAll("[aria-live], [role=status], [role=alert], output").length,
    };
    document.body.textContent = "[[" + JSON.stringify(found) + "]]";
    </script></body>"""
    file = tmp_path / "page.html"
    file.write_text(re.sub(r"<meta http-equiv[^>]*>", "", pages["estimate"]).replace("</body>", ask), encoding="utf-8")
    found = json.loads(
        re.search(r"\[\[(.*)\]\]", html.unescape(chromium(file, "--dump-dom", "--virtual-time-budget=3000", "--window-size=500,900")), re.DOTALL)[1]
    )
    assert 0 <= found["first"] <= MOST_STOPS
    assert found["live"] == 1
    assert found["small"] >= LEAST_TEXT_PX
