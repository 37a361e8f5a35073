"""From a plan to the task of spreading it: what is taken from the plan, what is assumed, and what is refused."""

import pytest

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.layout.task import calibrated, layout_task
from traincarbon.estimation.plan import Plan

PLAN = {"params": 175e9, "tokens": 300e9, "hw": "dgx-a100", "servers": 128}


def found(shipped, **fields):
    return estimate(database=shipped, **{**PLAN, **fields}).layout


def test_a_plan_of_size_and_servers_alone_gets_a_layout_and_says_what_was_assumed(shipped):
    layout = found(shipped)
    assert layout.spread.layout.accelerators == 1024.0
    assert {name: value for name, value, _ in layout.assumed} == {
        "vocab": 50257.0, "seq_len": 2048.0, "layers": 96.0, "hidden": 12288.0, "heads": 96.0, "batch_tokens": 1952 * 2048.0,
    }  # fmt: skip


def test_what_the_plan_says_is_not_assumed(shipped):
    shape = {"layers": 96, "hidden": 12288, "heads": 96, "vocab": 51200, "seq_len": 2048, "batch_tokens": 1536 * 2048}
    assert found(shipped, **shape).assumed == []
    assert found(shipped, **shape).spread.layout.sequences == 1536.0


def test_degrees_of_the_plan_are_used(shipped):
    layout = found(shipped, tp=4, pp=8).spread.layout
    assert (layout.tp, layout.pp, layout.dp) == (4.0, 8.0, 32.0)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"tp": 16}, "scale-up domain"),
        ({"tp": 3}, "do not divide"),
        ({"pp": 128}, "more pipeline stages than layers"),
        ({"dp": 1024, "batch_tokens": 2048 * 512}, "batch smaller"),
    ],
)
def test_an_impossible_layout_is_refused(shipped, fields, what):
    with pytest.raises(OutOfRangeError, match=what):
        estimate(database=shipped, **PLAN, **fields)


def test_degrees_that_fit_nowhere_are_told_in_a_warning(shipped):
    answer = estimate(database=shipped, **PLAN, tp=1, pp=1)
    assert answer.layout.spread is None or answer.layout.spread.layout.sharded_weights
    answer = estimate(database=shipped, **{**PLAN, "servers": 1e7}, tp=8)
    assert any("no layout fits" in warning for warning in answer.warnings)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"servers": None}, "no number of servers"),
        ({"kind": "lora"}, "trained as a whole"),
        ({"family": "diffusion"}, "trained as a whole"),
        ({"servers": 1e7}, "fits in memory"),
    ],
)
def test_where_there_is_no_layout_it_says_why(shipped, fields, why):
    layout = found(shipped, **fields)
    assert layout.spread is None
    assert why in layout.why_none


def test_a_task_is_that_of_one_plan(shipped):
    import numpy as np

    plan = Plan(**{**PLAN, "params": np.array([1e9, 1e10])})
    with pytest.raises(PlanError, match="a layout is that of a single plan"):
        layout_task(plan, gather(plan, shipped), shipped, 8.0)


def test_a_batch_of_less_than_a_sequence_has_no_layout(shipped):
    assert "fewer than one sequence" in found(shipped, batch_tokens=1000).why_none


def test_a_run_of_2021_computes_plain_attention(shipped):
    then, now = found(shipped, start="2021").spread, found(shipped, start="2024").spread
    assert (then.layout.flash, now.layout.flash) == (0.0, 1.0)
    assert then.mfu < now.mfu


def test_an_old_chip_computes_plain_attention_whenever_it_runs(shipped):
    assert found(shipped, hw="dgx-1-v100-32", servers=512, start="2024").spread.layout.flash == 0.0


def test_zero_sequence_length_is_refused(shipped):
    with pytest.raises((PlanError, OutOfRangeError), match="seq_len"):
        found(shipped, seq_len=0)


def test_a_calibrated_step_takes_its_time_in_every_term_and_never_more_than_the_peak(shipped):
    spread = found(shipped).spread
    slower, faster = calibrated(spread, factor=0.5), calibrated(spread, factor=10.0)
    assert slower.step == pytest.approx(tuple(2.0 * seconds_s for seconds_s in spread.step))
    assert (slower.mfu, slower.calibration) == pytest.approx((0.5 * spread.mfu, 0.5))
    assert (faster.mfu, faster.calibration) == pytest.approx((1.0, 1.0 / spread.mfu))
    assert faster.step.total_s == pytest.approx(spread.step.total_s * spread.mfu)


def test_driver_and_libraries_keep_a_share_of_the_memory(shipped):
    plan, share = Plan(**PLAN), float(shipped.rows("priors", "layout_memory_share")[0]["median"])
    task, _ = layout_task(plan, gather(plan, shipped), shipped, 1024.0)
    assert task.memory_b == share * shipped.product("accelerators", "a100-sxm4-80gb").value("memory_b")
    assert 0.5 < share < 1.0
    assert found(shipped, servers=32).spread.memory.total_b <= task.memory_b


@pytest.mark.parametrize(("times", "sequences"), [(1.0, 1953.0), (16.0, 7812.0), (1.0 / 16.0, 488.0)])
def test_the_usual_batch_grows_with_the_root_of_the_accelerators(shipped, times, sequences):
    # 4 M tokens on 1,024 accelerators are 1953 sequences of 2,048
    plan = Plan(**{**PLAN, "vocab": 50257, "seq_len": 2048})
    task, _ = layout_task(plan, gather(plan, shipped), shipped, times * 1024.0)
    assert (task.sequences, task.is_batch_stated) == (sequences, False)


def test_the_layout_of_a_known_mixture_of_experts_has_its_experts_and_its_attention(shipped):
    plan = estimate(model="deepseek-v3", tokens="14.8T", hw="dgx-h100", database=shipped).plan
    task, assumed = layout_task(plan, gather(plan, shipped), shipped, 2048.0)
    (published,) = shipped.rows("architectures", "deepseek-v3")
    for name in ("layers", "hidden", "heads", "attention_width", "ffn", "ffn_matrices", "vocab", "experts", "experts_per_token", "shared_ffn"):
        assert getattr(task.shape, name) == float(published[name]), name
    assert task.shape.attention_params == pytest.approx(float(published["attention_params"]), rel=0.001)
    assert {name for name, _, _ in assumed}.isdisjoint({"experts", "layers", "hidden", "heads", "vocab", "seq_len"})


def test_heads_that_are_wider_than_the_model_widen_the_attention_of_the_layout(shipped):
    plan = Plan(**{**PLAN, "layers": 28, "hidden": 1024, "heads": 16, "head_dim": 128, "ffn": 4096, "ffn_matrices": 3, "params": 6e8})
    task, _ = layout_task(plan, gather(plan, shipped), shipped, 8.0)
    assert (task.shape.attention_width, task.shape.ffn_matrices) == (2048.0, 3.0)


@pytest.mark.parametrize(
    ("start", "params", "recompute"), [("2021-05", 175e9, "full"), ("2021-05", 0.3e9, None), ("2022-05", 175e9, None), (None, 175e9, None)]
)
def test_large_models_were_recomputed_in_full_before_a_part_of_a_layer_could_be(shipped, start, params, recompute):
    plan = Plan(**{**PLAN, "params": params, "start": start})
    task, assumed = layout_task(plan, gather(plan, shipped), shipped, 1024.0)
    assert task.recompute == recompute
    assert ("recompute_layers" in [name for name, _, _ in assumed]) == (recompute is not None)
    stated = Plan(**{**PLAN, "params": params, "start": start, "recompute": "none"})
    assert layout_task(stated, gather(stated, shipped), shipped, 1024.0)[0].recompute == "none"
