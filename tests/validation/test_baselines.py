"""The simple rules are computed as their authors state them, and see no more than the model does."""

import math
from dataclasses import replace

import pytest

from traincarbon.published.reported_runs import chip_of
from traincarbon.published.runs_file import read_runs
from traincarbon.validation import baselines
from traincarbon.validation.baselines import Means, means_of_runs, means_of_steps, mfu_of_run, seconds_of_step

RUNS = {run.id: run for run in read_runs()[0]}


def test_the_mean_of_a_generation_is_geometric_and_keeps_benches_apart(shipped):
    some = [RUNS["llama1-65b"], RUNS["bloom-176b"], RUNS["megatron21-t1-1.7b"]]
    logs = [math.log(run.implied_mfu(chip_of(run, shipped).peak_flop_per_s)) for run in some]
    means = means_of_runs(some, shipped)
    assert means.of("run", "ampere") == pytest.approx(math.exp((logs[0] + logs[1]) / 2))
    assert means.of("bench", "ampere") == pytest.approx(math.exp(logs[2]))


def test_a_generation_without_rows_gets_the_mean_of_all_and_no_rows_the_constant():
    assert Means({("run", ""): 0.3, ("run", "ampere"): 0.4}).of("run", "hopper") == 0.3
    assert Means({}).of("run", "hopper") == 0.375


def test_rows_that_no_fit_may_use_are_in_no_mean(shipped):
    assert not means_of_runs([RUNS["idefics-80b"], RUNS["pangu-sigma"]], shipped).by_generation


def test_llmcarbons_regression_is_worked_by_hand(shipped):
    run = RUNS["llama1-65b"]
    # Faiz et al. 2024: beyond a server, -5.6e-23 N^2 + 8.45e-11 N + 134.5 TFLOP/s
    rate = -5.60233749e-23 * 65.2e9**2 + 8.45435587e-11 * 65.2e9 + 134.546129
    assert mfu_of_run(run, chip_of(run, shipped), Means({}))["llmcarbon"] == pytest.approx(rate / 312)


def test_a_rule_that_needs_what_a_row_does_not_state_is_left_out(shipped):
    run = replace(RUNS["llama1-65b"], total_params=None)
    assert list(mfu_of_run(run, chip_of(run, shipped), Means({}))) == ["epoch_mfu_0.375", "generation_mean"]


def test_the_seconds_of_a_step_are_those_at_the_rules_utilisation(shipped, published_steps):
    step = next(step for step in published_steps[0] if step.set.name == "Narayanan 2021 T1")
    run = RUNS[step.id]
    means = means_of_steps([step])
    found = seconds_of_step(step, run, chip_of(run, shipped), means)
    assert tuple(found) == baselines.NAMES
    assert step.mfu(found["epoch_mfu_0.375"]) == pytest.approx(0.375)
    assert found["generation_mean"] == pytest.approx(step.published_s)
