"""``carbon runs budget`` sets, shows and draws; ``carbon track`` obeys."""

import json
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from budgeted_runs import ran
from traincarbon.cli.commands.runs import command
from traincarbon.ledger.store import Ledger

PLAN = 'params = "1e9"\ntokens = "20e9"\nhw = "dgx-a100"\nservers = 1\n'


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(tmp_path / "budgets.toml"))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("CARBON_LEDGER", raising=False)
    with Ledger(tmp_path / "store") as ledger:
        ledger.add([ran("a", time.time() - 1.0, 0.5, usd=8.0)])
    return tmp_path / "store"


def budget(*words):
    return CliRunner().invoke(command, ["budget", *words])


def tracked(*words):
    return subprocess.run(
        [sys.executable, "-m", "traincarbon", "track", *words, "--", sys.executable, "-c", "print('trained')"], capture_output=True, text=True, check=False
    )


def test_a_budget_is_set_and_shown():
    done = budget("vision", "--max-usd", "$10", "--on-budget", "refuse")
    assert done.exit_code == 0
    assert "written to" in done.stderr
    assert "$8" in done.stdout
    assert json.loads(budget("--json").stdout)["budgets"][0]["limits"]["usd"]["left"] == pytest.approx(2.0)
    assert budget("vision", "--remove").exit_code == 0
    assert json.loads(budget("--json").stdout)["budgets"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-usd", "5"], "the project of the budget is not named"),
        (["--remove"], "the project of the budget is not named"),
        (["vision", "--remove", "--max-usd", "5"], "set and removed at once"),
        (["vision", "--max-usd", "-5"], "max_usd is -5"),
        (["vision", "--max-kwh", "much"], "max_kwh is not a number"),
        (["vision", "--month", "2026-13"], "month is '2026-13'"),
        (["--time-zone", "Mars"], "unknown time zone"),
    ],
)
def test_what_is_wrong_is_an_error(words, said):
    done = budget(*words)
    assert said in str(done.exception)


def test_a_chart_is_drawn_for_each_limit(tmp_path):
    budget("vision", "--max-usd", "10", "--max-kwh", "5")
    assert budget("--plot", str(tmp_path / "page.html"), "--quiet").exit_code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count('<figure class="chart"') == 2
    assert "vision: $2 of $10 left" in page


def test_track_refuses_a_run_for_which_the_month_has_no_room(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    budget("vision", "--max-usd", "10", "--on-budget", "refuse")
    done = tracked("--project", "vision", "--plan", str(plan))
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error", "hint"]
    assert "the budget of vision for" in done.stderr
    assert not [name for name in os.listdir(tmp_path / "store" / "journals") if name != "import" and "import" not in name]


def test_track_warns_and_the_record_says_so():
    budget("vision", "--max-usd", "5")
    done = tracked("--project", "vision", "--json")
    assert done.returncode == 0
    said = "the budget of vision for"
    assert said in done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert any(said in note and "is spent: $8 of $5" in note for note in record["notes"])


def test_python_raises_before_the_block(tmp_path, monkeypatch):
    import traincarbon
    from traincarbon import runs

    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    runs.set_budget("vision", max_usd=5.0, on_budget="refuse")
    with pytest.raises(traincarbon.CarbonError, match="is spent"), traincarbon.track(project="vision", quiet=True):
        pytest.fail("the block must not run")
    assert [run.run_id for run in runs.list()] == ["a"]


def test_a_run_within_a_tracked_one_is_not_asked_again(monkeypatch):
    budget("vision", "--max-usd", "5", "--on-budget", "refuse")
    monkeypatch.setenv("CARBON_SESSION", "0123456789abcdef")
    assert tracked("--project", "vision", "--quiet").returncode == 0
