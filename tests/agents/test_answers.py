"""Each tool answers the JSON that its command prints."""

import json
import os
import subprocess
import sys

import pytest

from made_runs import record
from traincarbon.agents.answers import ANSWERS, Place
from traincarbon.database.load import open_database
from traincarbon.ledger.store import Ledger

PLAN = {"params": "7B", "tokens": "1T", "hw": "dgx-h100", "servers": 16}
OPTIONS = ["--params", "7B", "--tokens", "1T", "--hw", "dgx-h100", "--servers", "16"]


def printed(*words, **environment):
    done = subprocess.run([sys.executable, "-m", "traincarbon", *words, "--json", "--quiet"], capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answered(name, given, store=None):
    return json.loads(json.dumps(ANSWERS[name](given, Place(open_database(), store))))


@pytest.mark.parametrize(
    ("name", "given", "options"),
    [
        ("estimate", {**PLAN, "level": 0.8}, [*OPTIONS, "--level", "0.8"]),
        ("compare", {**PLAN, "region": ["france", "sweden"]}, [*OPTIONS, "--region", "france,sweden"]),
        ("advise", {**PLAN, "loss": "2.2", "by": "kgco2e"}, [*OPTIONS, "--quality", "loss=2.2", "--by", "kgco2e"]),
        ("optimise", {"hw": "dgx-h100", "budget_usd": "1M", "sure": "80%"}, ["--hw", "dgx-h100", "--budget-usd", "1M", "--sure", "80%"]),
    ],
)
def test_a_tool_answers_what_its_command_prints(name, given, options):
    assert answered(name, given) == printed(name, *options)


def test_a_plan_file_is_read_and_other_arguments_replace_its_fields(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text('params = 7e9\ntokens = 1e12\nhw = "dgx-h100"\n')
    assert answered("estimate", {"plan_file": str(file), "tokens": "2T"}) == printed("estimate", str(file), "--tokens", "2T")


def test_runs_are_listed_and_shown_as_the_command_does(tmp_path):
    store = str(tmp_path)
    with Ledger(store) as ledger:
        ledger.add([record("a"), record("b")])
    assert answered("runs", {}, store) == printed("runs", "list", "--store", store)
    assert [run["run_id"] for run in answered("runs", {"limit": 1}, store)] == [
        run["run_id"] for run in printed("runs", "list", "--limit", "1", "--store", store)
    ]
    assert answered("runs", {"id": "a"}, store) == printed("runs", "show", "a", "--store", store)


def test_a_result_is_explained_by_the_steps_that_lead_to_it():
    whole, part = answered("explain", PLAN), answered("explain", {**PLAN, "result": "duration_s"})
    estimate = printed("estimate", *OPTIONS)
    assert (whole["steps"], whole["results"]) == (estimate["steps"], estimate["results"])
    names = [step["name"] for step in part["steps"]]
    assert part["results"] == {"duration_s": estimate["results"]["duration_s"]}
    assert {"training_flop", "accelerator_hours_h", "mfu", "duration_s"} <= set(names)
    assert not {"water_l", "pue", "rent_usd"} & set(names)
    assert all(step in estimate["steps"] for step in part["steps"])
