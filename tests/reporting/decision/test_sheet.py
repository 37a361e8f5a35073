"""The first page is short, shows nothing that is unknown as 0, and prints on one sheet of A4 or Letter."""

import re
from pathlib import Path

import pytest

from browser import chromium, need_chromium
from traincarbon.database.edition import edition_of
from traincarbon.estimation.plan import Plan
from traincarbon.reporting.currency import parse_currency
from traincarbon.reporting.extent import Extent, Paper
from traincarbon.reporting.header import Header
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import ReportedPlan, Subjects, reported_plan

REPORTS = Path(__file__).parents[3] / "reports"
MOST_WORDS, MOST_NUMBERS = 250, 40
LONG = Header(
    title="A title that is as long as the titles of reports that go to a committee may well become",
    notes="Why we ask. " * 20,
    approvers=("Head of research", "Finance", "Sustainability"),
    currency=parse_currency("EUR=0.92"),
    budget=5e6,
)


def sheet_of(page):
    """The first page of a report without the drawings and the tables below them."""
    sheet = re.search(r'<section id="p1-decision".*?</section>', page, re.DOTALL)[0]
    return re.sub(r"<svg.*?</svg>|<details.*?</details>", " ", sheet, flags=re.DOTALL)


def plain(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def numbers_in(words):
    """The numbers in a text, without dates and those of names such as A100, 640GB in it, Scope 2 and versions."""
    return re.findall(r"(?<![\w.-])[$<>]?\d[\d,.]*[kMBT]?(?![\w-])", re.sub(r"\d{4}-\d\d(-\d\d)?|Scope \d|carbon [\d.]+", "", words))


def pages_printed(page, tmp_path):
    """How many pages a browser prints."""
    need_chromium()
    file, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(page, encoding="utf-8")
    chromium(file, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    return len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))


@pytest.fixture(scope="module")
def plan(shipped):
    return reported_plan(Plan.read(str(REPORTS / "mt-nlg-530b.toml")), shipped)


@pytest.fixture(scope="module")
def page(plan, shipped):
    return report_html(Subjects([plan], []), database=shipped, header=Header(budget=10e6))


def test_the_first_page_has_few_words_and_few_numbers_and_four_charts(page):
    words = plain(sheet_of(page)).split()
    assert len(words) <= MOST_WORDS
    assert len(numbers_in(" ".join(words))) <= MOST_NUMBERS
    assert re.search(r'<section id="p1-decision".*?</section>', page, re.DOTALL)[0].count('<figure class="chart"') == 4


def test_the_box_has_amount_median_time_chance_options_and_what_to_tick(page):
    words = plain(sheet_of(page))
    assert re.search(r"\$[\d.]+M to rent: enough with a chance of 80 %", words)
    for part in (
        "Median $",
        "Time ",
        "Within $10M",
        "To buy the cluster $",
        "First cheaper option: ",
        "Or reuse: ",
        "Approve $",
        "Approve the option, $",
        "Reject",
        "Date",
    ):
        assert part in words, part


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("name", ["mt-nlg-530b", "finetune-7b"])
def test_the_first_page_prints_on_one_sheet(shipped, tmp_path, name, paper):
    subjects = Subjects([reported_plan(Plan.read(str(REPORTS / f"{name}.toml")), shipped)], [])
    assert pages_printed(report_html(subjects, database=shipped, header=Header(budget=10e6), paper=paper), tmp_path) == 1


def test_long_titles_notes_and_names_still_print_on_one_sheet(shipped, tmp_path):
    named = {"name": "x" * 10_000, "params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280, "start": "2021"}
    subjects = Subjects([reported_plan(Plan(**named), shipped)], [])
    assert pages_printed(report_html(subjects, database=shipped, header=LONG, paper=Paper.LETTER, extent=Extent.ONE_PAGE), tmp_path) == 1


@pytest.mark.parametrize("approvers", [("Head of research",), ("Head of research", "Finance", "Sustainability")])
def test_what_is_signed_on_the_first_page_has_no_second_one(shipped, plan, tmp_path, approvers):
    header = Header(budget=10e6, value=30e6, approvers=approvers, author="Ada")
    page = report_html(Subjects([plan], []), database=shipped, header=header, paper=Paper.A4)
    assert 'id="approval"' not in page
    assert pages_printed(page, tmp_path) == 1
    many = report_html(Subjects([plan], []), database=shipped, header=Header(approvers=(*approvers, *"ABC")))
    assert 'id="approval"' in many


def test_everything_is_printed_in_full(plan, shipped, tmp_path):
    assert pages_printed(report_html(Subjects([plan], []), database=shipped, paper=Paper.A4, extent=Extent.FULL), tmp_path) > 5


def test_a_value_is_stated_with_the_chance_to_cost_less(plan, shipped):
    page = report_html(Subjects([plan], []), database=shipped, header=Header(value=20e6), extent=Extent.ONE_PAGE)
    assert re.search(r"<dt>Within its value, \$20M</dt><dd>\d\d\s%</dd>", page)
    assert str(edition_of(shipped)) in plain(sheet_of(page))


def test_a_plan_without_a_price_or_a_duration_says_so(plan, shipped):
    unknown = plan.view._replace(results=dict.fromkeys(plan.view.results))
    sheet = sheet_of(report_html(Subjects([ReportedPlan(unknown, None)], []), database=shipped))
    words = plain(sheet)
    assert "Cost not known" in words
    assert words.count("not known") >= 6
    assert not re.search(r"\$0\b|\b0 (t|kg|kWh|days)", words)


def test_a_result_links_to_its_derivation(page):
    for name in ("rent_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l"):
        assert f'href="#p1-{name}"' in sheet_of(page)
        assert f'id="p1-{name}"' in page


def test_one_page_has_nothing_below_it(plan, shipped):
    page = report_html(Subjects([plan], []), database=shipped, extent=Extent.ONE_PAGE)
    assert '<details class="fold"' not in page
    assert "p1-what-if" not in page
    assert 'href="#p1-' not in page
    assert len(page) < 120_000
