"""What a step takes at least: never more than the step itself, and the step where there is nothing to choose."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from traincarbon.formulas.layer import layer_time
from traincarbon.formulas.layout import UNEVEN_LAYERS, Layout, Machine, Shape, Sustained
from traincarbon.formulas.step import time_by_term
from traincarbon.formulas.step_bound import least_step_s, step_lines

GPT = Shape(layers=24, hidden=2048, heads=16, kv_heads=16, attention_width=2048, ffn=8192, ffn_matrices=2, vocab=51200, seq_len=2048)
MIXED = GPT._replace(experts=64.0, experts_per_token=4.0, ffn=2048.0)
A100 = Machine(312e12, 312e12, 2e12, 300e9, 25e9, 8)
SLOW = A100._replace(link_bandwidth_b_per_s=30e9, network_bandwidth_b_per_s=1e9)
REACHED = Sustained(0.75, 192, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 1e-5, 0.15)


def bound_s(layout, *, shape=GPT, machine=A100, chunks=1.0, spared=0.0, **less):
    """The bound of a layout by layers that repeat *less*."""
    known = {"shape": shape, "machine": machine, "sustained": REACHED}
    layer = layer_time(layout=layout._replace(**less), **known)
    lines = step_lines(layout=layout._replace(interleave=1.0), chunks=chunks, spared=spared, **known)
    times = {"layer_s": layer.total_s, "backward_s": layer.backward_s}
    return least_step_s(lines, micro_batch=layout.micro_batch, micro_batches=layout.micro_batches, **times)


def step_s(layout, *, shape=GPT, machine=A100):
    return time_by_term(shape=shape, layout=layout, machine=machine, sustained=REACHED).total_s


@given(
    tp=st.sampled_from([1.0, 2.0, 4.0]),
    pp=st.sampled_from([1.0, 2.0, 8.0, 24.0]),
    chunks=st.sampled_from([1.0, 2.0, 3.0]),
    layers=st.sampled_from([1.0, 21.0, 24.0, 46.0]),
    again=st.sampled_from([{}, {"recompute_layers": 1.0}, {"recompute_attention": 1.0}]),
    flash=st.sampled_from([0.0, 1.0]),
    is_sharded=st.booleans(),
    overlap=st.sampled_from([0.0, 0.5, 1.0]),
    batch=st.sampled_from([(1.0, 1.0), (1.0, 2.0), (2.0, 24.0), (8.0, 48.0)]),
    vocab=st.sampled_from([1.0, 51200.0, 1e6, 1e7]),
    machine=st.sampled_from([A100, SLOW]),
    is_mixed=st.booleans(),
)
def test_no_step_is_below_its_bound(tp, pp, chunks, layers, again, flash, is_sharded, overlap, batch, vocab, machine, is_mixed):
    assume(-layers % (pp * chunks) <= UNEVEN_LAYERS)
    assume(chunks == 1.0 or (pp > 1.0 and batch[1] % pp == 0.0))
    assume(not is_sharded or pp == 1.0)
    shape = (MIXED if is_mixed else GPT)._replace(vocab=vocab, layers=layers)
    sharding = {"sharded_weights": 1.0} if is_sharded else {"sharded_optimiser": 1.0, "gradient_b": 4.0}
    sequences, ep = 4.0 * batch[0] * batch[1], 4.0 if is_mixed else 1.0
    layout = Layout(sequences, tp, pp, 4.0, ep=ep, interleave=chunks, micro_batch=batch[0], flash=flash, overlap_data=overlap, **sharding, **again)
    most_chunks = 3.0 if pp > 1.0 and batch[1] % pp == 0.0 else 1.0
    known = {"shape": shape, "machine": machine, "chunks": most_chunks, "spared": 2.0 * (pp > 1.0)}
    least_s = bound_s(layout, recompute_layers=0.0, recompute_attention=0.0, **known)
    assert 0.0 < least_s <= step_s(layout, shape=shape, machine=machine) * (1.0 + 1e-12)


@pytest.mark.parametrize("shape", [GPT, MIXED])
@pytest.mark.parametrize("machine", [A100, SLOW])
@pytest.mark.parametrize(
    "layout",
    [
        Layout(64.0, dp=8.0, micro_batch=2.0, sharded_weights=1.0, overlap_data=1.0),
        Layout(64.0, dp=8.0, tp=2.0, sharded_optimiser=1.0, gradient_b=4.0, overlap_data=1.0, sequence_parallel=1.0),
        Layout(64.0, pp=4.0, tp=4.0, dp=2.0, ep=8.0, sharded_optimiser=1.0, recompute_layers=1.0),
    ],
)
def test_the_bound_is_the_step_where_a_stage_is_one_chunk_and_nothing_more_is_repeated(shape, machine, layout):
    assert bound_s(layout, shape=shape, machine=machine) == pytest.approx(step_s(layout, shape=shape, machine=machine), rel=1e-12)


def test_more_chunks_than_one_shorten_the_bubble_alone():
    layout = Layout(64.0, pp=4.0)
    fill_s = 3.0 / 1.0 * (bound_s(layout, chunks=1.0) - bound_s(layout, chunks=3.0)) / 2.0
    assert bound_s(layout, chunks=1.0) - bound_s(layout, chunks=2.0) == pytest.approx(fill_s / 2.0)


def test_a_stage_that_may_be_shorter_than_what_it_is_spared_counts_no_head():
    layout, heavy = Layout(64.0, pp=24.0, micro_batch=2.0), GPT._replace(vocab=1e6)
    lines = step_lines(shape=heavy, layout=layout, machine=A100, sustained=REACHED, chunks=1.0, spared=2.0)
    of_head_s = 2.0 * lines.head_each_s
    with_head_s, without_s = (bound_s(layout, shape=heavy, spared=spared) for spared in (0.0, 2.0))
    assert with_head_s - without_s == pytest.approx(32.0 * of_head_s)
