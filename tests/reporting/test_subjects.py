"""A report takes plans, saved estimates and runs, and refuses anything else with a hint."""

import json

import pytest

from journals import lines_of, write_lines
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.exchange import dump
from traincarbon.ledger.record import merge
from traincarbon.reporting.subjects import read_subjects

PLAN = 'params = 7e9\ntokens = 1e12\nhw = "dgx-a100"\n'


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        place = tmp_path / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(place)

    return write


@pytest.fixture
def store(tmp_path):
    """A store with two runs of one project and one of none."""
    for run_id, project in (("a", "p"), ("b", "p"), ("c", "")):
        write_lines(str(tmp_path / "store" / "journals" / run_id / "x.jsonl"), lines_of(run_id=run_id, start={"project": project}))
    return str(tmp_path / "store")


def test_a_plan_is_estimated(file, shipped):
    (plan,) = read_subjects([file("plan.toml", PLAN)], database=shipped, level=0.5).plans
    assert plan.answer is not None
    assert plan.view.level == 0.5
    assert plan.view.results == plan.answer.results


def test_a_saved_estimate_with_the_same_results_now_keeps_all_sections(file, shipped, ask):
    (plan,) = read_subjects([file("x.json", json.dumps(ask(servers=8).to_dict()))], database=shipped).plans
    assert plan.answer is not None
    assert plan.view.hardware == "NVIDIA DGX A100 640GB"


def test_a_saved_estimate_with_other_results_now_is_shown_as_saved_with_a_warning(file, shipped, ask):
    saved = ask(servers=8).to_dict()
    saved["results"]["rent_usd"] = {"low": 1.0, "median": 2.0, "high": 3.0}
    (plan,) = read_subjects([file("x.json", json.dumps(saved))], database=shipped).plans
    assert plan.answer is None
    assert plan.view.median("rent_usd") == 2.0
    assert "saved earlier" in plan.view.warnings[-1]


def test_a_file_of_another_tool_is_refused_with_a_hint_to_import_it(file, shipped):
    place = file("emissions.csv", "timestamp,project_name,emissions\n2026-01-01,x,1\n")
    with pytest.raises(CarbonError, match="emissions.csv': the file holds no runs") as caught:
        read_subjects([place], database=shipped)
    assert "carbon runs import" in caught.value.hint


def test_a_saved_estimate_whose_plan_is_no_longer_valid_is_shown_as_saved(file, shipped, ask):
    saved = {**ask().to_dict(), "plan": {"hw": "gone", "params": 1.0, "tokens": 1.0}}
    (plan,) = read_subjects([file("x.json", json.dumps(saved))], database=shipped).plans
    assert plan.answer is None
    assert "can no longer be estimated: no hardware 'gone'" in plan.view.warnings[-1]


@pytest.mark.parametrize(("name", "format"), [("r.json", "json"), ("r.csv", "csv")])
def test_records_of_runs_are_read_and_each_counts_once(file, shipped, name, format):
    records = [merge(lines_of(run_id=run_id), now_s=2e9) for run_id in ("a", "b")]
    place = file(name, dump(records, format))
    assert [run.record.run_id for run in read_subjects([place, place], database=shipped).runs] == ["a", "b"]


def test_runs_of_the_ledger_come_with_what_they_did_over_time(store, shipped):
    (run,) = read_subjects(["a"], database=shipped, store=store).runs
    assert run.record.run_id == "a"
    assert run.history is not None


def test_a_project_or_all_runs_come_together(store, shipped):
    assert {run.record.run_id for run in read_subjects([], database=shipped, store=store, project="p").runs} == {"a", "b"}
    assert len(read_subjects(["a"], database=shipped, store=store, project="").runs) == 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", "{", "is not JSON"),
        ("x.json", "[[[" * 100_000, "is not JSON"),
        ("x.json", '{"schema": "traincarbon/estimate/2"}', "traincarbon/estimate/2"),
        ("x.json", '{"schema": "other/1"}', "is of schema 'other/1'"),
        ("x.json", '"text"', "is of schema 'str'"),
        ("x.json", "\xff", "is not JSON"),
        ("x.toml", "params = ", "is not TOML"),
        ("x.csv", "a,b\n1,2\n", "."),
    ],
)
def test_an_unrecognised_file_is_refused_with_a_hint(file, shipped, name, content, message):
    with pytest.raises(CarbonError, match=message) as caught:
        read_subjects([file(name, content.encode("latin-1"))], database=shipped)
    assert caught.value.hint


def test_a_missing_file_or_run_is_refused(shipped, store, tmp_path):
    with pytest.raises(CarbonError, match="cannot read"):
        read_subjects([str(tmp_path / "none.json")], database=shipped)
    with pytest.raises(NotFoundError, match="no run"):
        read_subjects(["none"], database=shipped, store=store)


def test_nothing_to_report_says_what_could_be(shipped, store, tmp_path):
    with pytest.raises(CarbonError, match="nothing to report"):
        read_subjects([], database=shipped)
    with pytest.raises(CarbonError, match="no runs of project 'none'"):
        read_subjects([], database=shipped, store=store, project="none")
    with pytest.raises(CarbonError, match="no runs in"):
        read_subjects([], database=shipped, store=str(tmp_path / "empty"), project="")


def test_a_plan_is_estimated_with_the_given_database(file, make_database):
    from acme import WORLD

    database = make_database(WORLD)
    (plan,) = read_subjects([file("plan.toml", 'params = 1e9\ntokens = 1e11\nhw = "acme-box"\n')], database=database).plans
    assert plan.view.results == estimate(params=1e9, tokens=1e11, hw="acme-box", database=database).results


def test_plans_estimates_and_records_are_subjects_as_they_are(shipped, ask):
    record = merge(lines_of(run_id="a"), now_s=2e9)
    found = read_subjects([ask().plan, ask(), record], database=shipped)
    assert [plan.view.results for plan in found.plans] == [ask().results] * 2
    assert [run.record for run in found.runs] == [record]


@pytest.mark.parametrize("name", ["x.html", "old/x.PDF", "notes.txt"])
def test_a_page_or_another_file_is_no_subject(shipped, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("a note")
    with pytest.raises(CarbonError, match="is not a plan, an estimate or a file of runs") as caught:
        read_subjects([name], database=shipped)
    assert "-o names the page to write" in caught.value.hint
