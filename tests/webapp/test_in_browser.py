"""The app in a real browser: each page at every width, light and dark, and what a reader does in it with a pointer and with keys."""

import importlib.util
import json
from pathlib import Path

import pytest

from driven_browser import Browser
from webapp.made_store import add_ended, add_evil, add_running, add_without_energy, end_running
from webapp.served import serving

_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_PATHS = (
    "/",
    "/compare",
    "/runs",
    "/fleet",
    "/facts?words=h100",
    "/accuracy",
    "/runs/evil-3",
    "/runs/unmetered",
    "/plan/options?params=7B&tokens=1T&hw=dgx-h100",
)
_WIDTHS = (360, 768, 1280, 1920)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Return the app on a store with runs of every kind; it may be written to."""
    store = tmp_path_factory.mktemp("store")
    add_evil(store)
    priced = {"cost_usd": {"low": 90.0, "median": 100.0, "high": 110.0}}
    add_ended(store, "earlier", begin_s=9.0 * 86_400.0, start={"project": "one project"}, figures=priced)
    add_ended(store, "later", begin_s=70.0 * 86_400.0, start={"project": "another project"}, figures=priced)
    add_without_energy(store, "unmetered")
    with serving(store) as served:
        yield served


@pytest.fixture
def opened(driven, app):
    """Return a function that opens a path of the app; its tabs are closed at the end."""
    pages = []

    def open_page(path, **options):
        pages.append(driven.open(app.url + path, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.parametrize("path", _PATHS)
def test_nothing_is_executed_overflows_or_comes_from_elsewhere(opened, app, path):
    page = opened(path)
    for width in _WIDTHS:
        page.resize(width)
        wide = page.ask("""[...document.querySelectorAll("body *")].filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".wide, .skip, #live"))
            .map(each => each.outerHTML.slice(0, 120))""")
        assert (page.ask("document.documentElement.scrollWidth <= innerWidth"), wide) == (True, []), width
    assert page.problems == []
    assert {url for url in page.requests if not url.startswith((app.url, "data:", "about:"))} == set()


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("path", _PATHS)
def test_axe_finds_nothing(opened, path, is_dark):
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe-playwright-python is not installed")
    page = opened(path, width=360 if is_dark else 1280, is_dark=is_dark)
    page.ask((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8") + "\n;0")
    shown = page.ask(f"""axe.run(document, {{ resultTypes: ["violations"], runOnly: {json.dumps(_AXE_TAGS)} }})
        .then(found => found.violations.map(({{ id, nodes }}) => [id, nodes[0].html.slice(0, 150)]))""")
    assert shown == []


def test_plan_a_keystroke_moves_the_cards_and_the_charts_and_warns_beside_the_field(opened):
    page = opened("/")
    before = page.text("[data-card=rent_usd] .value")
    page.ask('document.querySelector("#f-tokens").select()')
    page.type("1B")
    page.wait_for(f"document.querySelector('[data-card=rent_usd] .value').innerText !== {json.dumps(before)} && location.search.includes('tokens=1B')")
    assert page.text("#n-tokens").startswith("fewer tokens than parameters")
    page.wait_for('document.querySelector("#n-tokens").classList.contains("warn")')
    assert page.ask("document.activeElement.id") == "f-tokens"
    assert page.ask('document.querySelectorAll("#plan-chart-amount .files button").length') == 3
    assert page.ask('document.querySelectorAll("#plan-chart-amount .mark[data-tip]").length') > 3
    assert page.problems == []


@pytest.mark.parametrize("typed", ["nan", "-5", "<script>alert(1)</script>", "1e999", "many"])
def test_plan_what_is_no_number_is_said_beside_its_field(opened, typed):
    page = opened("/")
    page.ask('document.querySelector("#f-tokens").select()')
    page.type(typed)
    page.wait_for('document.querySelector("#n-tokens").classList.contains("wrong")')
    assert page.ask('document.querySelectorAll("[data-card]").length') == 0
    assert page.problems == []


def test_plan_is_saved_reported_and_compared(driven, app):
    page = driven.open(app.link)
    assert "token" not in page.ask("location.href")
    page.click(".presets a")
    page.wait_for("location.search.includes('params=')")
    page.wait_for("document.readyState === 'complete' && document.querySelector('#save-name')")
    page.ask('document.querySelector("#save-name").value = "of the test"; document.querySelector(".save button").click()')
    page.wait_for("document.querySelector('.presets').innerText.includes('of-the-test')")
    page.click(".actions a[href*='/report?']")
    page.wait_for("document.querySelector('.decision .ask')")
    assert page.problems == []
    page.go(f"{app.url}/compare")
    assert "of-the-test" in page.text("form")
    page.close()


def test_compare_draws_what_is_typed(opened):
    page = opened("/compare")
    page.ask('document.querySelector("[name=hw]").select()')
    page.type("dgx-a100, dgx-h100, dgx-b200")
    page.wait_for('document.querySelectorAll("#comparison table:not(.ch-data table) tbody tr").length === 3')
    assert page.ask('document.querySelectorAll("#comparison figure.chart").length') >= 2
    assert "Cheapest: " in page.text("#comparison .lead")


def test_runs_are_filtered_sorted_and_opened(opened):
    page = opened("/runs")
    page.ask('document.querySelector("#r-words").focus()')
    page.type("another")
    page.wait_for('document.querySelectorAll("#runs-found tbody tr").length === 1')
    page.click("#runs-found thead th:nth-child(7) a")
    page.wait_for("location.search.includes('sort=energy')")
    assert "words=another" in page.ask("location.search")
    page.click("#runs-found tbody th a")
    page.wait_for("location.pathname === '/runs/later'")
    page.wait_for('document.querySelectorAll(".cards .card").length === 4')


def test_a_run_without_energy_has_nothing_that_is_0(opened):
    page = opened("/runs/unmetered")
    shown = page.text("main")
    assert "was not metered" in shown
    assert "not known" in shown
    assert " 0 Wh" not in shown
    assert "$0" not in shown


def test_fleet_shows_a_budget_as_it_is_typed_and_its_table_is_sorted_and_filtered(opened):
    page = opened("/fleet")
    page.ask('document.querySelector("#t-budget").focus()')
    page.type("1e3")
    page.wait_for(
        "document.querySelector('#fleet-chart-spending .ch-limit') && document.querySelector('#fleet-chart-spending').textContent.includes('budget $1k')"
    )
    assert "of the budget is spent" in page.text("#fleet-chart-spending")
    page.click("#fleet .sortable thead th:nth-child(2) button")
    assert page.ask("document.querySelector('#fleet .sortable thead th:nth-child(2)').getAttribute('aria-sort')") == "descending"
    page.ask('document.querySelector("#fleet .of-table input").focus()')
    page.type("another")
    assert page.ask('[...document.querySelectorAll("#fleet .sortable tbody tr")].filter(row => !row.hidden).length') == 1


def test_facts_are_found_as_one_types_and_opened(opened):
    page = opened("/facts")
    page.ask('document.querySelector("#w-words").focus()')
    page.type("h100")
    page.wait_for("document.querySelector('#facts tbody a') && document.querySelector('#facts').innerText.includes('H100')")
    page.click("#facts tbody a")
    page.wait_for("location.pathname.startsWith('/facts/')")
    page.wait_for('document.querySelectorAll("main tbody tr").length > 1')


def test_accuracy_states_how_often_intervals_were_right(opened):
    page = opened("/accuracy")
    assert page.ask('document.querySelectorAll("tbody tr").length') >= 1
    assert "%" in page.text("table")


def test_everything_is_reached_with_the_keyboard_alone(opened):
    page = opened("/")
    page.press("Tab")
    assert page.text(":focus") == "To the content"
    page.tab_to("#f-tokens")
    page.ask("document.activeElement.select()")
    page.type("2T")
    page.wait_for("location.search.includes('tokens=2T')")
    page.settle()  # an answer puts new charts in the place of those that have the focus
    page.tab_to("#plan-chart-amount svg")
    page.press("ArrowRight", "ArrowRight")
    page.wait_for("document.querySelectorAll('#plan-chart-amount .mark.on').length === 1")
    page.wait_for("document.querySelector('#live').textContent.includes('chance')")
    page.press("Escape")
    page.tab_to(".actions a[href*='/compare?']")
    page.press("Enter")
    page.wait_for("location.pathname === '/compare'")
    page.tab_to(".menu a[href$='/runs']")
    page.press("Enter")
    page.wait_for("location.pathname === '/runs'")
    page.tab_to("#runs-found tbody th a")
    page.press("Enter")
    page.wait_for("location.pathname.startsWith('/runs/')")
    outline = page.ask("(document.activeElement.blur(), 0)")
    assert outline == 0
    page.press("Tab")
    assert page.ask("getComputedStyle(document.activeElement).outlineStyle") != "none", "the focus is seen"


def test_a_store_that_changes_while_it_is_served_is_followed(opened, app):
    add_running(app.store, "now")
    page = opened("/runs/now")
    page.wait_for("document.querySelector('[sse-swap] .value')?.innerText.endsWith(' s')")
    end_running(app.store, "now")
    page.wait_for("document.querySelector('[sse-swap]').innerText.includes('It ended')")
    add_ended(app.store, "just added", begin_s=80.0 * 86_400.0)
    page.go(f"{app.url}/runs?words=just")
    page.wait_for("document.querySelector('#runs-found').innerText.includes('just added')")
    for file in (app.store / "journals" / "running").iterdir():
        file.unlink()
    page.go(f"{app.url}/runs")
    page.wait_for("document.querySelector('#runs-found tbody')")
    assert page.ask("document.querySelectorAll('.alert').length") == 0


def test_a_page_under_a_forged_name_gets_nothing(app):
    browser = Browser("--host-resolver-rules=MAP evil.example 127.0.0.1")
    try:
        page = browser.open(app.url.replace("127.0.0.1", "evil.example") + "/runs")
        assert "is not that of this app" in page.text("body")
        assert "later" not in page.text("body")
    finally:
        browser.close()


def test_a_saved_plan_of_another_version_says_what_it_has_that_is_unknown(opened, app):
    folder = app.store / "plans"
    folder.mkdir(exist_ok=True)
    (folder / "of-tomorrow.toml").write_text('params = 7e9\ntokens = 1e12\nhw = "dgx-h100"\nqubits = 12\n')
    page = opened("/plans/of-tomorrow")
    assert "qubits" in page.text(".alert")
    assert page.ask('document.querySelectorAll("[data-card]").length') == 0
