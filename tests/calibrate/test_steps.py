"""Published steps of known layout: what is made of a row, how far off the prediction is, and the fit."""

import pytest

from traincarbon.calibrate import steps as calibrate
from traincarbon.calibrate.runs import Run, read_runs
from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import DatabaseError


@pytest.fixture(scope="module")
def database():
    return Database([builtin_root()])


@pytest.fixture(scope="module")
def published(database):
    return calibrate.steps(read_runs()[0], database)


@pytest.fixture(scope="module")
def by_id(published):
    return {step.id: step for step in published[0]}


@pytest.fixture(scope="module")
def errors(published, database):
    return {error.set: error for error in calibrate.report(published[0], database)}


def test_a_row_keeps_what_it_states_and_takes_the_rest_from_the_tables(by_id):
    layout = by_id["korthikanti22-175b-selective"].layout
    assert (layout.tp, layout.pp, layout.dp, layout.interleave, layout.micro_batch) == (8, 8, 1, 3, 1)
    assert (layout.recompute_layers, layout.recompute_attention, layout.sequence_parallel, layout.flash) == (0, 1, 1, 0)
    shape = by_id["torchtitan-h100-9"].shape
    assert (shape.kv_heads, shape.ffn, shape.ffn_matrices) == (8, 53248, 3)


def test_achieved_rates_that_count_recomputation_are_brought_to_the_published_days(by_id):
    # Narayanan 2021 section 5.1: 3,072 GPUs, 163 TFLOP/s with recomputation, 1T parameters: 450 B tokens in 84 days by 8 T P / n X,
    # which leaves attention and head out
    step = by_id["megatron21-t1-1008b"]
    days = step.published_s / (step.layout.sequences * step.shape.seq_len) * 450e9 / 86400
    assert days == pytest.approx(84, rel=0.015)


def test_link_bandwidth_is_that_of_one_direction(by_id):
    machine = by_id["megatron21-t1-1.7b"].machine
    assert (machine.link_bandwidth_b_per_s, machine.network_bandwidth_b_per_s, machine.domain) == (300e9, 25e9, 8)


def test_rows_that_cannot_be_used_are_told_with_their_reason(published):
    reasons = {aside.id: aside.reason for aside in published[1]}
    assert "contradict" in reasons["maxtext-v5p-1024b-2048"]
    assert "network bandwidth" in reasons["maxtext-v5e-16b-4x256"]


def test_degrees_that_do_not_multiply_to_the_accelerators_are_set_aside(database):
    run = next(run for run in read_runs()[0] if run["id"] == "korthikanti22-22b-full")
    found, aside = calibrate.steps([Run(run.texts, {**run.numbers, "accelerators": 12.0})], database)
    assert found == []
    assert "not 12" in aside[0].reason


def test_an_unknown_feature_is_an_error(database):
    rows = [*database.all_rows("run_features"), {**database.all_rows("run_features")[0], "feature": "luck"}]
    with pytest.raises(DatabaseError, match="luck"):
        calibrate.steps([], database.replace("run_features", rows))


@pytest.mark.parametrize(
    ("name", "n", "most"),
    [
        ("Narayanan 2021 T1", 10, 0.025),
        ("Narayanan 2021 T2", 6, 0.02),
        ("Korthikanti 2022", 8, 0.055),
        ("MT-NLG 530B", 3, 0.20),
        ("MosaicML FSDP A100", 37, 0.055),
        ("Megatron-Core H100", 7, 0.06),
        ("MegaScale A100", 6, 0.05),
        ("torchtitan A100", 4, 0.07),
        ("torchtitan H100", 9, 0.10),
        ("MaxText TPU v5e", 3, 0.08),
        ("MaxText TPU v5p", 4, 0.10),
        ("NeMo 24.12 H100 fp8", 7, 0.06),
        ("Megatron-Bridge", 9, 0.13),
        ("Megatron-Bridge MoE", 9, 0.36),
    ],
)
def test_published_steps_are_met_within_the_band_that_we_claim(errors, name, n, most):
    assert errors[name].n == n
    assert errors[name].mean <= most


def test_a_set_is_held_out_or_said_to_be_fitted_on(errors):
    assert errors["Narayanan 2021 T1"].is_fitted
    assert not errors["Korthikanti 2022"].is_fitted
    assert errors["Korthikanti 2022"].mean_left_out == pytest.approx(errors["Korthikanti 2022"].mean, abs=0.002)


def test_leaving_a_source_out_leaves_all_its_sets_out(errors):
    # both generations below have one source only: what is left is the mean of the other generations
    assert errors["MaxText TPU v5p"].mean_left_out > 2 * errors["MaxText TPU v5p"].mean
    assert errors["MaxText TPU v5e"].mean_left_out > 2 * errors["MaxText TPU v5e"].mean


def test_the_shipped_efficiencies_are_those_that_the_fit_gives(published, database):
    shipped = {row["scope"]: row["median"] for row in database.rows("priors", "gemm_efficiency")}
    assert {row["scope"]: row["median"] for row in calibrate.fitted_priors(published[0], database)} == shipped


def test_writing_replaces_the_fitted_rows_only(tmp_path, published, database):
    file = tmp_path / "priors.csv"
    calibrate.write(str(file), calibrate.fitted_priors(published[0], database), database)
    with open(f"{builtin_root()}/priors.csv", encoding="utf-8") as stream:
        assert file.read_text(encoding="utf-8") == stream.read()
