"""The JSON Schemas are those of the code, and what commands print follows them to the last key."""

import csv
import json
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from benches import gpu_bench, made_bench
from journals import lines_of, write_lines
from traincarbon.database.load import builtin_root
from traincarbon.schemas import SCHEMAS, schema, write

ROOT = Path(__file__).parents[1]
PLAN = str(ROOT / "reports" / "mt-nlg-530b.toml")
BERT = str(ROOT / "reports" / "bert-large.toml")
COMMANDS = [
    ("estimate", "estimate", [PLAN]),
    ("estimate", "estimate", [BERT]),
    ("estimate", "estimate", ["--accelerator-hours", "1e5", "--hw", "h100", "--market-intensity", "0", "--region", "france"]),
    ("estimate", "estimate", [BERT, "--project", "toy"]),
    ("comparison", "compare", [BERT, "--hw", "h100,a100", "--region", "france,dublin"]),
    ("diff", "diff", [BERT, PLAN, "--fail-above", "kwh=1e12"]),
    ("advice", "advise", [PLAN, "--requests", "1e9", "--tokens-per-request", "1e3"]),
    ("optimum", "optimise", ["--hw", "h100,dgx-a100", "--budget-usd", "1e5"]),
    ("optimum", "optimise", ["--hw", "h100", "--target-loss", "2.3", "--budget-kwh", "1e3"]),
    ("doctor", "doctor", []),
    ("calibration", "calibrate", ["--from", str(ROOT / "reports" / "example-runs.csv"), "--dry-run"]),
    ("bench", "bench", ["--dry-run"]),
    ("run", "runs", ["show", "last"]),
    ("hours", "runs", ["hours", "last"]),
    ("verification", "runs", ["verify", "last"]),
    ("compaction", "runs", ["compact", "--dry-run"]),
    ("compaction", "runs", ["compact"]),
    ("budgets", "runs", ["budget", "toy", "--max-usd", "5", "--max-kwh", "1"]),
    ("disclosure", "disclose", [PLAN, str(ROOT / "reports" / "recorded-run.json")]),
]


def closed(part):
    """Return a schema that allows no key that it does not name, so that what is not documented is noticed."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {name: closed(item) for name, item in part.items()}
    return {**found, "additionalProperties": False} if "properties" in part and part.get("type") == "object" else found


def faults(kind, answer):
    return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in Draft202012Validator(closed(schema(kind))).iter_errors(answer)]


def printed(command, *words):
    done = CliRunner().invoke(import_module(f"traincarbon.cli.commands.{command}").command, [*words, "--json", "--quiet"], catch_exceptions=False)
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def _own(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(tmp_path / "budgets.toml"))
    monkeypatch.setattr("traincarbon.benching.machine.measure", lambda **_: made_bench())
    (tmp_path / "budgets.toml").write_text('[[budget]]\nproject = "toy"\nmax_usd = 5\nmax_kwh = 1\n', encoding="utf-8")
    write_lines(str(tmp_path / "store" / "journals" / "a" / "x.jsonl"), lines_of(run_id="a"))


def test_the_schemas_of_the_documentation_are_those_of_the_code(tmp_path):
    write(str(tmp_path / "schemas"))
    committed = {file.name: file.read_text("utf-8") for file in (ROOT / "docs" / "schemas").glob("*.json")}
    assert committed == {file.name: file.read_text("utf-8") for file in (tmp_path / "schemas").iterdir()}, "run: make schemas"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_a_schema_and_names_itself(kind):
    Draft202012Validator.check_schema(schema(kind))
    assert schema(kind)["properties"]["schema"] == {"const": f"traincarbon/{kind}/1"}
    assert faults(kind, {"schema": "another"})


def test_every_schema_is_tried_on_what_a_command_prints():
    assert {kind for kind, _, _ in COMMANDS} | {"validation", "sweep"} == SCHEMAS.keys()


@pytest.mark.parametrize(("kind", "command", "words"), COMMANDS, ids=[" ".join([command, *words])[:40] for _, command, words in COMMANDS])
def test_what_a_command_prints_follows_its_schema(kind, command, words):
    assert faults(kind, printed(command, *words)) == []


def test_a_bench_of_gpus_follows_its_schema(monkeypatch):
    monkeypatch.setattr("traincarbon.benching.machine.measure", lambda **_: gpu_bench())
    assert faults("bench", printed("bench", "--dry-run")) == []


def test_a_sweep_follows_its_schema(tmp_path):
    found = printed("sweep", str(ROOT / "examples" / "sweep.toml"), "-o", str(tmp_path / "plans.parquet"))
    assert faults("sweep", found) == []


def test_a_validation_follows_its_schema(tmp_path):
    with open(f"{builtin_root()}/published_runs.csv", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["id"].startswith(("bloom", "llama1"))]
    with open(tmp_path / "few.csv", "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, {**rows[0], "id": "bad", "tokens": "many"}])
    assert faults("validation", printed("validate", "--runs", str(tmp_path / "few.csv"))) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"level": "much"}, "level"),
        ({"results": {}}, "results"),
        ({"warnings": None}, "warnings"),
        ({"more": 1}, "more"),
    ],
)
def test_what_does_not_follow_a_schema_is_noticed(change, fault):
    assert any(fault in found for found in faults("estimate", {**printed("estimate", BERT), **change}))
