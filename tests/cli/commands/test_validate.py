"""``carbon validate``: error and coverage for our runs and for anyone's."""

import csv
import json

import pytest
from click.testing import CliRunner

from traincarbon.calibrate.runs import NUMBERS, TEXTS
from traincarbon.cli.commands.validate import command
from traincarbon.database.load import builtin_root
from traincarbon.errors import DatabaseError


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A file of a dozen published runs, with three bad rows among them."""
    with open(f"{builtin_root()}/published_runs.csv", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["id"].startswith(("llama", "opt", "bloom", "deepseek", "megatron21-t1-1.7"))]
    bad = [{**rows[0], "id": "text", "tokens": "many"}, {**rows[0], "id": "negative", "pue": "-1"}, {**rows[0]}]
    file = tmp_path_factory.mktemp("runs") / "few.csv"
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, *bad])
    return str(file)


@pytest.fixture(scope="module")
def found(few):
    done = CliRunner().invoke(command, ["--runs", few, "--json"])
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout), done.stderr


def test_the_json_names_the_file_and_has_the_keys_of_the_contract(found, few):
    assert found[0].keys() == {"schema", "runs", "sets", "rows", "set_aside"}
    assert found[0]["runs"] == few


def test_bad_rows_are_set_aside_with_their_line_and_the_good_ones_reported(found):
    reasons = {row["id"]: row["reason"] for row in found[0]["set_aside"]}
    assert "column tokens: 'many' is no number" in reasons["text"]
    assert "column pue: -1 is not possible" in reasons["negative"]
    assert {"llama1-65b", "bloom-176b"} <= {row["id"] for row in found[0]["rows"]}
    assert "warning: text set aside, line " in found[1]


def test_the_screen_fits_and_ends_with_what_was_set_aside(few):
    lines = CliRunner().invoke(command, ["--runs", few, "--quiet"]).stdout.splitlines()
    assert lines[0].split() == ["set", "quantity", "n", "median", "p90", "bias", "in", "50%", "in", "90%"]
    assert lines[-1].startswith("Set aside: ")
    assert max(map(len, lines)) <= 96


def test_the_report_has_its_sections(few):
    text = CliRunner().invoke(command, ["--runs", few, "--markdown", "--quiet"]).stdout
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Accuracy",
        "## The runs by which people know the subject",
        "## Backtest",
        "## Set aside",
    ]


def test_a_missing_column_is_an_error(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text(",".join([*TEXTS, *NUMBERS[1:]]) + "\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["--runs", str(file)])
    assert isinstance(done.exception, DatabaseError)
    assert "lacks the columns year" in str(done.exception)
