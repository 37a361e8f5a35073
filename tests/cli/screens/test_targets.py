"""The table of targets shows what is reached beside the limit, and what is missed."""

import math
from pathlib import Path

import click
import pytest

from traincarbon.cli.screens import targets as module
from traincarbon.cli.screens.targets import _COLUMNS, _NOT_SMALLER, _REASONS, target_lines, target_table
from traincarbon.validation.accuracy import Backtest, Case
from traincarbon.validation.targets import OVER_MEAN, Target


def case(id, error, family, generation="hopper"):
    median = math.exp(error)
    return Case(id, "s", "accelerator_hours_h", 1.0, median, median, median, 0.5, {}, family=family, generation=generation, organisation=id)


TRIED = Backtest((case("a", 0.1, "dense-lm"), case("b", -0.2, "dense-lm", "ampere"), case("c", 1.5, "speech")), (), "built-in", is_built_in=True)


def test_markdown_has_a_missed_target_bold_and_says_how_much_chance_allows():
    rows = {line.split(" | ")[0].strip("| "): line for line in "\n".join(target_lines(TRIED)).splitlines() if line.startswith("| ")}
    assert rows["language models"] == "| language models | 2 | 0.15 ≤0.27 | 0.19 ≤0.75 | -0.05 ±0.10 |  | 100 **not in 88–92** | 50–100 % |"
    assert rows["dense-lm on Hopper"] == "| dense-lm on Hopper | 1 | 0.10 ≤0.33 |  |  |  | 100 ≥85 | 0–100 % |"
    assert rows["speech"] == "| speech | 1 | 1.50 **>0.35** |  |  |  | 0 **<85** | 0–100 % |"
    assert any("factor of twenty" in line for line in target_lines(TRIED))


def test_a_screen_has_the_same_figures():
    _, language, hopper, speech = click.unstyle(target_table(TRIED, width=28)[0]).splitlines()
    assert language.split() == ["language", "models", "2", "0.15", "≤0.27", "0.19", "≤0.75", "-0.05", "±0.10", "100", "not", "in", "88–92"]
    assert hopper.split() == ["dense-lm", "on", "Hopper", "1", "0.10", "≤0.33", "100", "≥85"]
    assert speech.split() == ["speech", "1", "1.50", ">0.35", "0", "<85"]


@pytest.mark.parametrize("shown", [target_lines, lambda tried: target_table(tried, width=28)])
def test_runs_of_others_have_no_table_of_targets(shown):
    assert shown(Backtest(TRIED.cases, (), "mine.csv")) == []


@pytest.mark.parametrize(("reached", "sentence"), [(-0.056, "smaller by at least 0.056"), (0.004, _NOT_SMALLER)])
def test_what_is_only_rounded_to_nothing_is_not_called_smaller(monkeypatch, reached, sentence):
    monkeypatch.setattr(
        module,
        "_by_rows",
        lambda _: [("language models", 2, {OVER_MEAN: Target(rows="language models", n=2, measure=OVER_MEAN, least=None, most=0.0, reached=reached)})],
    )
    assert sentence in "\n".join(target_lines(TRIED))


def test_each_target_that_the_page_of_accuracy_shows_as_missed_has_its_reason():
    page = (Path(__file__).parents[3] / "docs" / "accuracy.md").read_text("utf-8")
    _, rows = page.split("## Targets, and what is reached")[1].split("| --- |", 1)
    missed = set()
    for line in rows.split("\n\n")[0].splitlines()[1:]:
        name, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        missed |= {(name, measure) for measure, cell in zip(_COLUMNS, cells, strict=False) if "**" in cell}
    assert missed
    assert missed <= _REASONS.keys()
