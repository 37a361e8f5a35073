"""``carbon validate``: error and coverage for our runs and for anyone's."""

import csv
import json
import math
import statistics

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.validate import command
from traincarbon.database.load import builtin_root
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.published.runs_file import NUMBERS, TEXTS


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
    assert found[0].keys() == {"schema", "runs", "sets", "families", "generations", "power", "targets", "rows", "set_aside"}
    assert found[0]["runs"] == few


def test_bad_rows_are_set_aside_with_their_line_and_the_good_ones_reported(found):
    reasons = {row["id"]: row["reason"] for row in found[0]["set_aside"]}
    assert "column tokens: 'many' is not a number" in reasons["text"]
    assert "column pue: -1 is not possible" in reasons["negative"]
    assert found[1].count("set aside, line ") == 3
    assert {"llama1-65b", "bloom-176b"} <= {row["id"] for row in found[0]["rows"]}
    assert "warning: text set aside, line " in found[1]


def test_the_screen_fits_and_ends_with_what_was_set_aside(few):
    lines = CliRunner().invoke(command, ["--runs", few, "--quiet"]).stdout.splitlines()
    assert lines[0].startswith("How close are the estimates")
    assert lines[lines.index("") + 1].split() == ["step_time_s", "n", "med.", "mean", "p90", "bias", "50%", "90%", "0.375", "gen.", "LLMC"]
    assert any(line.startswith("Set aside: ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_report_of_ones_own_file_leaves_our_golden_runs_out(few):
    text = CliRunner().invoke(command, ["--runs", few, "--markdown", "--quiet"]).stdout
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[:4] == ["# Accuracy", "## Hours of whole runs, by family", "## Backtest", "### step_time_s"]
    assert headings[-2:] == ["### The simple rules, all rows", "## Set aside"]


def test_the_plot_is_one_new_file(few, tmp_path):
    file = tmp_path / "plot.html"
    done = CliRunner().invoke(command, ["--runs", few, "--plot", str(file), "--quiet"])
    assert done.exit_code == 0, done.exception
    assert "llama1-65b" in file.read_text("utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["plot.html"]


@pytest.mark.parametrize(("place", "message"), [("there.html", "already exists"), ("none/x.html", "cannot write"), (".", "is a folder")])
def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, monkeypatch, place, message):
    (tmp_path / "there.html").write_text("kept")
    monkeypatch.setattr("traincarbon.validation.backtest.backtest", lambda *_, **__: pytest.fail("computed"))
    done = CliRunner().invoke(command, ["--plot", str(tmp_path / place)])
    assert isinstance(done.exception, CarbonError)
    assert message in str(done.exception)
    assert (tmp_path / "there.html").read_text() == "kept"


def test_many_bad_rows_are_counted_rather_than_all_printed(tmp_path):
    head = [*TEXTS, *NUMBERS]
    file = tmp_path / "runs.csv"
    file.write_text("\n".join([",".join(head), *(f"id{at},nonsense" + "," * (len(head) - 2) for at in range(60))]), encoding="utf-8")
    done = CliRunner().invoke(command, ["--runs", str(file)])
    assert done.exit_code == 0
    assert done.stderr.count("warning: ") == 51
    assert "10 more rows set aside" in done.stderr
    assert done.stdout.startswith("No row could be predicted.")


def test_a_missing_column_is_an_error(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text(",".join(name for name in (*TEXTS, *NUMBERS) if name != "hardware") + "\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["--runs", str(file)])
    assert isinstance(done.exception, DatabaseError)
    assert "lacks the column hardware" in str(done.exception)


def test_every_set_and_row_has_the_keys_of_the_contract_and_plausible_numbers(found):
    keys = {"set", "quantity", "fitted_on", "n", "median_abs_ln", "mean_abs_ln", "p90_abs_ln", "bias_ln", "mape", "coverage_50", "coverage_90", "baselines"}
    quantities = {"step_time_s", "accelerator_hours_h", "mfu", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e"}
    for entry in found[0]["sets"]:
        assert entry.keys() == keys
        assert entry["quantity"] in quantities
        assert 0.0 <= entry["coverage_50"] <= entry["coverage_90"] <= 1.0
        assert entry["median_abs_ln"] <= entry["p90_abs_ln"]
    for row in found[0]["rows"]:
        assert row.keys() == {"id", "set", "quantity", "published", "low", "median", "high"}
        assert row["low"] < row["median"] < row["high"]


def test_a_sets_numbers_follow_from_its_rows(found):
    entry = next(entry for entry in found[0]["sets"] if (entry["set"], entry["quantity"]) == ("all", "accelerator_hours_h"))
    rows = [row for row in found[0]["rows"] if row["quantity"] == "accelerator_hours_h"]
    errors = [math.log(row["median"] / row["published"]) for row in rows]
    assert entry["n"] == len(rows)
    assert entry["bias_ln"] == pytest.approx(sum(errors) / len(errors))
    assert entry["median_abs_ln"] == pytest.approx(statistics.median(map(abs, errors)))
    assert entry["coverage_90"] == pytest.approx(sum(row["low"] <= row["published"] <= row["high"] for row in rows) / len(rows))


@pytest.mark.parametrize("cells", [{"wallclock_days": "1e308", "accelerator_hours": ""}, {"co2e_t": "1e308"}, {"accelerator_hours": "1e-308"}, {"mfu": "50"}])
def test_an_absurd_row_is_set_aside_or_shown_but_never_breaks_the_report(cells, tmp_path):
    with open(f"{builtin_root()}/published_runs.csv", encoding="utf-8", newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if row["id"] == "llama1-65b")
    file = tmp_path / "runs.csv"
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerows([row, {**row, "id": "absurd", **cells}])
    done = CliRunner().invoke(command, ["--runs", str(file), "--json", "--quiet"])
    assert done.exit_code == 0, done.exception
    answered = json.loads(done.stdout)
    assert "llama1-65b" in {row["id"] for row in answered["rows"]}
    assert "absurd" in {row["id"] for row in answered["rows"]} | {row["id"] for row in answered["set_aside"]}


def test_the_screen_leaves_out_sets_of_fewer_than_five_rows_but_for_steps(few, found):
    shown = CliRunner().invoke(command, ["--runs", few, "--quiet"]).stdout
    tables = [block.splitlines() for block in shown.split("\n\n")]
    listed = {(line.split()[0].rstrip("*"), table[0].split()[0]) for table in tables for line in table[1:]}
    for entry in found[0]["sets"]:
        always = entry["set"] == "all" or entry["quantity"] == "step_time_s"
        assert ((entry["set"], entry["quantity"]) in listed) == (entry["n"] >= 5 or always)


def test_a_column_that_is_not_read_is_said(tmp_path):
    file = tmp_path / "runs.csv"
    columns = [*TEXTS, *NUMBERS, "hours"]
    row = {"id": "a", "kind": "run", "tokens": "1e12", "hours": "5"}
    file.write_text("\n".join([",".join(columns), ",".join(row.get(column, "") for column in columns), ""]))
    assert "warning: ignored columns: hours\n" in CliRunner().invoke(command, ["--runs", str(file)]).stderr


@pytest.mark.parametrize(
    ("column", "hours", "line"),
    [
        ("Hours", "1484", "note: Hours are taken as wall-clock time; name the column gpu_hours if they are GPU-hours"),
        ("days", "62", "note: days are taken as wall-clock time; name the column gpu_days if they are GPU-days"),
        (
            "training_hours",
            "95000",
            "warning: training_hours look like GPU-hours: as wall-clock time they imply an MFU below 1 % in 1 of 1 row; name the column gpu_hours if they are",
        ),
        ("gpu_hours", "95000", ""),
        ("Wall-clock hours", "1484", ""),
    ],
)
def test_bare_hours_are_said_to_be_wall_clock_time_or_to_look_like_gpu_hours(tmp_path, column, hours, line):
    file = tmp_path / "runs.csv"
    file.write_text(f"id,hardware,gpus,params,tokens,{column}\na,a100,64,7b,1t,{hours}\n")
    done = CliRunner().invoke(command, ["--runs", str(file)])
    assert done.exit_code == 0, done.exception
    assert [each for each in done.stderr.splitlines() if each.startswith(("note: ", "warning: "))] == ([line] if line else [])
    assert CliRunner().invoke(command, ["--runs", str(file), "--quiet"]).stderr == ""
