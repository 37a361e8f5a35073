"""The short screen of advice: the best first by what was asked for, in dollars, with the chance and the cash, on 20 lines."""

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.advise import command
from traincarbon.cli.screens.advice import MOST_LINES, worth
from traincarbon.explore.advise import advise

MEGATRON = ["--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100", "--servers", "280", "--start", "2021"]
HOME = ["--params", "7B", "--tokens", "50M", "--kind", "lora", "--hw", "rtx-4090", "--accelerators", "1", "--region", "germany"]


def lines(*arguments):
    done = CliRunner().invoke(command, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        MEGATRON,
        [*MEGATRON, "--by", "kgco2e", "--requests", "1e9", "--tokens-per-request", "1e3"],
        HOME,
        ["--params", "7B", "--tokens", "1T", "--hw", "h800"],
        ["--params", "7B", "--tokens", "1T", "--hw", "h100", "--accelerators", "512", "--by", "kwh"],
        ["--hw", "h100", "--accelerator-hours", "1e5"],
    ],
)
def test_it_has_at_most_twenty_lines_of_eighty_columns(arguments):
    shown = lines(*arguments)
    assert len(shown) <= MOST_LINES
    assert [line for line in shown if len(line) > 80] == []


def test_rows_state_amount_share_chance_cash_and_effort_the_largest_saving_first():
    shown = lines(*MEGATRON)
    head = next(line for line in shown if "Saves" in line)
    assert head.split()[:6] == ["Saves", "Share", "Chance", "CO2e", "Cash", "Effort"]
    (row,) = [line for line in shown if "50.9B parameters on 953B tokens" in line]
    assert row.split()[1:7] == ["$8.4M", "66%", "100%", "66%", "$4.3M", "low"]
    assert shown.index(row) > next(at for at, line in enumerate(shown) if "A 16 × smaller model" in line)


def test_by_another_quantity_the_money_is_beside_it():
    head = next(line for line in lines(*MEGATRON, "--by", "kgco2e") if "Saves" in line)
    assert "Rent" in head.split()
    assert head.endswith("Best first, by CO2e")


def test_what_is_folded_is_counted_with_the_option_that_shows_it():
    shown = " ".join(lines(*MEGATRON)[-2:])
    assert "--all" in shown
    assert "--explain" in shown
    assert "What is lost" in "\n".join(lines(*MEGATRON, "--all"))


def test_a_plan_whose_cost_is_unknown_says_what_it_is_ranked_by_instead():
    assert any(line.startswith("ranked by the CO2e: the cost of this plan is not known") for line in lines("--params", "7B", "--tokens", "1T", "--hw", "h800"))


def test_cash_of_more_than_ten_times_the_cost_is_marked_in_its_row():
    shown = lines("--params", "7B", "--tokens", "100B", "--hw", "a100", "--accelerators", "8", "--money", "own")
    bought = [line for line in shown if "Train on" in line]
    assert bought
    assert all("!" in line for line in bought)
    assert any("! over 10 × the plan's cost" in line for line in shown)


def test_a_home_gpu_gets_no_data_centre():
    text = "\n".join(lines(*HOME, "--all"))
    assert "A building of PUE" not in text.split("Not offered")[0]
    assert "GB200" not in text
    assert "has no data centre to choose" in " ".join(text.split())


def test_what_an_alternative_is_worth_is_money_chance_and_cash(shipped):
    spot = next(each for each in advise(params=7e9, tokens=1e12, hw="h100", database=shipped).alternatives if each.id == "spot")
    assert worth(spot).startswith("saves $")
    assert "% chance)" in worth(spot)
    assert ", cash $" in worth(spot)
