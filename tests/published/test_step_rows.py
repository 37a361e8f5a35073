"""From a published row to a step: what it states, what the tables add, and what is set aside."""

from dataclasses import replace

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published import step_rows
from traincarbon.published.run_kinds import RunKind
from traincarbon.published.runs_file import read_runs


@pytest.fixture(scope="module")
def by_id(published_steps):
    return {step.id: step for step in published_steps[0]}


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


def test_rows_that_cannot_be_used_have_their_reason(published_steps):
    reasons = {aside.id: aside.reason for aside in published_steps[1]}
    assert "contradict" in reasons["maxtext-v5p-1024b-2048"]
    assert "shape" in reasons["maxtext-v5p-1160b-12288"]


def test_a_step_beyond_a_domain_of_unknown_network_is_set_aside(shipped):
    run = next(run for run in read_runs()[0] if run.id == "maxtext-v5e-16b-4x256")
    found, aside = step_rows.read_steps([replace(run, hardware="tpu-v6e")], shipped)
    assert found == []
    assert "no network bandwidth of servers of tpu-v6e" in aside[0].reason


def test_weights_sharded_within_a_slice_are_copied_between_slices(by_id):
    layout = by_id["maxtext-v5e-16b-4x256"].layout
    assert (layout.dp, layout.shard, by_id["maxtext-v5e-16b-1x256"].layout.shard) == (1024, 256, 0)


def test_a_run_may_train_layers_that_its_model_does_not_keep(by_id):
    assert (by_id["mbridge-12"].shape.layers, by_id["mbridge-12"].shape.hidden) == (62, 7168)


def test_only_a_model_with_windows_sees_less_than_all(by_id):
    assert by_id["mbridge-20"].shape.seen == pytest.approx(0.5 + 0.5 * 2 * 128 / 4096)
    assert by_id["mbridge-16"].shape.seen == 1


def test_products_at_8_bits_leave_the_head_its_16_bits(by_id):
    assert by_id["nemo2412-gpt3-5b-64"].machine.wide_gain == pytest.approx(1 / 0.883)
    assert by_id["mcore-h100-1.7b"].machine.wide_gain == 1


def test_degrees_that_do_not_multiply_to_the_accelerators_are_set_aside(shipped):
    run = next(run for run in read_runs()[0] if run.id == "korthikanti22-22b-full")
    found, aside = step_rows.read_steps([replace(run, accelerators=12.0)], shipped)
    assert found == []
    assert "not 12" in aside[0].reason


def test_an_unknown_feature_is_an_error(shipped):
    rows = [*shipped.all_rows("run_features"), {**shipped.all_rows("run_features")[0], "feature": "luck"}]
    with pytest.raises(DatabaseError, match="luck"):
        step_rows.read_steps([], shipped.replace("run_features", rows))


def renamed(id, **fields):
    run = next(run for run in read_runs()[0] if run.id == id)
    return replace(run, id=f"of-somebody-else-{id}", **fields)


def test_a_row_of_no_known_set_is_a_step_where_it_states_its_layout_and_its_time(shipped, by_id):
    found, aside = step_rows.read_steps([renamed("megatron21-t1-1008b")], shipped)
    assert aside == []
    assert found[0].set.name == "bench/dense-lm/A100-SXM4-80GB-400W"
    assert (found[0].layout.tp, found[0].layout.pp, found[0].layout.dp) == by_id["megatron21-t1-1008b"].layout[1:4]
    assert found[0].published_s == by_id["megatron21-t1-1008b"].published_s


def test_a_row_of_no_known_set_that_lacks_its_layout_is_no_step(shipped):
    assert step_rows.read_steps([renamed("foundry-a100-7b-s2048-n8-b96", kind=RunKind.RUN)], shipped) == ([], [])


def test_a_row_of_no_known_set_has_the_habits_of_its_year(shipped):
    then = step_rows.read_steps([renamed("megatron21-t1-1008b")], shipped)[0][0]
    run = renamed("megatron21-t1-1008b")
    now = step_rows.read_steps([replace(run, year=2024.0)], shipped)[0][0]
    assert (then.layout.flash, then.layout.sequence_parallel) == (0.0, 0.0)
    assert (now.layout.flash, now.layout.sequence_parallel) == (0.5, 0.5)
    kept = step_rows.read_steps([replace(run, year=2024.0, recompute="none")], shipped)[0][0]
    assert (kept.layout.flash, kept.layout.sequence_parallel, kept.layout.tuned_attention) == (1.0, 1.0, 0.5)
