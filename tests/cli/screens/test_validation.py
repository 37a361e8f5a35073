"""The tables of a backtest: aligned within 80 columns, marked where rows were fitted on, honest about what is not shown."""

import click
import pytest

from traincarbon.cli.screens import validation
from traincarbon.cli.screens.validation import report
from traincarbon.published.reported_runs import SetAside
from traincarbon.validation.accuracy import Backtest, Case
from traincarbon.validation.landmarks import landmark_estimates

RULES = {"epoch_mfu_0.375": 2.0, "generation_mean": 1.5, "llmcarbon": 40.0}


def case(id, set="narayanan-2021-t1", quantity="step_time_s", median=1.0, *, fitted_on=False, baselines=RULES):
    return Case(id, set, quantity, 1.0, median / 2, median, median * 2, 0.4, baselines, fitted_on)


def screen(found):
    return click.unstyle(validation.screen(found))


@pytest.fixture
def tried():
    steps = [case("a", median=1.1), case("b", "mt-nlg-530b", median=0.8, fitted_on=True)]
    hours = [case(str(at), "run-dense-lm-ampere", "accelerator_hours_h", 0.999) for at in range(5)]
    few = [case("c", "run-vision-tpu-v3", "accelerator_hours_h", baselines={})]
    return Backtest((*steps, *hours, *few), (SetAside("d", "no tokens"), SetAside("e", "no tokens"), SetAside("f", "column x", 3)), "built-in")


def test_a_table_has_errors_coverage_and_rules_in_eighty_columns(tried):
    lines = screen(tried).splitlines()
    verdict = " ".join(lines[: lines.index("")])
    assert verdict.startswith(
        "How close are the estimates to what was published? GPU-hours: within 0 % in the median, 100 % of 6 runs inside the 90 % interval"
    )
    assert "Time of a step: within 17 % in the median, 100 % of 2 steps inside" in verdict
    lines = lines[lines.index("") - 2 :]
    assert lines[3] == "step_time_s                    n med. mean  p90  bias  50% 90%  0.375 gen. LLMC"
    assert lines[4] == "mt-nlg-530b*                   1 0.22 0.22 0.22 -0.22  100 100   0.69 0.41 3.69"
    assert lines[5] == "narayanan-2021-t1              1 0.10 0.10 0.10 +0.10  100 100   0.69 0.41 3.69"
    assert lines[6] == "all                            2 0.16 0.16 0.21 -0.06  100 100   0.69 0.41 3.69"
    assert max(map(len, lines)) <= 80


def test_a_bias_of_nothing_has_no_minus(tried):
    assert "+0.00" in next(line for line in screen(tried).splitlines() if line.startswith("run-dense-lm-ampere"))


def test_small_sets_are_left_out_and_said_to_be_unless_they_are_steps(tried):
    text = screen(tried)
    assert "run-vision-tpu-v3" not in text
    assert "Not shown: sets of fewer than five rows" in text
    assert "Not shown" not in screen(Backtest(tried.cases[:2], (), "x"))


def test_reasons_are_counted(tried):
    assert "Set aside: 2 × no tokens; 1 × unreadable (see the warnings)" in screen(tried)


def test_a_hostile_name_of_a_set_drives_no_terminal_and_breaks_no_table():
    text = screen(Backtest((case("a", "\x07[31m" + "x" * 60, baselines={}),), (), "x"))
    assert "\x07" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_nothing_tried_is_said():
    assert screen(Backtest((), (), "x")).startswith("No row could be predicted.\n\nSet aside: nothing")


def test_the_report_has_a_table_for_each_quantity_and_the_rules_in_full(tried):
    text = report(tried)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Accuracy",
        "## Backtest",
        "### step_time_s",
        "### accelerator_hours_h",
        "### The simple rules, all rows",
        "## Set aside",
    ]
    assert "| mt-nlg-530b* | 1 | 0.22 | 0.22 | 0.22 | -0.22 | 100 % | 100 % | 0.69 | 0.41 | 3.69 |" in text
    assert "| step_time_s | the model | 2 | 0.16 | 0.16 | 0.21 | -0.06 |" in text
    assert "| step_time_s | llmcarbon | 2 | 3.69 | 3.69 | 3.69 | +3.69 |" in text


def test_the_report_on_our_own_runs_opens_with_the_golden_ones_and_shows_the_shipped_constants(tried, shipped):
    headings = [line for line in report(tried, landmark_estimates(shipped), shipped).splitlines() if line.startswith("#")]
    assert headings[1] == "## Well-known runs"
    assert headings[-2] == "### Step times, with the constants as they are shipped"
