"""What ``carbon estimate`` prints says what the library answered, on 80 columns, whatever the plan and however hostile its texts."""

import csv
import io
import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import traincarbon
from traincarbon.cli import output
from traincarbon.cli.commands.estimate import command
from traincarbon.errors import PlanError
from traincarbon.quantities import ESTIMATED, QUANTITIES, unit_of

MAIN = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"]
PLACED = [*MAIN, "--servers", "280", "--region", "us-east-1"]
UNITS = {quantity.label: (name, quantity.unit) for name, quantity in QUANTITIES.items() if name in ESTIMATED and name not in ("compute_flop", "mfu")}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown(*words, **rest):
    done = CliRunner().invoke(command, list(words), **rest)
    assert done.exit_code == 0, done.exception
    return done.stdout


def found(*words):
    return json.loads(shown(*words, "--json", "--quiet"))


def columns(text, label):
    """The cells of the line that starts with *label*."""
    (line,) = [line for line in text.splitlines() if re.match(rf"(\| )?{re.escape(label)}(  | \|)", line)]
    return [cell for cell in re.split(r"\s{2,}|\s*\|\s*", line.strip("| ")) if cell]


@pytest.mark.parametrize("label", UNITS)
@pytest.mark.parametrize("how", [[], ["--markdown"]], ids=["screen", "markdown"])
def test_a_line_holds_the_librarys_figure_within_its_rounding(label, how):
    name, unit = UNITS[label]
    interval = found(*PLACED)["results"][name]
    _, median, *scaled, bounds = columns(shown(*PLACED, *how), label)
    scale = output.scale_of(interval["median"], unit)
    assert "".join(scaled) == scale.unit
    median, low, high = (
        float(number.removeprefix(scale.prefix).removesuffix(scale.suffix).replace(",", "")) * scale.size for number in (median, *bounds.split(" – "))
    )
    assert median == pytest.approx(interval["median"], rel=5e-3)
    assert (low, high) == (pytest.approx(interval["low"], rel=5e-2), pytest.approx(interval["high"], rel=5e-2))


def test_the_json_of_the_command_is_that_of_the_library():
    answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100", servers=280, region="us-east-1")
    assert found(*PLACED) == json.loads(json.dumps(answer.to_dict()))


def test_csv_states_the_unit_of_each_figure():
    units = {row["result"]: row["unit"] for row in csv.DictReader(io.StringIO(shown(*MAIN, "--csv", "--quiet")))}
    assert units == {name: unit_of(name) for name in ESTIMATED}


def test_explain_names_the_title_of_every_source():
    text = shown(*PLACED, "--explain")
    sources = traincarbon.open_database().sources()
    keys = {step["source"].partition(":")[0] for step in found(*PLACED)["steps"]} & sources.keys()
    assert len(keys) >= 15
    for key in keys:
        assert sources[key]["title"] in text, key


def test_explain_shows_every_assumption_with_its_reason():
    text = shown(*MAIN, "--explain")
    for assumption in found(*MAIN)["assumptions"]:
        assert f"  {assumption['name']} = " in text
        assert assumption["reason"] in text, assumption["name"]


def test_explains_arithmetic_can_be_followed_with_a_pocket_calculator():
    text = shown(*PLACED, "--explain")
    given_values, result = re.search(r"facility_energy_kwh = .*\n    (.*)\n    = (\S+) kWh", text).groups()
    it_energy_kwh, pue = (float(part.split(" = ")[1]) for part in given_values.split(", "))
    assert float(result) == pytest.approx(it_energy_kwh * pue, rel=1e-5)


@pytest.mark.parametrize("hw", ["dgx-a100", "p5", "h100", "tpu-v4", "trainium2", "k80", "apple-m4-max", "gcp-tpu-v5p-pod", "mi300x"])
@pytest.mark.parametrize("more", [[], ["--region", "france", "--start", "2021"], ["--mfu", "0.05..0.5", "--level", "0.99"], ["--accelerator-hours", "1e12"]])
def test_no_line_of_the_screen_is_wider_than_80_columns(hw, more):
    text = shown("--params", "1.4T", "--active-params", "32B", "--tokens", "15T", "--hw", hw, "--name", "a name " * 30, *more)
    assert [line for line in text.splitlines() if len(line) > output.WIDTH] == []


@given(st.floats(3, 13), st.floats(3, 14), st.sampled_from([[], ["--servers", "1"], ["--servers", "100000"]]))
def test_models_of_every_size_fit_the_screen(params, tokens, more):
    text = shown("--params", f"{10.0**params:.6g}", "--tokens", f"{10.0**tokens:.6g}", "--hw", "dgx-h100", *more)
    assert [line for line in text.splitlines() if len(line) > output.WIDTH] == []
    assert not {"nan", "inf", "None"} & set(re.split(r"[^a-zA-Z]+", text))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@pytest.mark.parametrize("how", [[], ["--explain"], ["--markdown"]], ids=["screen", "explain", "markdown"])
def test_no_name_of_a_plan_brings_a_control_character_to_the_terminal(how, name):
    text = CliRunner().invoke(command, [*MAIN, "--name", name, *how], color=True).stdout
    assert not CONTROL.search(re.sub(r"\x1b\[(0|1|2)m", "", text))


def test_on_a_terminal_headings_are_bold_and_a_pipe_gets_the_same_text_plain():
    coloured = shown(*MAIN, color=True)
    assert coloured.startswith("\x1b[1m530B parameters")
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown(*MAIN)


def test_quiet_leaves_the_answer_as_it_is():
    for how in ("--json", "--csv"):
        assert shown(*MAIN, how, "--quiet") == shown(*MAIN, how)


def test_options_win_over_the_plan_file_and_the_rest_of_it_stays(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text('params = 7e9\ntokens = "1T"\nhw = "h100"\nregion = "france"\n', encoding="utf-8")
    plan = found(str(file), "--region", "sweden")["plan"]
    assert plan == {"params": 7e9, "tokens": 1e12, "hw": "h100", "region": "sweden"}


@pytest.mark.parametrize("content", [b"\xff\xfeparams", b"params = 1\x00", b"a = " + b"[" * 5000, b"params = " + b"9" * 5000])
def test_a_file_that_is_no_text_or_no_plan_is_refused(tmp_path, content):
    file = tmp_path / "plan.toml"
    file.write_bytes(content)
    done = CliRunner().invoke(command, [str(file)])
    assert isinstance(done.exception, PlanError)
    assert "\n" not in str(done.exception)
    assert done.exception.hint


def test_no_interval_of_utilisation_is_shown_beyond_100_percent():
    _, median, unit, bounds = columns(shown(*MAIN, "--mfu", "0.5±0.3", "--level", "0.99"), "Utilisation (MFU)")
    assert (median, unit) == ("50", "%")
    assert bounds.endswith(" – 100")


def test_the_comparison_of_server_counts_keeps_the_level_that_was_asked_for():
    wide, narrow = (re.search(r"^ +60 +\S+ +(\S+) – (\S+)", shown(*MAIN, "--level", level), re.MULTILINE).groups() for level in ("0.99", "0.5"))
    level = found(*MAIN, "--servers", "60", "--level", "0.5")["results"]["duration_s"]
    low, high = (float(bound.replace(",", "")) for bound in narrow)
    assert (low, high) == (pytest.approx(level["low"] / 86400, rel=5e-2), pytest.approx(level["high"] / 86400, rel=5e-2))
    assert float(wide[1].replace(",", "")) > high


def test_the_equivalents_are_the_totals_over_what_one_of_each_takes():
    results = found(*PLACED)["results"]
    each = {row["equivalent"]: float(row["value"]) for row in traincarbon.open_database().all_rows("equivalents")}
    text = " ".join(shown(*PLACED).split())
    for name, equivalent, words in (
        ("total_kgco2e", "flight-ny-sf", "passengers flying"),
        ("total_kgco2e", "car-km", "km by petrol car"),
        ("facility_energy_kwh", "us-household-year", "years of a US household's"),
        ("water_l", "olympic-pool", "Olympic pool"),
    ):
        assert f"{output.significant(results[name]['median'] / each[equivalent], 2)} {words}" in text


def test_what_is_too_small_to_be_pictured_is_left_out_or_told_in_a_smaller_unit():
    # 7e9 FLOP of an A100 take some 1e-9 kWh; a BERT of 6.6e17 takes 2 kWh, 0.06 days of a household, and some kilometres
    small, tiny = shown("--params", "110e6", "--tokens", "1B", "--hw", "v100"), shown("--params", "1e5", "--tokens", "1e4", "--hw", "a100")
    (line,) = re.findall(r"^That is about: (.*)$", small, re.MULTILINE)
    assert re.fullmatch(r"[\d.]+ km by petrol car; 0\.0\d+ days of a US household's electricity", line)
    assert "That is about" not in tiny


@pytest.mark.parametrize(("tokens", "unit", "seconds"), [("300e9", "days", 86400.0), ("1e9", "h", 3600.0)])
def test_durations_by_number_of_servers_are_in_the_unit_that_suits_the_shortest(tokens, unit, seconds):
    ask = ["--params", "1e9", "--tokens", tokens, "--hw", "v100"]
    table = shown(*ask)[shown(*ask).index("Accelerators ") :].split("\n\n")[0].splitlines()
    assert table[0].split()[1] == unit
    count, median = table[-1].split()[:2]
    assert float(median.replace(",", "")) == pytest.approx(
        found(*ask, "--accelerators", count.replace(",", ""))["results"]["duration_s"]["median"] / seconds, rel=0.05
    )


def test_the_markdown_has_the_rows_of_the_screen():
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown(*PLACED, "--markdown").splitlines() if line.startswith("| ")]
    screen = [re.split(r"\s{2,}", line) for line in shown(*PLACED).splitlines()]
    for row in table[2:]:
        assert [cell for cell in row if cell] in screen
    assert any((row[0], row[2]) == ("Utilisation (MFU)", "%") for row in table)


def test_known_gpu_hours_need_no_table_of_numbers_of_servers():
    assert not any(line.startswith("Accelerators ") for line in shown("--accelerator-hours", "1e6", "--hw", "h100").splitlines())
    assert not any(line.startswith("Servers ") for line in shown("--gpu-hours", "1e6", "--hw", "dgx-a100").splitlines())
