"""Reporting from Python: plans, estimates, records and names of files in one page, written or only returned."""

import re
from html import unescape

import pytest

from journals import lines_of, write_lines
from traincarbon import Plan, estimate, report, runs
from traincarbon.errors import CarbonError

PLAN = Plan(name="A plan", params=7e9, tokens=1e12, hw="dgx-a100", servers=8)


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    for run_id, project in (("a", "p"), ("b", "")):
        write_lines(str(tmp_path / "store" / "journals" / run_id / "x.jsonl"), lines_of(run_id=run_id, start={"project": project}))


def test_objects_and_names_make_the_same_page(tmp_path):
    (tmp_path / "plan.toml").write_text(PLAN.to_toml())
    of_plan, of_estimate, of_file = (report(subject).html for subject in (PLAN, estimate(PLAN), tmp_path / "plan.toml"))
    assert "A plan" in of_plan
    assert of_plan == of_estimate == of_file


def test_a_page_is_written_only_where_a_file_is_named_and_never_over_another(tmp_path):
    made = report(PLAN, runs.load("a"), output=tmp_path / "x.html", title="Budget", approvers=["Finance"])
    assert (made.plans, made.runs, made.file) == (1, 1, str(tmp_path / "x.html"))
    assert (tmp_path / "x.html").read_text("utf-8") == made.html
    assert made.to_dict() == {"file": made.file, "plans": 1, "runs": 1, "size_b": (tmp_path / "x.html").stat().st_size, "files": [made.file]}
    assert "<title>Budget</title>" in made.html
    with pytest.raises(CarbonError, match="x.html"):
        report(PLAN, output=tmp_path / "x.html")
    assert report("a").file == ""


def test_runs_of_the_ledger_join_the_subjects():
    assert report(all=True).runs == 2
    assert report(project="p").runs == 1
    assert report("b", project="p").runs == 2
    assert report("a", project="p").runs == 1
    assert report(PLAN, project="none").runs == 0


def test_nothing_to_report_and_two_choices_of_runs_are_refused():
    with pytest.raises(CarbonError, match="nothing to report"):
        report()
    with pytest.raises(CarbonError, match="both --all and --project"):
        report(all=True, project="p")


def test_other_formats_are_written_beside_the_page_or_where_they_are_named(tmp_path):
    made = report(PLAN, output="x.html", csv=True, xlsx=tmp_path / "tables.xlsx")
    assert made.files == ("x.html", "x.csv", str(tmp_path / "tables.xlsx"))
    assert made.file == "x.html"
    assert (tmp_path / "x.csv").read_text().startswith("subject,")
    assert (tmp_path / "tables.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "x.html").read_text("utf-8") == made.html


def test_one_file_that_exists_keeps_all_from_being_written(tmp_path):
    (tmp_path / "x.csv").write_text("old")
    with pytest.raises(CarbonError, match="x.csv"):
        report(PLAN, output="x.html", csv=True)
    assert not (tmp_path / "x.html").exists()
    report(PLAN, output="x.html", csv=True, force=True)
    assert (tmp_path / "x.csv").read_text() != "old"


def test_a_notebook_shows_a_report_that_a_reader_can_set_in_a_frame_of_its_own():
    made = report(PLAN, extent="what-if")
    assert 'id="p1-what-if"' in made.html
    assert 'id="p1-money"' not in made.html
    assert 'href="#p1-' not in made.html
    frame = re.fullmatch(r'<iframe title="Report" sandbox="allow-scripts allow-downloads" srcdoc="([^"]*)" style="[^"]*"></iframe>', made._repr_html_())
    assert unescape(frame[1]) == made.html
    assert len(repr(made)) < 200


def test_the_author_is_on_the_first_page():
    assert "Prepared by <bdi>Zoë &lt;b&gt;</bdi>, 2" in report(PLAN, author="Zoë <b>").html
