"""``carbon advise``: two screens of 80 columns, and the same for machines."""

import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.advise import command
from traincarbon.errors import CarbonError

PLAN = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100", "--servers", "280", "--start", "2021"]
TWO_SCREENS = 100


def run(*arguments):
    done = CliRunner().invoke(command, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.mark.parametrize(
    "arguments",
    [
        PLAN,
        [*PLAN, "--explain"],
        [*PLAN, "--all"],
        [*PLAN, "--by", "kgco2e", "--requests", "1e9", "--tokens-per-request", "1e3"],
        ["--params", "7B", "--tokens", "1B", "--kind", "finetune", "--hw", "h100", "--accelerators", "8", "--region", "us-east-1"],
        ["--params", "7B", "--tokens", "1T", "--hw", "h800"],
        ["--hw", "h100", "--accelerator-hours", "1e5"],
    ],
)
def test_the_screen_fits_eighty_columns(arguments):
    lines = run(*arguments).stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_the_whole_answer_is_two_screens():
    assert len(run(*PLAN, "--all").stdout.splitlines()) <= TWO_SCREENS


def test_the_table_ranks_within_groups_and_marks_what_nobody_has_read():
    shown = run(*PLAN, "--all").stdout
    assert shown.index("The same model and training") < shown.index("Another model of the same predicted loss") < shown.index("An existing model instead")
    (read,) = [line for line in shown.splitlines() if "50.9B parameters on 953B" in line]
    (unread,) = [line for line in shown.splitlines() if "Fine-tune an existing model" in line]
    assert "†" in unread
    assert "†" not in read
    assert read.split()[-6:-1] == ["66%", "66%", "66%", "66%", "62…70%"]


def test_the_explanation_says_what_is_lost_when_it_does_not_apply_and_what_it_rests_on():
    shown = " ".join(run(*PLAN, "--explain").stdout.split())
    assert "Chinchilla scaling: a replication attempt, table 1" in shown
    assert shown.count("Lost: ") == shown.count(". Not when ") == shown.count("Based on: ") >= 15


def test_a_saving_that_is_a_loss_has_a_minus():
    (line,) = [line for line in run(*PLAN, "--all").stdout.splitlines() if "Cap the GPUs" in line]
    assert "−3%" in line


def test_a_name_longer_than_its_column_goes_on_below_and_loses_nothing():
    done = run("--params", "7B", "--tokens", "140B", "--hw", "h100", "--by", "kgco2e", "--all").stdout
    assert "instead of…" not in done
    (at,) = [at for at, line in enumerate(done.splitlines()) if "Spot instances" in line]
    assert done.splitlines()[at + 1].strip() in ("demand", "on demand")


def test_the_json_is_the_librarys_result():
    done = run(*PLAN, "--json")
    found = json.loads(done.stdout)
    assert found["schema"] == "traincarbon/advice/1"
    assert "warning: fewer tokens than parameters" in done.stderr


def test_the_markdown_has_a_table_a_group_and_a_chapter_an_alternative():
    shown = run(*PLAN, "--markdown").stdout
    assert "## Another model of the same predicted loss" in shown
    assert "### 1. " in shown
    assert "## Considered and not offered" in shown


def test_quality_is_a_loss():
    assert json.loads(run(*PLAN, "--quality", "loss=2.1", "--json", "--quiet").stdout)["alternatives"]
    for wrong in ("accuracy=0.9", "2.1", "loss", "loss=low"):
        with pytest.raises(CarbonError, match="--quality is") as caught:
            run(*PLAN, "--quality", wrong)
        assert "loss=2.1" in caught.value.hint


def test_a_hostile_name_and_goal_cannot_drive_the_terminal(tmp_path):
    plan = tmp_path / "evil.toml"
    plan.write_text('name = "\\u001b[31m\\u202e' + "x" * 10_000 + '"\nparams = 1e9\ntokens = 1e11\nhw = "h100"\n')
    shown = run(str(plan), "--goal", "\x1b[31mchat\u202e", "--explain").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
