"""The page is one file that loads nothing, runs nothing but its own script, and shows names as names."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser

import pytest

from acme import WORLD
from browser import chromium, need_chromium
from journals import lines_of
from traincarbon.estimation.plan import Plan
from traincarbon.ledger.record import merge
from traincarbon.reporting.extent import Extent
from traincarbon.reporting.header import Header
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import ReportedPlan, ReportedRun, Subjects, reported_plan

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u202e שלום"
FIELDS = {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "servers": 64}
VOID = {"meta", "input", "img", "br", "rect", "path", "circle"}


class Outline(HTMLParser):
    """The elements of a page, each of which must be closed where it was opened."""

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.ids, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        assert not [name for name in found if name.startswith("on") or name == "style"], found

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID, attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def requests_in(log):
    """The addresses that a browser asked for, of its log of the net."""
    found = json.loads(log.read_text(errors="replace"))
    kind = found["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    return {url for event in found["events"] if event["type"] == kind and (url := event.get("params", {}).get("url", "")).startswith("http")}


def subjects_of(database, *plans, runs=()):
    return Subjects([reported_plan(Plan(**plan), database) for plan in plans], [ReportedRun(run) for run in runs])


def outline_of(page):
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    return outline


@pytest.fixture(scope="module")
def page(shipped):
    return report_html(subjects_of(shipped, FIELDS), database=shipped)


def test_the_page_is_well_formed_with_one_title_and_no_level_of_headings_left_out(page):
    outline = outline_of(page)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)


def test_sections_come_in_the_order_in_which_a_committee_asks(page):
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page) == [
        "Decision",
        "What if",
        "Money",
        "Cheaper and cleaner alternatives",
        "Carbon",
        "In other regions",
        "On other hardware",
        "Where the uncertainty comes from",
        "Layout",
        "Results and what they are made of",
        "Assumptions",
        "How it was computed",
        "Sources",
    ]


def test_the_page_begins_with_links_to_its_sections(page):
    (nav,) = re.findall(r"<nav.*?</nav>", page)
    assert nav.count("<li>") == len(re.findall(r"<h2", page))


def test_the_policy_allows_nothing_but_the_pages_own_style_and_script_by_their_hashes(page):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_nothing_is_loaded_from_anywhere(page):
    assert not re.search(r"\b(src|srcset|poster|action|background)=|@import|url\(|<link|<iframe|<object|<base", page)
    assert len(page.encode()) < 400_000


def test_the_same_items_make_the_same_page(shipped, page):
    assert report_html(subjects_of(shipped, FIELDS), database=shipped) == page


def test_hostile_names_are_text_everywhere(shipped):
    record = merge(lines_of(run_id=EVIL, start={"project": EVIL, "hw": EVIL}), now_s=2e9)
    header = Header(title=EVIL, notes=EVIL, approvers=(EVIL,))
    page = report_html(
        subjects_of(shipped, {**FIELDS, "name": EVIL}, {**FIELDS, "name": "x" * 10_000}, runs=[record, merge(lines_of(run_id="b"), now_s=2e9)]),
        header=header,
        database=shipped,
    )
    outline_of(page)
    assert "<img" not in page
    assert len(re.findall(r"<script>", page)) == 1
    assert "x" * 200 not in page
    assert "\u202e" not in page


def test_progress_is_reported_before_each_plan(shipped):
    reported = []
    report_html(subjects_of(shipped, FIELDS, FIELDS), database=shipped, progress=lambda done, of: reported.append((done, of)))
    assert reported == [(0, 2), (1, 2)]


def test_several_plans_are_set_side_by_side_and_each_is_an_article(shipped):
    page = report_html(subjects_of(shipped, {**FIELDS, "name": "One"}, {**FIELDS, "name": "Two", "region": "france"}), database=shipped)
    outline = outline_of(page)
    assert len(outline.ids) == len(set(outline.ids))
    assert "The plans side by side" in page
    assert re.findall(r'<article id="(p\d)"', page) == ["p1", "p2"]
    assert outline.headings.count(3) >= 18


def test_a_run_alone_has_the_script_of_its_charts_alone(shipped):
    page = report_html(subjects_of(shipped, runs=[merge(lines_of(), now_s=2e9)]), database=shipped)
    outline_of(page)
    assert page.count("<script") == 1
    assert "LADDERS" not in page
    assert "<title>Run run: " in page


def test_a_run_is_compared_with_the_only_plan(shipped):
    page = report_html(subjects_of(shipped, FIELDS, runs=[merge(lines_of(), now_s=2e9)]), database=shipped)
    assert "Forecast compared with actual" in page


def test_an_estimate_made_with_other_facts_has_no_what_if(shipped):
    item = reported_plan(Plan(**FIELDS), shipped)
    page = report_html(Subjects([ReportedPlan(item.view, None)], []), database=shipped)
    assert "p1-what-if" not in page
    assert "equations" not in page
    assert "In other regions" not in page


def test_unknown_values_are_not_shown_as_zero(make_database):
    database = make_database(WORLD)
    page = report_html(subjects_of(database, {"accelerator_hours": 10.0, "hw": "acme-box"}), database=database)
    outline_of(page)
    assert "not known" in page
    assert not re.search(r'class="value">0', page)


def test_a_browser_shows_the_page_sets_it_by_its_address_and_asks_for_nothing(page, tmp_path):
    need_chromium()
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    log = tmp_path / "net.json"
    shown = html.unescape(chromium(f"{file}#p1.pue=2&p1.region=3&p1.mfu=99", "--dump-dom", f"--log-net-log={log}"))
    assert 'class="live set"' in shown
    (energy,) = re.findall(r'data-change="facility_energy_kwh">([^<]*)', shown)
    assert re.fullmatch(r"\+\d\d %", energy)
    (hours,) = re.findall(r'data-change="accelerator_hours_h">([^<]*)', shown)
    assert hours == ""
    asked = requests_in(log)
    assert all(re.match(r"https?://([\w-]+\.)*(google|googleapis)\.com/", url) for url in asked), "the browser's own calls alone"


def test_injected_markup_neither_runs_nor_makes_requests(page, tmp_path):
    need_chromium()
    smuggled = '<script>document.title = "ran"</script><img src="http://smuggled.example/x.png"><p style="color: red" onclick="x()">x</p></main>'
    file = tmp_path / "report.html"
    file.write_text(page.replace("</main>", smuggled), encoding="utf-8")
    log = tmp_path / "net.json"
    shown = chromium(file, "--dump-dom", f"--log-net-log={log}")
    assert "smuggled.example" in shown
    assert "<title>ran</title>" not in shown
    assert not [url for url in requests_in(log) if "smuggled" in url]


def test_a_moved_control_shows_its_answer_and_the_address_follows_and_a_reset_brings_the_plan_back(shipped, tmp_path):
    need_chromium()
    page = report_html(subjects_of(shipped, {**FIELDS, "params": 70e9}), database=shipped)
    steps = """<script>
      const found = {}, turn = (name, value) => {
        const control = document.querySelector(`[name=${name}]`);
        control.value = value;
        control.dispatchEvent(new Event("input", { bubbles: true }));
      };
      const read = name => document.querySelector(`[data-figure=${name}]`).textContent;
      found.before = read("total_kgco2e");
      turn("region", "2");
      turn("mfu", "0.5");
      found.after = read("total_kgco2e");
      found.mfu = read("mfu");
      found.card = document.querySelector("[data-card=total_kgco2e] .value").textContent;
      found.note = document.querySelector(".set-note").textContent;
      turn("accelerators", "1.2");
      found.state = document.querySelector(".state").textContent;
      turn("accelerators", "");
      setTimeout(() => {
        found.hash = location.hash;
        document.querySelector("button[type=reset]").click();
        found.reset = read("total_kgco2e");
        found.stated = document.querySelector("[data-card=total_kgco2e] .value").textContent;
        found.noted = document.querySelector(".set-note").hidden;
        document.body.textContent = "[[" + JSON.stringify(found) + "]]";
      }, 400);
    </script></body>"""
    file = tmp_path / "report.html"
    open_page = re.sub(r"<meta http-equiv[^>]*>", "", page)
    file.write_text(open_page.replace("</body>", steps), encoding="utf-8")
    found = json.loads(re.search(r"\[\[(.*)\]\]", html.unescape(chromium(file, "--dump-dom", "--virtual-time-budget=3000")))[1])
    assert found["hash"] == "#p1.region=2&p1.mfu=0.5"
    assert found["mfu"] == "50\u00a0%"
    assert "Region Sweden, Accelerators 8, Utilisation (MFU) 50 %" in found["state"].replace("\u00a0", " "), "accelerators come in whole servers"
    assert re.search(r"Does not fit on 8 (accelerators of|×) NVIDIA .*; the figures are for \d+, the fewest that hold it\.", found["state"])
    assert found["after"] != found["before"] == found["reset"]
    assert found["after"].startswith(found["card"]), "the first page follows"
    assert found["before"].startswith(found["stated"])
    assert found["note"].startswith("Set: Region Sweden")
    assert found["noted"] is True


def test_the_title_names_the_plan_or_the_project_and_the_months_of_its_runs(shipped):
    plan = reported_plan(Plan(name="bert", **FIELDS), shipped)
    runs = [ReportedRun(merge(lines_of(run_id=f"run-{at}", start={"project": "nlp"}), now_s=2e9)) for at in range(2)]

    def title(*subjects):
        return re.search(r"<h1>(.*?)</h1>", report_html(Subjects(*subjects), database=shipped, extent=Extent.ONE_PAGE))[1]

    assert title([plan], runs) == "bert: the plan and 2 runs of nlp, 2026-09"
    assert title([], runs) == "2 runs of nlp, 2026-09"
    assert title([plan, plan], []) == "2 plans compared"
