"""``carbon optimise``: the answer, its frontier, and the same for machines."""

import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.optimise import command
from traincarbon.errors import CarbonError

ASKED = ["--hw", "dgx-a100,dgx-h100", "--servers", "64", "--budget-days", "30", "--budget-usd", "1e6"]


def run(*arguments):
    done = CliRunner().invoke(command, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.mark.parametrize(
    "arguments",
    [
        ASKED,
        [
            "--hw",
            "aws-p4d.24xlarge,aws-p5.48xlarge,b200-sxm-180gb",
            "--region",
            "us-east-1,sweden",
            "--accelerators",
            "512",
            "--target-loss",
            "2.1",
            "--budget-usd",
            "1e5",
        ],
        ["--hw", "dgx-h100", "--budget-kgco2e", "1e5", "--sure", "0.9"],
        ["--hw", "dgx-h100", "--servers", "1", "--budget-kwh", "1M"],
    ],
)
def test_the_screen_fits_eighty_columns(arguments):
    assert [line for line in run(*arguments).stdout.splitlines() if len(line) > 80] == []


def test_the_first_line_is_the_best_and_the_frontier_is_beneath():
    shown = run(*ASKED).stdout
    assert shown.startswith("The lowest loss within $1M and 30 days\n")
    assert shown.index("dgx-h100") < shown.index("dgx-a100") < shown.index("What less and more compute would give: dgx-h100") < shown.index("× 8")


def test_a_broken_budget_says_by_how_much():
    shown = run("--hw", "dgx-a100", "--target-loss", "2.0", "--budget-usd", "1e5").stdout
    assert "cost × " in shown


def test_a_plan_file_lends_its_hardware_and_not_its_size(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text('params = 530e9\ntokens = 270e9\nlayers = 105\nhidden = 20480\nhw = "dgx-a100"\nservers = 280\n')
    found = json.loads(run(str(plan), "--budget-usd", "1e6", "--json", "--quiet").stdout)
    assert found["ways"][0]["params"] < 100e9
    assert found["ways"][0]["fields"]["servers"] == 280.0


def test_the_json_is_the_librarys_result_and_names_what_is_set_aside():
    done = run(*ASKED, "--hw", "cs-3", "--json")
    assert json.loads(done.stdout)["schema"] == "traincarbon/optimum/1"
    assert "warning: set aside: cs-3" in done.stderr


def test_a_plot_is_a_new_file(tmp_path):
    target = tmp_path / "frontier.html"
    run(*ASKED, "--plot", str(target))
    assert "Loss and cost" in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [((), "neither a budget"), (("--budget-usd", "much"), "^budget_usd is not a number"), (("--target-loss", "1e400"), "^target_loss is no finite number")],
)
def test_what_cannot_be_asked_is_refused(arguments, match):
    with pytest.raises(CarbonError, match=match):
        run("--hw", "dgx-h100", *arguments)
