"""``carbon estimate``: a screen for people, JSON for machines, and an answer to every bad input."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from grid_services import served
from traincarbon.cli.commands.estimate import command
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import CHOICES, FIELDS
from traincarbon.grid.service import moment_of
from traincarbon.quantities import ESTIMATED, QUANTITIES, SCOPED

MAIN = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"]


def run(*words):
    return CliRunner().invoke(command, list(words))


def answer(*words):
    done = run(*words, "--json", "--quiet")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def refusal(*words):
    done = run(*words)
    assert isinstance(done.exception, CarbonError), done.output
    assert "\n" not in str(done.exception)
    assert done.exception.hint
    return f"{done.exception} | {done.exception.hint}"


def test_the_main_job_fits_one_screen_of_80_columns():
    lines = run(*MAIN).stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80


def test_the_screen_names_every_figure_with_its_unit():
    shown = run(*MAIN, "--servers", "280", "--explain").stdout
    for name in ESTIMATED:
        label = QUANTITIES[name].label
        line = next(line for line in shown.splitlines() if line.startswith(f"{label}  "))
        assert "–" in line or "exact" in line or "by 6 N D" in line
    assert "8.59e+23  FLOP" in shown


def test_without_a_number_of_servers_the_screen_compares_a_few():
    shown = run(*MAIN).stdout
    (first, *rest) = re.findall(r" on ([\d,]*\d)", " ".join(shown[shown.index("\nTime: ") : shown.index("\nMFU: ")].split()))
    assert [first, *rest] == sorted([first, *rest], key=lambda count: int(count.replace(",", "")))
    assert "\nTime: " not in run(*MAIN, "--servers", "280").stdout


def test_a_duration_in_the_table_is_what_that_number_of_servers_gives():
    line = next(line for line in run(*MAIN, "--explain").stdout.splitlines() if line.split()[:1] == ["80"])
    days = answer(*MAIN, "--servers", "80")["results"]["duration_s"]["median"] / 86400
    assert float(line.split()[1]) == pytest.approx(days, rel=0.05)


def test_piped_output_is_plain():
    assert "\x1b" not in run(*MAIN).stdout


def test_json_has_exactly_the_keys_of_the_contract():
    found = answer(*MAIN)
    assert list(found) == [
        "schema",
        "plan",
        "level",
        "results",
        "flop_counts",
        "spread_shares",
        "steps",
        "hardware_count",
        "support",
        "ownership_usd",
        "prices",
        "calibration",
        "own_runs",
        "layout",
        "assumptions",
        "warnings",
    ]
    assert found["schema"] == "traincarbon/estimate/1"
    assert list(found["results"]) == [*ESTIMATED, *SCOPED]
    assert all(value is None or list(value) == ["low", "median", "high"] for value in found["results"].values())
    assert all(list(step) == ["name", "formula", "inputs", "value", "unit", "source"] for step in found["steps"])
    assert all(list(assumption) == ["name", "value", "reason"] for assumption in found["assumptions"])


def test_what_cannot_be_known_is_null_with_a_warning_that_says_what_to_give():
    found = answer(*MAIN)
    assert [name for name, value in found["results"].items() if value is None] == ["duration_s", "purchase_usd", "scope2_market_kgco2e"]
    assert any("give servers" in warning for warning in found["warnings"])


def test_csv_holds_the_numbers_of_the_json():
    rows = list(csv.DictReader(io.StringIO(run(*MAIN, "--csv", "--quiet").stdout)))
    results = answer(*MAIN)["results"]
    assert [row["result"] for row in rows] == list(results)
    for row in rows:
        for bound in ("low", "median", "high"):
            assert (row[bound] == "") == (results[row["result"]] is None)
            if row[bound]:
                assert float(row[bound]) == pytest.approx(results[row["result"]][bound], rel=1e-5)


def test_markdown_is_a_table():
    lines = run(*MAIN, "--markdown").stdout.splitlines()
    assert lines[1] == "| --- | ---: | --- | --- |"
    assert all(line.startswith("| ") for line in lines[:12])


def test_explain_shows_every_formula_with_its_numbers_and_every_fact_with_its_source():
    shown = " ".join(run(*MAIN, "--explain").stdout.split())
    found = answer(*MAIN)
    for step in found["steps"]:
        assert step["name"] in shown
        if step["inputs"]:
            assert f"{step['name']} = {step['formula']}" in shown
    assert "published: " in shown
    assert "Kaplan" in shown or "Scaling laws" in shown
    assert "Sources of the uncertainty of each result" in shown


def test_a_level_widens_the_interval():
    narrow, wide = (answer(*MAIN, "--level", level)["results"]["rent_usd"] for level in ("0.5", "0.99"))
    assert wide["low"] < narrow["low"] < narrow["median"] == wide["median"] < narrow["high"] < wide["high"]


def test_a_saved_plan_gives_the_same_estimate_and_is_not_overwritten(tmp_path):
    file = str(tmp_path / "plan.toml")
    before = answer(*MAIN, "--mfu", "0.3..0.5", "--save", file)
    assert answer(file)["results"] == before["results"]
    assert Plan.read(file).mfu == "0.3..0.5"
    assert "already exists" in refusal(*MAIN, "--save", file)


def test_who_asks_nothing_is_shown_how_to_ask(tmp_path):
    (tmp_path / "empty.toml").write_text("")
    for words in ([], [str(tmp_path / "empty.toml")]):
        assert "no plan given" in refusal(*words)
    assert "names no hardware" in refusal("--params", "7B")


def test_a_plan_cannot_be_saved_where_there_is_no_folder(tmp_path):
    assert "cannot write" in refusal(*MAIN, "--save", str(tmp_path / "none" / "plan.toml"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--params", "0"], "params is 0"), (["--params", "-7B"], "params is -7e+09"), (["--tokens", "nan"], "tokens is not a number"), (["--tokens", "inf"], "tokens is not a number"),
        (["--params", "1e400"], "params is no finite number"), (["--params", "530 B potatoes"], "params is not a number: '530 B potatoes'"), (["--active-params", "600e9"], "active_params 6e+11 exceed params"),
        (["--hw", "dgx-a10"], "did you mean dgx-a100"), (["--hw", "dgx"], "matches more than one hardware"), (["--hw", "dgx-b100"], "did you mean dgx-"), (["--hw", ""], "hardware ''"), (["--region", "atlantis"], "no region or zone 'atlantis'"),
        (["--hw", "p5", "--region", "gcp:us-central1"], "aws-p5.48xlarge is not offered in gcp:us-central1"), (["--precision", "fp8"], "has no fp8 rate | it has fp32, tf32, fp16, bf16"),
        (["--mfu", "40"], "did you mean 0.4?"), (["--carbon-intensity", "0.429"], "did you mean 429?"), (["--pue", "0.9"], "pue is 0.9"), (["--servers", "2.5"], "whole number"), (["--start", "June"], "start is 'June'"),
        (["--level", "1.5"], "confidence level 1.5"), (["--mfu", "0.5..0.3"], "not an interval"), (["--accelerator-hours", "10"], "too few for this work even at the peak rate"), (["--mfu", "0.4", "--accelerator-hours", "1e6"], "mfu and accelerator_hours exclude each other"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_a_hint(words, said):
    assert said in refusal(*MAIN, *words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("params = 7e9\nturkens = 1e12\n", "did you mean tokens?"),
        ('params = 7e9\nhw = "h1', "is not TOML"),
        ("params = true\n", "params is True"),
        ("[params]\nvalue = 1\n", "params is"),
    ],
)
def test_a_bad_plan_file_gets_one_line_and_a_hint(tmp_path, text, said):
    file = tmp_path / "plan.toml"
    file.write_text(text, encoding="utf-8")
    assert said in refusal(str(file))


def test_a_byte_order_mark_is_ignored(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_bytes(b'\xef\xbb\xbfparams = 7e9\r\ntokens = 1e12\r\nhw = "h100"\r\n')
    assert answer(str(file))["plan"] == {"params": 7e9, "tokens": 1e12, "hw": "h100"}


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        (["--start", "2018"], "came out in 2020, after the start in 2018"),
        (["--servers", "2"], "does not fit in the memory"),
        (["--tokens", "1e9"], "fewer tokens than parameters"),
        (["--tp", "8"], "ignored tp, pp and dp: no number of servers"),
        (["--rent", "reserved_3y", "--hw", "k80"], "no reserved 3y price"),
        (["--params", "530", "--tokens", "270"], "is a suffix missing"),
        (["--servers", "1e9"], "no layout: no layout fits in memory"),
        (["--servers", "64", "--kind", "lora"], "no layout: layouts are known only for decoders"),
    ],
)
def test_an_unreliable_plan_is_answered_with_a_warning(words, warned):
    assert any(warned in warning for warning in answer(*MAIN, *words)["warnings"])


@pytest.mark.parametrize(
    ("words", "machines"),
    [
        (["--accelerators", "512"], "512 accelerators of NVIDIA DGX A100 640GB"),
        (["--servers", "64"], "64 × NVIDIA DGX A100 640GB"),
        (["--hw", "a100", "--accelerators", "512"], "512 × NVIDIA A100 SXM4 80GB"),
    ],
)
def test_accelerators_of_servers_are_not_taken_for_servers(words, machines):
    assert f" on {machines} costs " in " ".join(run(*MAIN, *words).stdout.split())


def test_what_has_no_layout_says_so_on_the_screen():
    assert "Note: no layout: no layout fits in memory" in run(*MAIN, "--servers", "1e9").stdout


def test_warnings_go_to_stderr_where_the_output_is_for_machines():
    assert "warning: " in run(*MAIN, "--json").stderr
    assert run(*MAIN, "--json", "--quiet").stderr == ""


def test_a_hostile_name_cannot_drive_the_terminal():
    shown = run(*MAIN, "--name", "a\x1b[2Jb\nc").stdout
    assert "\x1b" not in shown
    assert click.unstyle(shown).startswith("a�[2Jb�c · ")


WORDS = st.sampled_from(
    [
        "0",
        "-1",
        "nan",
        "1e400",
        "1",
        "2.5",
        "0.3..0.5",
        "0.4±0.05",
        "7B",
        "1e30",
        "1e-30",
        "0.5",
        "",
        "±",
        "..",
        "2020-06",
        "france",
        "us-east-1",
        "h100",
        "p4d",
        "tpu-v4",
        "epyc-7742",
        "\x00",
        "a" * 300,
    ]
)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), WORDS, max_size=6))
def test_no_combination_of_options_ends_in_a_traceback(options):
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", CHOICES[name][0] if name in CHOICES else value)]
    done = run("--params", "7B", "--tokens", "1T", "--hw", "h100", *words)
    assert done.exception is None or isinstance(done.exception, CarbonError | SystemExit)


def test_a_model_by_name_leaves_only_tokens_and_hardware_to_state():
    plan = answer("--model", "llama-3-8b", "--kind", "lora", "--tokens", "10M", "--hw", "dgx-h100", "--servers", "1")["plan"]
    assert (plan["model"], plan["params"], plan["layers"]) == ("llama-3-8b", 8030261248, 32)
    assert run("--model", "llama-3-8b", "--tokens", "10M", "--hw", "h100").stdout.startswith("llama-3-8b · Training 8.03B parameters on 10M tokens")


def test_a_model_by_its_configuration_is_counted_from_it(tmp_path):
    config = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 256, "vocab_size": 1000}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    plan = answer("--model", str(tmp_path / "config.json"), "--tokens", "1M", "--hw", "h100")["plan"]
    assert plan["params"] == 2 * 1000 * 64 + 2 * (4 * 64 * 64 + 3 * 64 * 256 + 2 * 64) + 64


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "lama-3-8b"), "did you mean llama-3-8b"),
        (("--model", "llama-3"), "matches more than one model"),
        (("--model", "nowhere/config.json"), "cannot read the model's configuration"),
        (("--model", "llama-3-8b", "--params", "70B"), "contradict the model"),
        (("--model", "hub:not a name"), "no name of a model"),
    ],
)
def test_a_model_that_cannot_be_is_refused_with_a_way_on(words, message):
    assert message in refusal(*words, "--tokens", "10M", "--hw", "h100")


def test_a_model_without_tokens_suggests_those_of_its_own_training():
    assert "15T, the tokens of its own training" in refusal("--model", "llama-3-8b", "--hw", "h100")


class TestWhen:
    """``--when``: start times, without a network unless ``--live`` asks for one."""

    PLAN = ("--accelerator-hours", "48", "--accelerators", "8", "--hw", "dgx-a100", "--region", "uk")
    NO_NETWORK = "import socket; socket.socket.connect = None; from traincarbon.cli import main; main()"

    def run(self, tmp_path, *words, **environment):
        command = [sys.executable, "-c", self.NO_NETWORK, "estimate", *self.PLAN, *words]
        settings = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), **environment}
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env=settings)

    def test_nothing_is_known_of_a_grid_before_a_service_was_asked(self, tmp_path):
        shown = self.run(tmp_path, "--when")
        assert (shown.returncode, "--live asks a service" in " ".join(shown.stdout.split())) == (0, True)
        stated = json.loads(self.run(tmp_path, "--when", "--json").stdout)["start_times"]
        assert (stated["expectation"], stated["now"], stated["best"]) == (None, None, [])

    def test_without_it_there_are_no_start_times(self, tmp_path):
        assert "start_times" not in json.loads(self.run(tmp_path, "--json").stdout)

    def test_a_forecast_is_asked_for_on_loopback(self, tmp_path):
        now = int(time.time() // 3600)
        rows = [{"from": moment_of(now + at), "intensity": {"forecast": 100 - 2 * at, "actual": None}} for at in range(48)]
        with served(lambda _: {"data": rows}) as (address, _):
            command = [sys.executable, "-m", "traincarbon", "estimate", *self.PLAN, "--when", "--live", "--service", "gb-carbon-intensity"]
            settings = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CARBON_GB_CARBON_INTENSITY_URL": address}
            shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env=settings)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "less CO2e of electricity than now; by the forecast of gb-carbon-intensity, zone GB, direct" in " ".join(shown.stdout.split())

    def test_a_place_is_needed(self, tmp_path):
        command = [sys.executable, "-c", self.NO_NETWORK, "estimate", "--params", "7B", "--tokens", "1T", "--hw", "dgx-a100", "--when"]
        failed = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
        assert (failed.returncode, failed.stderr.splitlines()[0]) == (1, "error: start times need a place")
