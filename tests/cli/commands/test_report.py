"""``carbon report``: one page from plans, estimates and runs, written whole or not at all."""

import json

import pytest
from click.testing import CliRunner

from journals import lines_of, write_lines
from traincarbon.cli.commands.report import command
from traincarbon.errors import CarbonError

PLAN = 'params = 7e9\ntokens = 1e12\nhw = "dgx-a100"\nservers = 8\n'


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN)
    write_lines(str(tmp_path / "store" / "journals" / "a" / "x.jsonl"), lines_of(run_id="a"))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, [*arguments, "--store", "store"])


def test_a_plan_becomes_a_page(place):
    done = run("plan.toml", "-o", "x.html", "--title", "Budget", "--notes", "Why", "--approver", "Finance", "--currency", "EUR=0.9")
    assert done.exit_code == 0, done.exception
    assert done.stderr.startswith("x.html: 1 plan, ")
    assert done.stdout == ""
    page = (place / "x.html").read_text("utf-8")
    for phrase in ("<title>Budget</title>", "<p>Why</p>", "Finance", "EUR "):
        assert phrase in page


def test_plans_and_runs_come_together_and_json_counts_them(place):
    done = run("plan.toml", "a", "-o", "x.html", "--json")
    assert json.loads(done.stdout) == {"file": "x.html", "plans": 1, "runs": 1, "size_b": (place / "x.html").stat().st_size, "files": ["x.html"]}
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [("plan.toml", "-o", "x.html", "--csv", "--xlsx"), ("-o", "x.html", "--xlsx", "--csv", "plan.toml")])
def test_other_formats_are_asked_for_beside_the_page(place, arguments):
    done = run(*arguments)
    assert done.exit_code == 0, done.exception
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {"x.html", "x.csv", "x.xlsx"}
    assert (place / "x.csv").read_text().startswith("subject,")
    assert (place / "x.xlsx").stat().st_size > 1000


def test_a_format_with_a_name_needs_no_page(place):
    done = run("plan.toml", "--csv", "only.csv", "--json")
    assert json.loads(done.stdout)["files"] == ["only.csv"]
    assert not (place / "only.html").exists()


@pytest.mark.parametrize("arguments", [("plan.toml",), ("plan.toml", "--csv"), ("--pdf", "plan.toml")])
@pytest.mark.usefixtures("place")
def test_without_a_name_the_option_that_is_missing_is_said(arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Missing option '-o' / '--output'" in done.stderr


def test_all_runs_and_those_of_a_project(place):
    assert "1 run" in run("--all", "-o", "x.html").stderr
    with pytest.raises(CarbonError, match="both --all and --project"):
        CliRunner().invoke(command, ["--all", "--project", "p", "-o", "y.html"], catch_exceptions=False)
    assert not (place / "y.html").exists()


def test_a_page_that_is_there_is_kept(place):
    (place / "x.html").write_text("old")
    done = run("plan.toml", "-o", "x.html")
    assert isinstance(done.exception, CarbonError)
    assert (place / "x.html").read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to report"),
        (("none.toml",), "cannot read 'none.toml'"),
        (("none",), "no run that begins with 'none'"),
        (("plan.toml", "--level", "2"), "confidence level"),
        (("plan.toml", "--currency", "EUR"), "currency is 'EUR'"),
        (("plan.toml", "--logo", "plan.toml"), "is not a picture"),
        (("plan.toml", "--settings", "plan.toml"), "unknown key"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_file(place, arguments, message):
    done = run(*arguments, "-o", "x.html")
    assert isinstance(done.exception, CarbonError), done.output
    assert message in str(done.exception)
    assert done.exception.hint
    assert not (place / "x.html").exists()


@pytest.mark.usefixtures("place")
def test_a_place_that_cannot_be_written_is_refused_first():
    done = run("plan.toml", "-o", "none/x.html")
    assert "cannot write 'none/x.html'" in str(done.exception)
