import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.diff import command
from traincarbon.errors import CarbonError
from traincarbon.terminal_text import plain

ACTION = Path(__file__).parents[3] / ".github" / "actions" / "diff"
PLAN = 'params = 7e9\ntokens = 1e12\nhw = "dgx-a100"\nservers = 16\n'


@pytest.fixture
def plans(tmp_path):
    files = [tmp_path / name for name in ("before.toml", "after.toml")]
    files[0].write_text(PLAN)
    files[1].write_text(PLAN.replace("1e12", "1.1e12"))
    return [str(file) for file in files]


def run(*words):
    return CliRunner().invoke(command, words)


def test_two_plans_are_compared(plans):
    shown = plain(run(*plans).output)
    assert "after.toml: changed" in shown
    assert "tokens 1e+12 → 1.1e+12" in shown
    assert "(+10%)" in shown
    assert max(map(len, shown.split("\n"))) <= 80


def test_a_limit_ends_with_an_error_after_the_figures(plans):
    done = run(*plans, "--fail-above", "usd=5%")
    assert "after.toml" in done.output
    assert isinstance(done.exception, CarbonError)
    assert str(done.exception) == "the plans rise above usd=5%"
    assert run(*plans, "--fail-above", "usd=15%").exit_code == 0


def test_a_comment_is_the_same_each_time_and_begins_with_its_marker(plans):
    first, second = (run(*plans, "--markdown").output for _ in range(2))
    assert first == second
    assert first.startswith("<!-- traincarbon diff -->\n")
    assert "within uncertainty" not in first


def test_names_in_a_comment_cannot_leave_their_marks(tmp_path, plans):
    name = tmp_path / "a`<img src=x>|@all.toml"
    name.write_text(PLAN.replace('"dgx-a100"', '"dgx-h100"'))
    shown = run(plans[0], str(name), "--markdown").output
    row = next(line for line in shown.split("\n") if "all.toml" in line and line.startswith("|"))
    assert row.startswith("| `a'<img src=x>\\|@all.toml` | ")


def test_json_has_each_plan_and_the_total(plans):
    found = json.loads(run(*plans, "--json").output)
    assert found["plans"][0]["changes"] == found["total"]
    assert found["total"]["cost_usd"]["share"] == pytest.approx(0.1)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_action_writes_one_comment_and_edits_it_with_the_next_push(tmp_path, plans):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "before.toml"], ["commit", "-qm", "1"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True, capture_output=True)
    shutil.copy(plans[1], plans[0])
    subprocess.run([*git, "commit", "-qam", "2"], cwd=tmp_path, check=True)
    calls, comment = tmp_path / "calls", tmp_path / "comment"
    programs = tmp_path / "bin"
    programs.mkdir()
    fake = programs / "gh"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *--jq*) cat "{comment}" 2>/dev/null || true;; *) echo "$*" >> "{calls}"; echo 7 > "{comment}";; esac\n')
    fake.chmod(0o755)
    carbon = programs / "carbon"
    carbon.write_text(f'#!/bin/sh\nexec {sys.executable} -m traincarbon "$@"\n')
    carbon.chmod(0o755)
    given = {"CARBON": str(carbon), "BASE": "HEAD~1", "HEAD": "HEAD", "FAIL_ABOVE": "kwh=5%", "PULL_REQUEST": "3", "GITHUB_REPOSITORY": "a/b"}
    path = f"{programs}:{os.environ['PATH']}"
    environment = {**os.environ, **given, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "PATH": path}
    codes = [subprocess.run(["bash", ACTION / "comment.sh"], cwd=tmp_path, env=environment, capture_output=True, check=False).returncode for _ in range(2)]
    assert codes == [1, 1]
    first, second = calls.read_text().split("\n")[:2]
    assert "--method POST repos/a/b/issues/3/comments" in first
    assert "--method PATCH repos/a/b/issues/comments/7" in second
    assert "Δ Energy" in (tmp_path / "summary").read_text()
