"""One training step: worked by hand, at its limits, refused, and the same for numbers and arrays."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained
from traincarbon.formulas.step import StepTime, pipeline_fill_s, step_mfu, step_time

GPT = Shape(layers=24, hidden=2048, heads=16, kv_heads=16, attention_width=2048, ffn=8192, ffn_matrices=2, vocab=51200, seq_len=2048)
MIXED = GPT._replace(experts=64, experts_per_token=4, ffn=2048)
A100 = Machine(312e12, 312e12, 2e12, 300e9, 25e9, 8)
FREE = Machine(312e12, 312e12, math.inf, math.inf, math.inf, 8)
REACHED = Sustained(0.75, 192, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 1e-5, 0.15)
IDEAL = Sustained(1.0, 0.0, 1.0, 1.0, 2.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def timed(layout, *, shape=GPT, machine=A100, sustained=REACHED):
    return step_time(shape=shape, layout=layout, machine=machine, sustained=sustained)


def test_a_layer_worked_by_hand():
    one = Shape(layers=1, hidden=1000, heads=10, kv_heads=10, attention_width=1000, ffn=4000, ffn_matrices=2, vocab=1, seq_len=1000)
    machine = Machine(1e12, 1e12, 1e12, 1e12, 1e12, 8)
    step = timed(Layout(sequences=2, micro_batch=1, flash=0), shape=one, machine=machine, sustained=IDEAL)
    # two micro-batches; weights 12 h² = 12e6; forward 2 × 1000 × 12e6 FLOP = 24 ms, backward twice that
    # operands of a pass: 2 B × 12e6 weights + 2 B × 1000 tokens × (2 h + 4 h + 2 × 5 h) = 24e6 + 32e6 B = 56 µs
    assert step.matmul_s == pytest.approx(2 * 3 * (24e-3 + 56e-6))
    # scores: 4 b s² h = 4e9 FLOP at three quarters of the rate, backward twice
    assert step.attention_s == pytest.approx(2 * 3 * 4e-3 / 0.75)
    # stored: 34 s b h = 34e6 B and 5 a s² b = 50e6 B, touched 2 times forward and 3 backward
    assert step.memory_s == pytest.approx(2 * 5 * 84e-6)
    # Adam: 40 B × (12e6 + 1000 of the vocabulary)
    assert step.optimiser_s == pytest.approx(40 * 12.001e6 / 1e12)
    assert step.total_s == pytest.approx(sum(step))


def test_the_bubble_is_stages_less_one_over_micro_batches_of_the_work():
    step = timed(Layout(sequences=64, pp=4), machine=FREE, sustained=IDEAL, shape=GPT._replace(vocab=1))
    work = step.matmul_s + step.attention_s
    assert step.bubble_s / work == pytest.approx(3 / 64, rel=1e-3)
    interleaved = timed(Layout(sequences=64, pp=4, interleave=3), machine=FREE, sustained=IDEAL, shape=GPT._replace(vocab=1))
    assert interleaved.bubble_s == pytest.approx(step.bubble_s / 3)


def test_one_accelerator_neither_communicates_nor_waits():
    step = timed(Layout(sequences=8))
    assert (step.tensor_parallel_s, step.context_parallel_s, step.expert_parallel_s, step.pipeline_s, step.bubble_s, step.data_parallel_s) == (0.0,) * 6


def test_infinite_bandwidth_leaves_arithmetic():
    layout = Layout(sequences=512, tp=8, dp=8, sharded_weights=1)
    step = timed(layout, machine=FREE, sustained=IDEAL)
    assert step.total_s == pytest.approx(step.matmul_s + step.attention_s + step.head_s)
    causal = GPT.model_flop_per_token - 12.0 * GPT.layers * GPT.seq_len * GPT.attention_width * (1.0 - 0.5 * 3.5 / 3.0)
    assert step.total_s == pytest.approx(causal * 512 * GPT.seq_len / (64 * A100.peak_flop_per_s))


def test_full_recomputation_repeats_a_third_of_the_layers_work():
    kept, repeated = (timed(Layout(sequences=8, flash=0, recompute_layers=full)) for full in (0.0, 1.0))
    assert repeated.matmul_s == pytest.approx(4 / 3 * kept.matmul_s)
    assert repeated.attention_s == pytest.approx(4 / 3 * kept.attention_s)
    assert repeated.head_s == kept.head_s


def test_selective_recomputation_repeats_attention_only():
    kept, repeated = (timed(Layout(sequences=8, flash=0, recompute_attention=share)) for share in (0.0, 1.0))
    assert repeated.matmul_s == kept.matmul_s
    assert repeated.attention_s > 1.3 * kept.attention_s


def test_utilisation_is_one_where_nothing_but_model_flop_takes_time():
    layout = Layout(sequences=8)
    ideal_s = GPT.model_flop_per_token * 8 * GPT.seq_len / A100.peak_flop_per_s
    assert step_mfu(shape=GPT, layout=layout, machine=A100, seconds_s=ideal_s) == pytest.approx(1.0)


def test_model_flop_are_those_of_narayanan():
    tokens, ratio = GPT.layers * GPT.hidden**2, GPT.seq_len / (6 * GPT.hidden) + GPT.vocab / (12 * GPT.layers * GPT.hidden)
    assert GPT.model_flop_per_token == pytest.approx(72 * tokens * (1 + ratio))


def test_experts_over_several_domains_cross_the_network_once_a_domain():
    layout = Layout(sequences=64, dp=64, ep=64)
    narrow, wide = timed(layout, shape=MIXED), timed(layout, shape=MIXED._replace(experts_per_token=64))
    assert narrow.expert_parallel_s < wide.expert_parallel_s
    assert timed(layout, shape=MIXED, machine=A100._replace(domain=64)).expert_parallel_s < narrow.expert_parallel_s


def test_gathers_into_lists_cost_the_host_one_copy_a_rank_and_matrix():
    layout = Layout(sequences=64, dp=64, sharded_weights=1)
    host = IDEAL._replace(listed_copy_s=1e-5)
    step = timed(layout._replace(listed=1), machine=FREE, sustained=host)
    # 24 layers of 4 matrices, gathered twice and summed once, each in 64 parts
    assert step.data_parallel_s == pytest.approx(24 * 4 * 3 * 64 * 1e-5)
    assert timed(layout, machine=FREE, sustained=host).data_parallel_s == 0


def test_a_ring_takes_a_step_over_links_for_each_rank_and_over_the_network_for_each_domain():
    layout = Layout(sequences=64, dp=64, sharded_weights=1, gathers=3)
    step = timed(layout, machine=FREE, sustained=IDEAL._replace(link_hop_s=1e-6, network_hop_s=1e-5))
    assert step.data_parallel_s == pytest.approx(24 * 4 * ((63 - 8) * 1e-6 + 8 * 1e-5))


def test_weights_sharded_within_a_domain_leave_the_gradients_alone_to_the_network():
    layout = Layout(sequences=64, dp=64, sharded_weights=1)
    within = timed(layout._replace(shard=8), machine=A100._replace(link_bandwidth_b_per_s=math.inf), sustained=IDEAL)
    # each rank sums an eighth of the gradients, 2 B each, with the 8 ranks of the other domains, over its own network
    weights = GPT.layers * (GPT.projection_params + 2 * GPT.hidden * GPT.ffn) + GPT.hidden * GPT.vocab
    assert within.data_parallel_s == pytest.approx(weights / 8 * 2 * 2 * 7 / 8 / 25e9)
    assert timed(layout._replace(shard=64), sustained=IDEAL) == timed(layout, sustained=IDEAL)


def test_a_hidden_exchange_of_experts_costs_what_sticks_out_and_a_share_at_least():
    layout = Layout(sequences=64, dp=64, ep=64)
    open_s = timed(layout, shape=MIXED).expert_parallel_s
    hidden = timed(layout._replace(overlap_experts=1), shape=MIXED, machine=A100._replace(peak_flop_per_s=312e10))
    assert hidden.expert_parallel_s == pytest.approx(0.15 * open_s)
    beside = timed(layout._replace(overlap_experts=1), shape=MIXED, machine=A100._replace(network_bandwidth_b_per_s=25e7))
    assert beside.expert_parallel_s > 0.9 * timed(layout, shape=MIXED, machine=A100._replace(network_bandwidth_b_per_s=25e7)).expert_parallel_s


def test_grouped_products_slow_the_experts_alone_and_not_where_they_are_fused():
    layout, slow = Layout(sequences=8, dp=8), IDEAL._replace(grouped_factor=0.5)
    machine = A100._replace(memory_bandwidth_b_per_s=math.inf)
    whole = timed(layout, shape=MIXED, machine=machine, sustained=IDEAL).matmul_s
    experts = MIXED.ffn_matrices * MIXED.hidden * MIXED.ffn * MIXED.experts_per_token
    share = experts / (experts + MIXED.projection_params)
    assert timed(layout, shape=MIXED, machine=machine, sustained=slow).matmul_s == pytest.approx(whole * (1 + share))
    assert timed(layout._replace(fused_experts=1), shape=MIXED, machine=machine, sustained=slow).matmul_s == pytest.approx(whole)
    assert timed(layout, sustained=slow).matmul_s == timed(layout, sustained=IDEAL).matmul_s


def test_recorded_graphs_leave_the_host_nothing_to_wait_for():
    small = GPT._replace(seq_len=64)
    assert timed(Layout(sequences=1), shape=small).launch_s > 0.5 * timed(Layout(sequences=1), shape=small).matmul_s
    assert timed(Layout(sequences=1, graphs=1), shape=small).launch_s == 0


def test_scores_at_8_bits_take_the_time_of_the_higher_peak():
    narrow = A100._replace(peak_flop_per_s=624e12)
    wide_s, narrow_s = (timed(Layout(sequences=8, narrow_attention=share), machine=narrow).attention_s for share in (0, 1))
    assert narrow_s == pytest.approx(0.5 * wide_s)


def test_the_head_at_16_bits_has_its_own_gain():
    plain, gained = (timed(Layout(sequences=8), machine=FREE._replace(wide_gain=gain)) for gain in (1.0, 1.25))
    assert gained.head_s == pytest.approx(plain.head_s / 1.25)
    assert gained.matmul_s == plain.matmul_s


def test_one_axis_of_a_torus_carries_its_share_of_the_links():
    layout = Layout(sequences=8, tp=8)
    switch, torus = (timed(layout, machine=A100._replace(tensor_share=share), sustained=IDEAL) for share in (1.0, 0.25))
    assert torus.tensor_parallel_s == pytest.approx(4 * switch.tensor_parallel_s)


def test_gradients_added_at_32_bits_are_moved_for_each_micro_batch():
    layout = Layout(sequences=8)
    weights = GPT.layers * (GPT.projection_params + 2 * GPT.hidden * GPT.ffn)
    added = timed(layout._replace(accumulation_b=4), sustained=IDEAL).memory_s - timed(layout, sustained=IDEAL).memory_s
    assert added == pytest.approx(8 * 4 * weights / 2e12)
    one = Layout(sequences=8, micro_batch=8)
    assert timed(one._replace(accumulation_b=4)) == timed(one)


def test_a_window_shortens_the_scores():
    layout = Layout(sequences=8)
    assert timed(layout, shape=GPT._replace(window=256, windowed=1)).attention_s == pytest.approx(0.25 * timed(layout).attention_s)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pp": 7}, "do not divide over the pipeline"),
        ({"pp": 48}, "more pipeline stages than layers"),
        ({"pp": 8, "interleave": 4}, "more pipeline stages than layers"),
        ({"tp": 16}, "scale-up domain"),
        ({"tp": 3}, "heads do not divide"),
        ({"dp": 128}, "smaller than the data parallelism"),
        ({"micro_batch": 3}, "micro-batches"),
        ({"cp": 3}, "sequence does not divide"),
        ({"tp": 0}, "tp is 0"),
        ({"dp": math.nan}, "dp is nan"),
        ({"sequences": 0}, "sequences is 0"),
    ],
)
def test_layouts_that_cannot_be_are_refused(change, words):
    with pytest.raises(OutOfRangeError, match=words):
        timed(Layout(sequences=64)._replace(**change))


def test_a_sequence_of_nothing_is_refused():
    with pytest.raises(OutOfRangeError, match="seq_len is 0"):
        timed(Layout(sequences=64), shape=GPT._replace(seq_len=0))


def test_fewer_experts_than_the_expert_parallelism_are_refused():
    with pytest.raises(OutOfRangeError, match="fewer experts"):
        timed(Layout(sequences=256, dp=128, ep=128), shape=MIXED)


def test_one_bad_layout_among_many_is_refused():
    with pytest.raises(OutOfRangeError, match="heads do not divide"):
        timed(Layout(sequences=64, tp=np.array([1.0, 3.0])))


@pytest.mark.parametrize("bandwidth", ["memory_bandwidth_b_per_s", "link_bandwidth_b_per_s", "network_bandwidth_b_per_s", "peak_flop_per_s"])
@given(factor=st.floats(1.0, 100.0))
def test_a_faster_machine_is_never_slower(bandwidth, factor):
    layout = Layout(sequences=64, tp=4, pp=4, dp=4, ep=4, overlap_data=1)
    slow = timed(layout, shape=MIXED)
    fast = timed(layout, shape=MIXED, machine=A100._replace(**{bandwidth: getattr(A100, bandwidth) * factor}))
    assert fast.total_s <= slow.total_s * (1 + 1e-12)


@given(share=st.floats(0.0, 1.0), other=st.floats(0.0, 1.0))
def test_time_is_continuous_in_what_overlaps_and_what_is_repeated(share, other):
    first, second = (timed(Layout(sequences=512, tp=8, dp=8, overlap_data=s, overlap_tensor=s, recompute_layers=s)).total_s for s in (share, other))
    assert abs(first - second) <= 2.0 * max(first, second) * abs(share - other) + 1e-9


@given(
    tp=st.sampled_from([1.0, 2.0, 8.0]),
    pp=st.sampled_from([1.0, 4.0, 8.0]),
    dp=st.sampled_from([1.0, 8.0, 64.0]),
    flash=st.sampled_from([0.0, 1.0]),
    recompute=st.sampled_from([0.0, 1.0]),
    sharded=st.sampled_from([0.0, 1.0]),
)
def test_an_array_gives_what_its_elements_give(tp, pp, dp, flash, recompute, sharded):
    alone = Layout(sequences=128.0, tp=tp, pp=pp, dp=dp, flash=flash, recompute_layers=recompute, sharded_weights=sharded)
    many = Layout(*(np.array([float(value), float(default)]) for value, default in zip(alone, Layout(sequences=64.0), strict=True)))
    together, single = timed(many), timed(alone)
    for name in StepTime._fields:
        assert np.broadcast_to(getattr(together, name), 2)[0] == pytest.approx(getattr(single, name), rel=1e-12, abs=1e-15)


def test_the_bubble_waits_for_the_head_too():
    # 3 of 4 stages wait 8 layers of 0.25 s, and a quarter of the head of 2 s: (4 - 1) / 2 × (2 + 0.5)
    assert pipeline_fill_s(pp=4.0, interleave=2.0, stage_layers=8.0, layer_s=0.25, head_s=2.0) == pytest.approx(3.75)
    assert pipeline_fill_s(pp=1.0, interleave=1.0, stage_layers=8.0, layer_s=0.25, head_s=2.0) == 0.0


def test_a_wider_head_makes_the_bubble_longer_by_its_share():
    layout = Layout(sequences=64, pp=4)
    one, two = (timed(layout, machine=FREE, sustained=IDEAL, shape=GPT._replace(vocab=vocab)) for vocab in (51200, 102400))
    head_s = 6.0 * GPT.seq_len * GPT.hidden * 51200 / FREE.peak_flop_per_s
    assert two.bubble_s - one.bubble_s == pytest.approx(3.0 * head_s / 4.0)


@pytest.mark.parametrize("name", ["pp", "interleave"])
def test_a_pipeline_of_less_than_one_stage_is_refused(name):
    with pytest.raises(OutOfRangeError, match=name):
        pipeline_fill_s(**{"pp": 4.0, "interleave": 2.0, "stage_layers": 8.0, "layer_s": 0.25, "head_s": 2.0, name: 0.5})
