"""The level of whole runs comes from whole runs; steps decide only where there are none."""

import math
from dataclasses import replace

import pytest

from traincarbon.published import priors, whole_runs
from traincarbon.published.reported_runs import chip_of
from traincarbon.published.run_kinds import RunKind
from traincarbon.published.runs_file import read_runs

RUNS = read_runs()[0]
BY_ID = {run.id: run for run in RUNS}


def test_a_published_run_becomes_one_observation_with_its_effects(shipped):
    (row,) = whole_runs.whole_rows([BY_ID["llama1-65b"]], shipped)
    assert math.exp(row.y) * 0.275 == pytest.approx(0.4769, abs=1e-4)
    assert row.effects == {"all": 1.0, "generation=ampere": 1.0}
    assert (row.group, row.scatter) == ("meta", "run")
    (tuned,) = whole_runs.whole_rows([replace(BY_ID["llama1-65b"], kind=RunKind.LORA, family="encoder")], shipped)
    assert tuned.effects == {"all": 1.0, "generation=ampere": 1.0, "family=encoder": 1.0, "kind=finetune": 1.0}


def test_a_mixture_of_experts_is_known_by_its_share_of_active_parameters_and_images_by_their_medium(shipped):
    (sparse,) = whole_runs.whole_rows([BY_ID["deepseek-v2-236b"]], shipped)
    assert sparse.effects == {"all": 1.0, "generation=hopper": 1.0, "sparsity": pytest.approx(math.log(236 / 21), abs=1e-2)}
    (image,) = whole_runs.whole_rows([BY_ID["vit-h14"]], shipped)
    assert image.effects == {"all": 1.0, "generation=tpu-v3": 1.0, "medium=image": 1.0, "family=vision": 1.0}
    assert (sparse.scatter, image.scatter) == ("other", "image")


def test_whole_runs_and_steps_share_no_row(shipped):
    whole = {run.id for run in RUNS if whole_runs.whole_rows([run], shipped)}
    steps = {run.id for run in RUNS if priors.step_rows([run], shipped)}
    assert whole
    assert steps
    assert whole.isdisjoint(steps)
    assert {BY_ID[id].kind for id in whole} == {RunKind.RUN, RunKind.FINETUNE, RunKind.LORA}


def test_the_level_of_whole_runs_hardly_moves_with_benches_where_there_are_whole_runs(shipped):
    rows = whole_runs.whole_rows(RUNS, shipped)
    alone, faster = (whole_runs.fit_whole(rows, {"ampere": mfu, "hopper": 0.5}).predict({"all": 1.0, "generation=ampere": 1.0}) for mfu in (0.3, 0.6))
    assert abs(alone[0] - faster[0]) < 0.05


def test_a_generation_with_steps_alone_is_at_the_share_of_them_that_whole_runs_reach(shipped):
    rows = whole_runs.whole_rows(RUNS, shipped)
    found = whole_runs.fit_whole(rows, {"ampere": 0.45, "hopper": 0.4, "tpu-v7": 0.2})
    assert 0.55 < found.share < 0.8
    slow, usual, known = (found.predict({"all": 1.0, f"generation={name}": 1.0}) for name in ("tpu-v7", "never-seen", "ampere"))
    assert slow[0] < usual[0]
    assert known[1] < slow[1] < usual[1]


def test_a_fast_format_is_expected_to_use_less_of_its_peak_and_a_slow_one_more(shipped):
    chip = chip_of(BY_ID["deepseek-v3-pretrain"], shipped)
    assert whole_runs.expected_mfu(chip) == pytest.approx(0.275 / (0.7 + 0.3 * 1979e12 / 989e12), rel=2e-3)
    assert whole_runs.expected_mfu(chip_of(BY_ID["gena-lm-base"], shipped)) == 0.275
    assert whole_runs.expected_mfu(chip_of(BY_ID["nucleotide-transformer-2.5b"], shipped)) == pytest.approx(0.275 / (0.7 + 0.3 / 2))
    assert whole_runs.expected_mfu(chip_of(BY_ID["detectron2-faster-r50-3x"], shipped)) == pytest.approx(0.275 / (0.7 + 0.3 * 15.7 / 125), rel=2e-3)


def test_a_run_of_another_organisation_has_the_interval_that_left_out_ones_need(shipped):
    found = whole_runs.fit_whole(whole_runs.whole_rows(RUNS, shipped), {})
    _, dense = found.predict({"all": 1.0, "generation=ampere": 1.0})
    _, other = found.predict({"all": 1.0, "generation=ampere": 1.0, "family=encoder": 1.0}, "encoder")
    assert 0.34 < dense < 0.46
    assert dense < other < 0.7
    assert found.share is None
