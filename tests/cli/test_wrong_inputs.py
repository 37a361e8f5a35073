"""What people type by mistake or by habit is understood, or answered with what they meant: the whole message of each."""

import click
import pytest
from click.testing import CliRunner

import traincarbon
from traincarbon.cli import COMMANDS
from traincarbon.cli.lazy import LazyGroup
from traincarbon.errors import CarbonError

GROUP = LazyGroup("carbon", commands_help=COMMANDS)
ESTIMATE = ("estimate", "--params", "7B", "--tokens", "1T", "--hw", "h100")
NO_TOKENS = (
    "give tokens, such as 270e9 or 1.4T, or samples with epochs and seq_len, or flop; if the run is known, accelerator_hours, or hours with accelerators"
)
UNKNOWN = "No such option "


def run(*words):
    return CliRunner().invoke(GROUP, list(words))


def answer(*words):
    """Return what the command line answers to wrong *words*: the message and the hint of an error of ours, or the last line of a wrong usage."""
    done = run(*words)
    if isinstance(done.exception, CarbonError):
        return f"{done.exception} | {done.exception.hint}"
    assert done.exit_code == 2, done.output
    return done.output.strip().splitlines()[-1].removeprefix("Error: ")


UNDERSTOOD = [
    ((*ESTIMATE[:1], "--params", text, *ESTIMATE[3:]), {"params": 7e9})
    for text in ("7b", "7 billion", "7Bn", "7 B", "7,000,000,000", "7_000_000_000", "7e9", "7B params", "7 x 10^9", "7000M")
] + [
    ((*ESTIMATE, "--mfu", "40%"), {"mfu": 0.4}),
    ((*ESTIMATE, "--rent-price", "$2"), {"rent_price": 2.0}),
    ((*ESTIMATE, "--rent-price", "$2/h"), {"rent_price": 2.0}),
    ((*ESTIMATE, "--carbon-intensity", "400 g/kWh"), {"carbon_intensity": 400.0}),
    ((*ESTIMATE, "--electricity-price", "0.12 $/kWh"), {"electricity_price": 0.12}),
    ((*ESTIMATE, "--gpus", "8"), {"accelerators": 8.0}),
    (("estimate", "--hardware", "8xH100", "--gpu-hours", "500"), {"hw": "8xH100", "accelerator_hours": 500.0}),
    (("estimate", "--gpu", "A100 80GB x 64", "--days", "3"), {"hw": "A100 80GB x 64", "days": 3.0}),
    (("estimate", "--params", "7B", "--tokens", "1T", "--hw", "dgx-h100", "--nodes", "4"), {"servers": 4.0}),
    (("estimate", "--flops", "3e21", "--hw", "v5litepod-256"), {"flop": 3e21}),
    (("estimate", "--params", "86M", "--samples", "1.28M", "--epochs", "3", "--seq-len", "197", "--hw", "a100"), {"samples": 1.28e6, "epochs": 3.0}),
]


@pytest.mark.parametrize(("words", "fields"), UNDERSTOOD)
def test_a_usual_spelling_is_understood(words, fields):
    import json

    done = run(*words, "--json", "--quiet")
    assert done.exit_code == 0, done.output or done.exception
    plan = json.loads(done.stdout)["plan"]
    assert {name: plan.get(name) for name in fields} == fields


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # numbers
        ((*ESTIMATE, "--params", "-7B"), "params is -7e+09 | it must be above 0"),
        ((*ESTIMATE, "--params", "7,24B"), "params is not a number: '7,24B' | a comma separates thousands: did you mean 7.24B?"),
        ((*ESTIMATE, "--params", "seven"), "params is not a number: 'seven' | write 530e9, 530B, 1.4T or 270,000,000"),
        (
            (*ESTIMATE, "--params", "80GB"),
            "params is not a number: '80GB' | gb is a unit of memory: write a plain number, the number of parameters; did you mean 80B?",
        ),
        ((*ESTIMATE, "--mfu", "40"), "mfu is 40 | it is a share: above 0 and at most 1; did you mean 0.4?"),
        ((*ESTIMATE, "--mfu", "0.3-0.5"), "mfu is not a number: '0.3-0.5' | write an interval as low..high: did you mean 0.3..0.5?"),
        ((*ESTIMATE, "--pue", "0.9"), "pue is 0.9 | facility energy over IT energy is at least 1, and 3 in the worst facilities"),
        ((*ESTIMATE, "--carbon-intensity", "0.4"), "carbon_intensity is 0.4 | in grams per kWh, 0 to 1500; did you mean 400?"),
        (
            (*ESTIMATE, "--electricity-price", "0.35 €"),
            "electricity_price is not a number: '0.35 €' | prices are in US dollars: convert the euros and write a plain number, in $/kWh",
        ),
        ((*ESTIMATE, "--level", "much"), "Invalid value for '--level': 'much' is no share: write 0.9 or 90%."),
        (("optimise", "--hw", "h100", "--budget-kwh", "abc"), "budget_kwh is not a number: 'abc' | write a number, in kWh"),
        (("track", "--max-kwh", "abc", "--", "true"), "max_kwh is not a number: 'abc' | write a number, in kWh"),
        (
            ("track", "--max-usd", "5 €", "--", "true"),
            "max_usd is not a number: '5 €' | prices are in US dollars: convert the euros and write a plain number, in $",
        ),
        # hardware and counts
        (("estimate", "--params", "7B", "--tokens", "1T"), "the plan names no hardware | give hw, as dgx-a100 or h100; all: carbon db list hardware"),
        ((*ESTIMATE, "--hw", "8xh100", "--gpus", "16"), "hw is '8xh100', and accelerators is 16 | give the number once: in hw or as accelerators"),
        (
            (*ESTIMATE, "--gpu", "8"),
            "hw is '8' | name the hardware, such as a100; a number of GPUs is accelerators = 8 (--gpus 8), or hw = 8xA100",
        ),
        (
            ("estimate", "--hours", "24", "--hw", "h100"),
            "hours need a number of GPUs | hours are wall-clock time: add accelerators (--gpus 8) or servers; GPU-hours are accelerator_hours (--gpu-hours 500)",
        ),
        (
            (*ESTIMATE, "--precision", "bfloat16"),
            "Invalid value for '--precision': 'bfloat16' is not one of 'fp32', 'tf32', 'fp16', 'bf16', 'fp8', 'fp4'. Did you mean 'bf16'?",
        ),
        # work
        (("estimate", "--params", "7B", "--hw", "h100"), f"the plan states no tokens | {NO_TOKENS}"),
        (
            ("estimate", "--tokens", "1T", "--hw", "h100"),
            "the plan states no params | give params, such as 530e9 or 7B, or flop, or accelerator_hours if you know them",
        ),
        ((*ESTIMATE, "--epochs", "3"), "epochs need samples or audio_hours | tokens count all epochs already; to state epochs, give samples and seq_len"),
        (
            (*ESTIMATE, "--active-params", "9B"),
            "active_params 9e+09 exceed params 7e+09 | params counts all experts, active_params those that a token passes through",
        ),
        (
            (*ESTIMATE, "--kind", "grpo"),
            "Invalid value for '--kind': 'grpo' is not one of 'pretrain', 'finetune', 'lora', 'qlora', 'dpo', 'rl'. Did you mean 'rl'?",
        ),
        ((*ESTIMATE, "--start", "1999"), "start is '1999' | plans start in 2000 to 2100; write a year or a month, as 2024 or 2024-06"),
        ((*ESTIMATE, "--start", "soon"), "start is 'soon' | write a year or a month, as 2020 or 2020-06"),
        # options and commands that do not exist
        ((*ESTIMATE, "--country", "uk"), UNKNOWN + "'--country'. Did you mean '--region'?"),
        ((*ESTIMATE, "--location", "x"), UNKNOWN + "'--location'. Did you mean '--region'?"),
        (
            (*ESTIMATE, "--cloud", "aws"),
            UNKNOWN + "'--cloud'. Name a region with its provider, such as aws:us-east-1, or an instance as hw, such as p5.48xlarge.",
        ),
        ((*ESTIMATE, "--batch-size", "8"), UNKNOWN + "'--batch-size'. Did you mean '--batch-tokens'? It counts tokens: sequences of a step × seq_len."),
        ((*ESTIMATE, "--lr", "1e-4"), UNKNOWN + "'--lr'. It has no effect on the cost of a training: leave it out."),
        ((*ESTIMATE, "--num-gpus", "8"), UNKNOWN + "'--num-gpus'. Did you mean '--gpus'?"),
        ((*ESTIMATE, "--gpu-type", "a100"), UNKNOWN + "'--gpu-type'. Did you mean '--hw'?"),
        ((*ESTIMATE, "--context-length", "8k"), UNKNOWN + "'--context-length'. Did you mean '--seq-len'?"),
        ((*ESTIMATE, "--macs", "4"), UNKNOWN + "'--macs'. Did you mean '--gmac-per-sample'?"),
        ((*ESTIMATE, "--toknes", "4"), UNKNOWN + "'--toknes'. Did you mean '--tokens'?"),
        ((*ESTIMATE, "--zzz", "4"), UNKNOWN + "'--zzz'."),
        ((*ESTIMATE, "--optimize"), UNKNOWN + "'--optimize'. Use the command carbon optimise."),
        (("estmate",), "No such command 'estmate'. Did you mean 'estimate'?"),
        (("track",), "Missing argument '[--] COMMAND…'."),
        (("compare", *ESTIMATE[1:], "--plot", "c.pdf"), "Invalid value for '--plot': a plot is a page of HTML, not pdf: name a file that ends in .html."),
    ],
)
def test_what_cannot_be_is_answered_with_what_was_meant(words, expected):
    assert answer(*words) == expected


def test_optimize_is_optimise():
    assert answer("optimize", "--hw", "h100") == answer("optimise", "--hw", "h100")


def test_few_parameters_are_questioned():
    done = run("estimate", "--params", "7", "--tokens", "1B", "--hw", "h100")
    assert "params below 1,000: is a suffix missing" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params = 7B\n", "the plan is not TOML"),
        ("parms = 7e9\n", "unknown key 'parms' in the plan | did you mean params?"),
        ('country = "uk"\n', "unknown key 'country' in the plan | did you mean region?"),
        ("batch_size = 8\n", "unknown key 'batch_size' in the plan | did you mean batch_tokens? it counts tokens: sequences of a step × seq_len"),
        ("lr = 1e-4\n", "unknown key 'lr' in the plan | it has no effect on the cost of a training: leave it out"),
        (
            'kind = "peft"\n',
            "kind is 'peft' | did you mean lora? it must be one of pretrain, finetune, lora, qlora, dpo, rl",
        ),
        ("gpus = 8\naccelerators = 16\n", "accelerators and gpus are the same field | give one of them"),
    ],
)
def test_a_plan_file_is_answered_like_the_options(tmp_path, text, expected):
    file = tmp_path / "plan.toml"
    file.write_text(text, encoding="utf-8")
    assert answer("estimate", str(file)).removeprefix(f"{file}: ").startswith(expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"parms": 7e9}, "unknown key 'parms' in the plan | did you mean params?"),
        ({"country": "uk"}, "unknown key 'country' in the plan | did you mean region?"),
        ({"learning_rate": 1e-4}, "unknown key 'learning_rate' in the plan | it has no effect on the cost of a training: leave it out"),
        ({"params": "80GB"}, "params is not a number: '80GB' | gb is a unit of memory: write a plain number, the number of parameters; did you mean 80B?"),
    ],
)
def test_python_is_answered_like_the_options(fields, expected):
    with pytest.raises(CarbonError) as caught:
        traincarbon.estimate(**fields)
    assert f"{caught.value} | {caught.value.hint}" == expected


def test_aliases_work_in_python_and_override_the_field_of_a_plan():
    base = traincarbon.Plan(hw="a100", accelerators=8, accelerator_hours=80)
    assert traincarbon.estimate(base, gpus=16).accelerators == 16.0
    assert traincarbon.estimate(hardware="8xa100", gpu_hours=500).median("accelerator_hours_h") == 500.0


def test_an_option_of_a_command_keeps_its_own_error():
    with pytest.raises(click.UsageError):
        GROUP.main(["estimate", "--params"], standalone_mode=False)
