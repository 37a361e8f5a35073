"""Reports in a real browser at the widths of a phone, a tablet, a laptop and a wide screen: what is cut off has a sign, results stay in sight, tables answer."""

import re

import pytest

from journals import lines_of
from traincarbon.estimation.plan import Plan
from traincarbon.ledger.record import merge
from traincarbon.reporting.extent import Extent
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import ReportedRun, Subjects, reported_plan

PHONE, TABLET, LAPTOP, WIDE = 360, 768, 1280, 1920
LEAST_TEXT_PX = 12.0


def runs(count):
    return [ReportedRun(merge(lines_of(run_id=f"run-{at}", begin_s=86_400.0 * 40 * at, start={"project": f"p{at % 3}"}), now_s=4e9)) for at in range(count)]


@pytest.fixture(scope="module")
def pages(shipped, tmp_path_factory):
    """Return the addresses of a whole report on a plan and of one on runs."""
    folder = tmp_path_factory.mktemp("pages")
    plan = reported_plan(Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=64, region="france"), shipped)
    made = {
        "plan": report_html(Subjects([plan], []), database=shipped),
        "full": report_html(Subjects([plan], []), database=shipped, extent=Extent.FULL),
        "runs": report_html(Subjects([], runs(20)), database=shipped),
        "one run": report_html(Subjects([plan], runs(1)), database=shipped),
    }
    for kind, page in made.items():
        (folder / f"{kind}.html").write_text(page, encoding="utf-8")
    return {kind: (folder / f"{kind}.html").as_uri() for kind in made}


@pytest.fixture
def opened(driven, pages):
    found = []

    def open_page(kind, fragment="", **options):
        found.append(driven.open(pages[kind] + fragment, **options))
        return found[-1]

    yield open_page
    for page in found:
        page.close()


@pytest.mark.parametrize("kind", ["full", "runs", "one run"])
def test_at_every_width_the_page_stays_within_the_screen_and_text_is_large_enough(opened, kind):
    page = opened(kind)
    for width in (320, PHONE, TABLET, LAPTOP, WIDE):
        page.resize(width)
        assert page.ask("document.documentElement.scrollWidth <= innerWidth"), width
        small = page.ask(f"""[...document.querySelectorAll("main *")].filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())
            && each.checkVisibility() && !each.closest("svg") && parseFloat(getComputedStyle(each).fontSize) < {LEAST_TEXT_PX - 0.01}).map(each => each.outerHTML.slice(0, 80))""")
        assert small == [], width
    assert page.problems == []


def test_text_in_charts_is_as_large_as_elsewhere_on_a_phone(opened):
    page = opened("full", width=PHONE)
    least = page.ask("""Math.min(...[...document.querySelectorAll(".chart svg")].filter(svg => svg.getClientRects().length).map(svg =>
        12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))""")
    assert least >= LEAST_TEXT_PX * 0.9


def test_what_is_wider_than_a_phone_shows_that_there_is_more_and_is_moved_with_keys(opened):
    page = opened("full", width=PHONE)
    wide = page.ask("""[...document.querySelectorAll(".wide")].filter(each => each.scrollWidth > each.clientWidth + 1)
        .map(each => [getComputedStyle(each).backgroundImage.split("linear-gradient").length - 1, each.tabIndex])""")
    assert len(wide) > 3
    assert all(found == [4, 0] for found in wide), "a shadow at each side, and the focus of a keyboard"
    page.ask(
        """(() => { const each = [...document.querySelectorAll(".wide")].find(each => each.checkVisibility() && each.scrollWidth > each.clientWidth + 60); each.id = "moved"; each.focus(); })()"""
    )
    page.press("ArrowRight")
    page.wait_for("document.querySelector('#moved').scrollLeft > 0")


def test_the_main_results_and_the_change_of_each_are_in_sight_while_a_reader_sets_on_a_phone(opened):
    page = opened("plan", width=PHONE, height=740)
    page.ask("document.querySelector('#p1-what-if [name=mfu]').scrollIntoView({block: 'center'})")
    inside = "(() => { const box = document.querySelector('#p1-what-if .sticky').getBoundingClientRect(); return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight + 1; })()"
    assert page.ask(inside)
    before = page.text("#p1-what-if .sticky")
    page.ask("document.querySelector('#p1-what-if [name=mfu]').focus()")
    page.press("ArrowRight", "ArrowRight")
    page.wait_for(f"document.querySelector('#p1-what-if .sticky').innerText !== {before!r}")
    assert page.ask(inside)
    change = page.ask(
        "(() => { const cell = document.querySelector('#p1-what-if [data-change=rent_usd]'); cell.scrollIntoView({block: 'center'}); const box = cell.getBoundingClientRect(); return [cell.innerText, box.right <= innerWidth]; })()"
    )
    assert re.match("[+−]", change[0])
    assert change[1]


def test_five_cards_stand_in_one_row_from_a_tablet_on_and_none_is_alone_on_a_phone(opened):
    page = opened("plan", width=TABLET)
    tops = "[...document.querySelectorAll('.sheet .card')].map(card => Math.round(card.getBoundingClientRect().top))"
    for width in (TABLET, LAPTOP, WIDE):
        page.resize(width)
        assert len(set(page.ask(tops))) == 1, width
    page.resize(PHONE)
    rows = page.ask(
        "(() => { const cards = [...document.querySelectorAll('.sheet .card')].map(card => card.getBoundingClientRect()); return cards.filter(box => box.width < 150 && cards.filter(other => other.top === box.top).length === 1).length; })()"
    )
    assert rows == 0


def test_on_a_wide_screen_the_page_is_used(opened):
    page = opened("full", width=WIDE)
    width = page.ask("document.querySelector('main').getBoundingClientRect().width")
    used = page.ask("Math.max(...[...document.querySelectorAll('main .wide table, main .charts')].map(each => each.getBoundingClientRect().width))")
    assert width >= 0.7 * WIDE
    assert used >= 0.95 * (width - 60)


@pytest.mark.parametrize("width", [PHONE, TABLET, LAPTOP])
def test_no_interval_and_no_percentage_breaks_at_the_end_of_a_line(opened, width):
    page = opened("full", "#p1.mfu=0.4&p1.pue=1.2", width=width)
    found = page.ask("""(() => {
        const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), range = document.createRange(), found = [];
        let seen = 0;
        for (let node; (node = walk.nextNode()); ) {
            if (node.parentElement.closest("script, svg") || !node.parentElement.checkVisibility()) continue;
            for (const each of node.data.matchAll(/[\\d.,]+[\\s\\u00a0]*[kM]?[\\s\\u00a0]*[%–][\\s\\u00a0\\u2060]*[$\\d.,]*/g)) {
                range.setStart(node, each.index);
                range.setEnd(node, each.index + each[0].trimEnd().length);
                seen += 1;
                if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) found.push(each[0]);
            }
        }
        return [seen, found];
    })()""")
    assert found[0] > 100
    assert found[1] == []


@pytest.mark.parametrize("width", [TABLET, 1000, LAPTOP])
def test_the_change_of_each_result_is_in_sight_on_a_tablet_too(opened, width):
    page = opened("plan", "#p1.pue=1.2", width=width)
    edges = page.ask("[...document.querySelectorAll('#p1-what-if [data-change]')].map(each => each.closest('td').getBoundingClientRect().right)")
    assert len(edges) > 10
    columns = len(set(page.ask("[...document.querySelectorAll('#p1-what-if form > p')].map(each => Math.round(each.getBoundingClientRect().left))")))
    assert (columns > 1) == (width < LAPTOP), "the controls stand in columns where they have the width of the page"
    assert max(edges) <= page.ask("document.querySelector('#p1-what-if .wide').getBoundingClientRect().right") + 1


def test_the_parts_leave_no_gap_beside_a_longer_one(opened):
    page = opened("full", width=LAPTOP)
    gaps = page.ask("""(() => {
        const boxes = [...document.querySelectorAll("#p1-parts .box")].map(each => each.getBoundingClientRect());
        const columns = new Map();
        for (const box of boxes) columns.set(Math.round(box.left), [...(columns.get(Math.round(box.left)) || []), box]);
        return [columns.size, Math.max(...[...columns.values()].flatMap(each => each.slice(1).map((box, at) => box.top - each[at].bottom)))];
    })()""")
    assert gaps[0] == 2
    assert gaps[1] < 60


def test_a_table_of_runs_is_sorted_filtered_and_kept(opened):
    page = opened("runs")
    head = "#runs table.sortable thead th:nth-of-type(1)"
    page.click("#runs table.sortable thead button")
    assert page.ask(f"document.querySelector({head!r}) !== null")
    page.ask("document.querySelector('#runs .of-table.sorted input').focus()")
    page.type("run-1")
    shown = page.ask(
        "[...document.querySelectorAll('#runs table.sortable tbody tr')].filter(row => row.checkVisibility()).map(row => row.cells[0].textContent)"
    )
    assert len(shown) == 11
    assert all("run-1" in each for each in shown)
    assert "11 of 20 rows; the total is that of all" in page.text("#runs .of-table.sorted")
    assert page.ask("document.querySelector('#live').textContent").startswith("11 of 20 rows")
    saved = page.ask("""new Promise(done => {
        document.addEventListener("click", event => { if (event.target.download) { event.preventDefault(); done([event.target.download, decodeURIComponent(event.target.href)]); } }, true);
        const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { done([this.download, decodeURIComponent(this.href)]); };
        document.querySelector("#runs .of-table.sorted button").click();
    })""")
    assert saved[0] == "by-run-the-largest-first.csv"
    assert saved[1].count("\n") == 1 + 11 + 1, "the head, what is shown, and the total"


def test_in_print_there_are_no_buttons_of_tables(opened):
    page = opened("runs")
    page.send("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.ask("[...document.querySelectorAll('.files, .of-table')].filter(each => each.checkVisibility()).length") == 0
