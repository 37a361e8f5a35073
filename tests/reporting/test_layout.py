"""On a narrow screen nothing is cut off: what is wider than the screen is moved within itself, and what is to be read stands still."""

import html
import json
import re

import pytest

from browser import chromium, need_chromium
from journals import lines_of
from traincarbon.estimation.plan import Plan
from traincarbon.ledger.record import merge
from traincarbon.reporting.calculator_page.body import calculator_html
from traincarbon.reporting.header import Header
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import ReportedRun, Subjects, reported_plan

NARROW = 360
LONG = "<b>" + "x" * 10_000
ASK = """<script>
  const frame = document.querySelector("iframe");
  frame.onload = () => {
    const page = frame.contentDocument, box = element => element.getBoundingClientRect();
    const wide = [...page.querySelectorAll(".wide")].filter(each => each.scrollWidth > each.clientWidth + 1);
    for (const each of wide) each.scrollLeft = each.scrollWidth;
    const read = [...page.querySelectorAll(".below div")].map(box);
    const found = {
      over: page.documentElement.scrollWidth - page.documentElement.clientWidth, moved: wide.length, read: read.length,
      off: read.filter(each => each.left < -1 || each.right > innerWidth + 1).length,
      split: [...page.querySelectorAll("#p1-what-if tbody th")].filter(each => {
        const range = page.createRange(), word = each.textContent.match(/[A-Za-z]{8,}/);
        if (!word) return false;
        range.setStart(each.firstChild, word.index);
        range.setEnd(each.firstChild, word.index + word[0].length);
        return range.getClientRects().length > 1;
      }).length,
    };
    document.body.textContent = "[[" + JSON.stringify(found) + "]]";
  };
  frame.srcdoc = JSON.parse(document.querySelector("#page").textContent);
</script>"""


def at_width(page, tmp_path):
    """Return what a browser measures of *page* in a frame of the width of a phone."""
    need_chromium()
    quoted = json.dumps(re.sub(r"<meta http-equiv[^>]*>", "", page)).replace("<", "\\u003c")
    frame = f'<iframe style="width:{NARROW}px;height:900px;border:0"></iframe>'
    file = tmp_path / "frame.html"
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">{frame}<script id="page" type="application/json">{quoted}</script>{ASK}')
    return json.loads(re.search(r"\[\[(.*)\]\]", html.unescape(chromium(file, "--dump-dom", "--virtual-time-budget=5000")), re.DOTALL)[1])


@pytest.fixture(scope="module")
def plan(shipped):
    return reported_plan(Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=64), shipped)


def test_a_plan_fits_a_phone_and_its_words_stay_whole_and_in_sight(plan, shipped, tmp_path):
    found = at_width(report_html(Subjects([plan], []), database=shipped), tmp_path)
    assert found["over"] == 0
    assert found["moved"] > 0
    assert found["read"] > 20
    assert (found["off"], found["split"]) == (0, 0)


def test_the_calculator_fits_a_phone(shipped, tmp_path):
    assert at_width(calculator_html(shipped), tmp_path)["over"] == 0


def test_names_of_any_length_and_numbers_of_any_size_fit_a_phone(shipped, tmp_path):
    header = Header(title=LONG, notes=LONG, approvers=(LONG,))
    runs = [ReportedRun(merge(lines_of(run_id=f"{at}{LONG}", power_w=1e-7, start={"project": LONG, "hw": LONG}), now_s=2e9)) for at in range(2)]
    plan = reported_plan(Plan(name=LONG, params=7e9, tokens=1e12, hw="dgx-a100", servers=64), shipped)
    assert at_width(report_html(Subjects([plan], runs), header=header, database=shipped), tmp_path)["over"] == 0
