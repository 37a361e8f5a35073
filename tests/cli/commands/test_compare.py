"""``carbon compare``: one table of 80 columns, and the same for machines."""

import csv
import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.compare import command
from traincarbon.errors import CarbonError, PlanError

ASKED = ["--params", "70B", "--tokens", "2T", "--hw", "p4d,p5", "--hw", "b200", "--region", "us-east-1,sweden,europe-west4", "--accelerators", "1024"]


def run(*arguments):
    done = CliRunner().invoke(command, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_the_screen_fits_eighty_columns_and_shows_every_combination():
    shown = run(*ASKED).stdout
    assert all(len(line) <= 80 for line in shown.splitlines())
    for option in ("b200 · sweden", "p5 · us-east-1", "p4d · sweden"):
        assert option in shown
    assert "Set aside: p4d · europe-west4: aws-p4d.24xlarge is not offered in" in " ".join(shown.split())


def test_what_wins_is_marked_and_the_marks_are_explained():
    lines = run(*ASKED).stdout.splitlines()
    assert [line.split()[:4] for line in lines[1:3]] == [["$tc*", "b200", "·", "sweden"], ["*", "b200", "·", "sweden"]] or lines[1].split()[:2] == [
        "c*",
        "b200",
    ]
    assert any(line.startswith("Marks: $ cheapest") for line in lines)


def test_options_come_once_with_commas_or_several_times():
    found = json.loads(run(*ASKED, "--json", "--quiet").stdout)
    assert found["schema"] == "traincarbon/comparison/1"
    assert len(found["options"]) + len(found["set_aside"]) == 9


def test_what_is_set_aside_is_said_beside_the_json():
    done = run(*ASKED, "--json")
    assert done.stderr.count("warning: set aside: ") == 2
    assert run(*ASKED, "--json", "--quiet").stderr == ""


def test_the_csv_holds_medians_and_bounds():
    rows = list(csv.DictReader(run(*ASKED, "--csv", "--quiet").stdout.splitlines()))
    assert len(rows) == 7
    assert float(rows[0]["cost_usd_low"]) < float(rows[0]["cost_usd"]) < float(rows[0]["cost_usd_high"])
    assert rows[0]["marks"] == "cleanest"  # in cost and time another region is as good


def test_the_markdown_is_a_table():
    shown = run(*ASKED, "--markdown").stdout
    assert shown.splitlines()[1] == "| --- | --- | ---: | ---: | ---: | ---: |"
    assert "- p4d · europe-west4:" in shown


def test_plans_come_from_files(tmp_path):
    for name, params in (("one", "1e9"), ("two", "2e9")):
        (tmp_path / f"{name}.toml").write_text(f'name = "{name}"\nparams = {params}\ntokens = 1e11\nhw = "h100"\n')
    shown = run(str(tmp_path / "one.toml"), str(tmp_path / "two.toml")).stdout
    assert "one" in shown
    assert "two" in shown


def test_a_hostile_name_cannot_drive_the_terminal(tmp_path):
    plan = tmp_path / "evil.toml"
    plan.write_text('name = "\\u001b[31m<script>\\u202e' + "x" * 10_000 + '"\nparams = 1e9\ntokens = 1e11\nhw = "h100"\n')
    shown = run(str(plan), str(plan)).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_plot_is_a_new_file(tmp_path):
    target = tmp_path / "choices.html"
    run(*ASKED, "--plot", str(target))
    text = target.read_text("utf-8")
    assert "ways to do the same work" in text
    assert len(text) < 1_500_000
    assert "default-src 'none'" in text
    with pytest.raises(CarbonError, match="already exists"):
        run(*ASKED, "--plot", str(target))


def test_nothing_that_can_be_is_an_error():
    with pytest.raises(PlanError, match="no hardware"):
        run("--params", "7B", "--tokens", "1T", "--hw", "nothing-like-it")


def test_a_name_in_the_csv_is_no_formula_and_controls_no_terminal(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text('name = "=cmd|\' /C calc\'!A0"\nparams = 7e9\ntokens = 1e12\nhw = "dgx-a100"\n')
    other = tmp_path / "other.toml"
    other.write_text('name = "a\\u001b[31m"\nparams = 7e9\ntokens = 1e12\nhw = "dgx-h100"\n')
    text = run(str(plan), str(other), "--csv", "--quiet").stdout
    assert [row["plan"][:2] for row in csv.DictReader(text.splitlines())] in (["'=", "a\ufffd"], ["a\ufffd", "'="])
    assert "\x1b" not in text
