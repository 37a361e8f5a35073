"""What ``carbon estimate`` prints says what the library answered, on the width of the screen, whatever the plan and however hostile its texts."""

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
from traincarbon.cli.screens.estimate import MOST_LINES, SHOWN
from traincarbon.errors import PlanError
from traincarbon.quantities import ESTIMATED, QUANTITIES, SCOPED, unit_of

MAIN = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"]
PLACED = [*MAIN, "--servers", "280", "--region", "us-east-1"]
UNITS = {quantity.label: (name, quantity.unit) for name, quantity in QUANTITIES.items() if name in ESTIMATED and name not in ("compute_flop", "mfu")}
SMALL = ["--params", "110e6", "--tokens", "1B", "--hw", "v100"]
TINY = ["--params", "1e5", "--tokens", "1e4", "--hw", "a100"]
TOO_SMALL = ["--params", "70B", "--tokens", "10M", "--kind", "lora", "--hw", "rtx-4090", "--accelerators", "1"]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown(*words, **rest):
    done = CliRunner().invoke(command, list(words), **rest)
    assert done.exit_code == 0, done.exception
    return done.stdout


def found(*words):
    return json.loads(shown(*words, "--json", "--quiet"))


def columns(text, label):
    """The cells of the line that starts with *label*."""
    line = next(line for line in text.splitlines() if re.match(rf"(\| )?{re.escape(label)}(  | \|)", line))
    return [cell for cell in re.split(r"\s{2,}|\s*\|\s*", line.strip("| ")) if cell]


@pytest.mark.parametrize("label", UNITS)
@pytest.mark.parametrize("how", [[], ["--markdown"]], ids=["screen", "markdown"])
def test_a_line_holds_the_librarys_figure_within_its_rounding(label, how):
    name, unit = UNITS[label]
    if not how and name not in SHOWN:
        how = ["--explain"]
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
    assert units == {name: unit_of(name) for name in (*ESTIMATED, *SCOPED)}


def flat(text):
    """The words of *text*, however its lines were broken."""
    return " ".join(text.split())


def test_explain_names_the_title_of_every_source():
    text = flat(shown(*PLACED, "--explain"))
    sources = traincarbon.open_database().sources()
    keys = {step["source"].partition(":")[0] for step in found(*PLACED)["steps"]} & sources.keys()
    assert len(keys) >= 15
    for key in keys:
        assert flat(sources[key]["title"]) in text, key


def test_explain_shows_every_assumption_with_its_reason():
    text = flat(shown(*MAIN, "--explain"))
    for assumption in found(*MAIN)["assumptions"]:
        assert f" {assumption['name']} = " in text
        assert flat(assumption["reason"]) in text, assumption["name"]


def test_explains_arithmetic_can_be_followed_with_a_pocket_calculator():
    text = flat(shown(*PLACED, "--explain"))
    energy, pue, result = re.search(r"facility_energy_kwh = \S.*? it_energy_kwh = (\S+), pue = (\S+) = (\S+) kWh", text).groups()
    assert float(result) == pytest.approx(float(energy) * float(pue), rel=1e-5)


def test_the_screen_opens_with_cost_time_energy_and_carbon_in_a_sentence():
    sentence = flat(shown(*PLACED).split("\nWarning")[0])
    place = "Northern Virginia (aws:us-east-1)"
    assert sentence.startswith(f"Training 530B parameters on 270B tokens on 280 × NVIDIA DGX A100 640GB in {place} costs about $")
    assert re.search(
        r"to rent \(\$\S+ – \$\S+\), takes about \d+ days \(\d+ – \d+\), uses about \S+ GWh \(\S+ – \S+\) and emits about [\d,]+ t CO2e \([\d,]+ – [\d,]+\)\.$",
        sentence,
    )


@pytest.mark.parametrize(
    "words",
    [
        MAIN,
        PLACED,
        SMALL,
        TINY,
        TOO_SMALL,
        ["--accelerator-hours", "500", "--hw", "a100"],
        ["--params", "405B", "--tokens", "15.6T", "--hw", "h100", "--accelerators", "16384"],
    ],
)
def test_the_rest_takes_one_screen_and_ends_with_the_next_command(words):
    lines = shown(*words).splitlines()
    sentence = next(at for at, line in enumerate(lines) if line.endswith("."))
    head = sentence if "Does not fit" not in lines[0] else next(at for at, line in enumerate(lines[sentence + 1 :], sentence + 1) if line.endswith("."))
    assert len(lines) - head - 1 <= MOST_LINES
    next_line = flat(shown(*words).split("\nNext: ")[1])
    assert next_line.endswith(f"carbon advise {' '.join(words)}")


def test_warnings_stand_before_the_results_and_notes_behind_them():
    text = shown(*MAIN)
    assert text.index("Warning: fewer tokens") < text.index("Cost to rent ") < text.index("Assumed: ") < text.index("Next: ")


def test_one_utilisation_is_stated_with_how_it_comes_about():
    text = flat(shown("--params", "405B", "--tokens", "15.6T", "--hw", "h100", "--accelerators", "16384"))
    results = found("--params", "405B", "--tokens", "15.6T", "--hw", "h100", "--accelerators", "16384")["results"]
    (final,) = re.search(r"MFU: (\d+) % \([^)]*\), published whole runs ", text).groups()
    assert float(final) == pytest.approx(100.0 * results["mfu"]["median"], abs=0.5)
    assert text.count("% MFU") == 0
    steps = ["--params", "405B", "--tokens", "15.6T", "--hw", "h100", "--accelerators", "16384", "--goodput", "0.9"]
    final, start, *factors = re.search(r"MFU: (\d+) % \([^)]*\) = ([\d.]+) % \(steps[^)]*\) × ([\d.]+) \([^)]*\) × ([\d.]+)", flat(shown(*steps))).groups()
    assert float(start) * float(factors[0]) * float(factors[1]) == pytest.approx(100.0 * found(*steps)["results"]["mfu"]["median"], rel=0.02)
    assert "MFU" not in text[text.index("Assumed: ") :]


def test_a_stated_utilisation_and_stated_hours_say_so():
    assert "MFU: 40 %, as stated" in shown(*MAIN, "--mfu", "0.4")
    assert ", from the stated hours" in shown(*MAIN, "--accelerator-hours", "2e6")


def test_what_does_not_fit_is_said_in_the_first_line_and_priced_for_what_does():
    text = shown(*TOO_SMALL)
    assert text.splitlines()[0].startswith("Does not fit on 1 × NVIDIA GeForce RTX 4090; the figures are for 9")
    assert "Warning: the training state does not fit" not in text
    assert found(*TOO_SMALL)["results"] == found(*TOO_SMALL[:-1], "9")["results"]
    assert found(*TOO_SMALL)["hardware_count"] == {"stated": 1.0, "used": 9.0, "fits": False}
    done = CliRunner().invoke(command, [*TOO_SMALL, "--strict"])
    assert isinstance(done.exception, PlanError)
    assert done.exception.hint == "give 9 or more, or a smaller model"


def test_the_price_names_its_providers_and_dates():
    text, prices = " ".join(shown(*MAIN).split()), found(*MAIN)["prices"]
    assert re.search(r"Price: \$\S+ per GPU-hour on demand \(\$\S+ – \$\S+ at \d+ specialists; .*; 20\d\d-\d\d to 20\d\d-\d\d\)", text)
    for kind in ("specialist", "marketplace", "hyperscaler"):
        of_kind = sorted(quote["usd_per_h"] for quote in prices if quote["kind"] == kind)
        assert f"${of_kind[0]:.2f} – ${of_kind[-1]:.2f} at {len(of_kind)} {kind}s" in text
    (one,) = found(*PLACED)["prices"]
    assert f"({one['provider']}, {one['date'][:7]})" in shown(*PLACED)


@pytest.mark.parametrize(
    ("words", "level"),
    [
        (["--hw", "a100"], "good"),
        (["--hw", "mi300x"], "none"),
        (["--hw", "a100", "--family", "diffusion"], "some"),
        (["--hw", "a100", "--kind", "lora"], "some"),
        (["--hw", "a100", "--family", "encoder"], "some"),
        (["--hw", "h100", "--family", "encoder-decoder"], "none"),
    ],
)
def test_support_says_how_many_published_runs_are_alike(words, level):
    answer = found("--params", "7B", "--tokens", "1T", *words)
    assert answer["support"]["level"] == level
    assert any("no published run is like" in warning for warning in answer["warnings"]) == (level == "none")


def test_support_counts_runs_that_are_alike_in_every_respect():
    answer = found("--params", "340e6", "--tokens", "1T", "--hw", "h100", "--family", "encoder-decoder")
    support = answer["support"]
    assert support["published_runs"] == 0 < support["of_family"] < support["of_generation"]
    assert "put together from runs on such hardware and runs of such models" in next(text for text in answer["warnings"] if "no published run" in text)
    guess = found("--params", "340e6", "--tokens", "1T", "--hw", "gaudi3", "--family", "encoder")
    assert (guess["support"]["of_generation"], guess["support"]["published_runs"]) == (0, 0)
    assert "a wide guess" in next(text for text in guess["warnings"] if "no published run" in text)


def test_trivial_amounts_are_not_written_out():
    text = shown("--params", "7", "--tokens", "1e3", "--hw", "h100")
    assert "uses less than 1 Wh and emits less than 1 g CO2e" in flat(text)
    assert not re.search(r"µ|\bm(g|Wh|s)\b|e-\d", text)


@pytest.mark.parametrize("screen", [60, 80, 120, 200])
@pytest.mark.parametrize("hw", ["dgx-a100", "p5", "h100", "tpu-v4", "trainium2", "k80", "apple-m4-max", "gcp-tpu-v5p-pod", "mi300x"])
@pytest.mark.parametrize("more", [[], ["--region", "france", "--start", "2021"], ["--mfu", "0.05..0.5", "--level", "0.99"], ["--accelerator-hours", "1e12"]])
def test_no_line_is_wider_than_the_screen(hw, more, screen, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(screen))
    text = shown("--params", "1.4T", "--active-params", "32B", "--tokens", "15T", "--hw", hw, "--name", "a name " * 30, *more)
    assert [line for line in text.splitlines() if len(line) > output.width()] == []


@given(st.floats(3, 13), st.floats(3, 14), st.sampled_from([[], ["--servers", "1"], ["--servers", "100000"]]))
def test_models_of_every_size_fit_the_screen(params, tokens, more):
    text = shown("--params", f"{10.0**params:.6g}", "--tokens", f"{10.0**tokens:.6g}", "--hw", "dgx-h100", *more)
    assert [line for line in text.splitlines() if len(line) > output.width()] == []
    assert not {"nan", "inf", "None"} & set(re.split(r"[^a-zA-Z]+", text))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@pytest.mark.parametrize("how", [[], ["--explain"], ["--markdown"]], ids=["screen", "explain", "markdown"])
def test_no_name_of_a_plan_brings_a_control_character_to_the_terminal(how, name):
    text = CliRunner().invoke(command, [*MAIN, "--name", name, *how], color=True).stdout
    assert not CONTROL.search(re.sub(r"\x1b\[(0|1|2|3[1-6])m", "", text))


def test_on_a_terminal_headings_are_bold_and_a_pipe_gets_the_same_text_plain():
    coloured = shown(*MAIN, color=True)
    assert coloured.startswith("\x1b[1mTraining 530B parameters")
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
    assert re.search(r"^MFU: 50 % \(\d+ – 100\), as stated$", shown(*MAIN, "--mfu", "0.5±0.3", "--level", "0.99"), re.MULTILINE)


def test_the_comparison_of_server_counts_keeps_the_level_that_was_asked_for():
    text = shown(*MAIN, "--level", "0.5", "--explain")
    servers, *bounds = re.search(r"^Servers  days .*\n +(\d+) +\S+ +(\S+) – (\S+)", text, re.MULTILINE).groups()
    low, high = (float(bound.replace(",", "")) for bound in bounds)
    level = found(*MAIN, "--servers", servers, "--level", "0.5")["results"]["duration_s"]
    assert (low, high) == (pytest.approx(level["low"] / 86400, rel=5e-2), pytest.approx(level["high"] / 86400, rel=5e-2))


@pytest.mark.parametrize("words", [MAIN, SMALL, ["--params", "7B", "--tokens", "1T", "--hw", "h100"]])
def test_the_equivalents_are_the_totals_over_what_one_of_each_takes(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    results = found(*words)["results"]
    each = {row["equivalent"]: float(row["value"]) for row in traincarbon.open_database().all_rows("equivalents")}
    (line,) = re.findall(r"^That is about: (.*)$", shown(*words), re.MULTILINE)
    for phrase in line.split("; "):
        number = float(phrase.split()[0].replace(",", ""))
        name, equivalent, size = next(
            known
            for words_of, known in {
                "passengers": ("total_kgco2e", "flight-ny-sf", 1.0),
                "km by": ("total_kgco2e", "car-km", 1.0),
                "years": ("facility_energy_kwh", "us-household-year", 1.0),
                "days": ("facility_energy_kwh", "us-household-year", 1.0 / 365.25),
            }.items()
            for known in ((known[0], known[1], known[2]),)
            if words_of in phrase
        )
        assert number == pytest.approx(results[name]["median"] / (each[equivalent] * size), rel=0.05)
        assert number >= 0.1


def test_what_is_too_small_to_be_pictured_is_left_out():
    assert "That is about" not in shown(*TINY)


@pytest.mark.parametrize(("tokens", "unit", "seconds"), [("300e9", "days", 86400.0), ("1e9", "h", 3600.0)])
def test_durations_by_number_of_servers_are_those_of_such_a_plan(tokens, unit, seconds):
    ask = ["--params", "1e9", "--tokens", tokens, "--hw", "v100"]
    line = flat(shown(*ask).split("\nTime: ")[1].split("\nMFU")[0])
    durations = re.findall(rf"([\d.,]+) {unit} on ([\d,]+)", line)
    assert durations
    for median, count in durations:
        result = found(*ask, "--accelerators", count.replace(",", ""))["results"]["duration_s"]["median"]
        assert float(median.replace(",", "")) == pytest.approx(result / seconds, rel=0.05)


def test_stated_hours_have_no_list_of_durations():
    assert "\nTime" not in shown("--accelerator-hours", "1e6", "--hw", "h100")
    assert "\nTime" not in shown("--gpu-hours", "1e6", "--hw", "dgx-a100")


def test_the_screen_has_rows_of_the_markdown():
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown(*PLACED, "--markdown").splitlines() if line.startswith("| ")]
    rows = [[cell for cell in row if cell] for row in table[2:]]
    screen = [re.split(r"\s{2,}", line) for line in shown(*PLACED).splitlines()]
    labels = [QUANTITIES[name].label for name in SHOWN]
    assert [row for row in screen if row[0] in labels] == sorted((row for row in rows if row[0] in labels), key=lambda row: labels.index(row[0]))
    assert any(row[0] == "Utilisation (MFU)" and row[2] == "%" for row in rows)


def test_words_of_a_plan_are_quoted_in_the_command_to_run_next():
    assert flat(shown(*MAIN, "--name", "it's a run")).endswith("--name 'it'\"'\"'s a run'")


@pytest.mark.parametrize("how", [[], ["--explain"]])
def test_numbers_that_contradict_each_other_are_said_before_the_figures(how):
    text = " ".join(shown("--params", "7B", "--tokens", "1T", "--flop", "1e25", "--hw", "h100", *how).split())
    assert text.startswith("Warning: flop is 1e+25, but params and tokens give 4.2e+22: ")
    assert text.index("contradict") < text.index("Training 7B parameters")


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (["--params", "7B", "--tokens", "1T"], "by 6 N D"),
        (["--flop", "1e23"], "as stated"),
        (["--model", "resnet-50", "--samples", "1.28M"], "by sample"),
        (["--params", "7B", "--tokens", "1T", "--layers", "32", "--hidden", "4096"], "exact"),
    ],
)
def test_compute_says_how_it_was_counted_and_is_exact_by_the_shape_of_the_model_alone(words, how):
    assert columns(shown(*words, "--hw", "h100", "--explain"), "Compute")[-1] == how


IMAGES = ["--samples", "1M", "--image-size", "224", "--patch-size", "16", "--params", "86M"]


@pytest.mark.parametrize(
    "words",
    [
        IMAGES,
        [*IMAGES, "--text-params", "30M"],
        [*IMAGES, "--local-crops", "8"],
        [*IMAGES, "--latent-factor", "8"],
        [*IMAGES, "--frames", "16"],
        [*IMAGES, "--decoder-params", "20M", "--family", "masked-autoencoder"],
        ["--params", "1.5B", "--audio-hours", "1000", "--decoder-params", "0.5B"],
        ["--params", "7B", "--tokens", "10M", "--kind", "rl"],
        ["--params", "7B", "--tokens", "10M", "--kind", "qlora"],
        ["--samples", "1M", "--seconds-per-sample", "0.5 s", "--family", "weather"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("how", [[], ["--explain"], ["--markdown"], ["--csv"], ["--json", "--quiet"]], ids=lambda how: "".join(how[:1]))
def test_every_family_is_shown_in_every_way(words, how):
    assert shown(*words, "--hw", "8xa100", *how)


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        (["--model", "resnet-50", "--samples", "1.28M", "--epochs", "90"], "Training 25.6M parameters on 1.28M samples × 90 epochs on 8 × "),
        ([*IMAGES, "--local-crops", "8"], "Training 86M parameters on 1M samples on 8 × "),
        (["--params", "1.5B", "--audio-hours", "680k", "--decoder-params", "0.9B"], "Training 1.50B parameters on 680,000 hours of audio on 8 × "),
        (["--params", "7B", "--samples", "52k", "--epochs", "3", "--seq-len", "512"], "Training 7B parameters on 79.9M tokens on 8 × "),
    ],
)
def test_the_sentence_says_what_data_is_trained_on(words, subject):
    assert subject in " ".join(shown(*words, "--hw", "8xa100").split())


@pytest.mark.parametrize(("words", "priced"), [(("--hw", "dgx-a100"), "per server"), (("--hw", "a100", "--accelerators", "8"), "per accelerator")])
def test_an_assumed_price_is_that_of_what_the_plan_names(words, priced, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    assert priced in shown("--params", "7e9", "--tokens", "1e12", *words)
