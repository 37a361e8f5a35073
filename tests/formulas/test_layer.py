"""One micro-batch in one layer: its terms add up to those of a step, and launching kernels is a floor under all of them."""

import pytest

from traincarbon.formulas.layer import layer_lines, layer_time
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained
from traincarbon.formulas.step import step_time

GPT = Shape(layers=24, hidden=1024, heads=16, kv_heads=16, attention_width=1024, ffn=4096, ffn_matrices=2, vocab=50257, seq_len=1024)
A100 = Machine(312e12, 312e12, 2.039e12, 300e9, 25e9, 8)
REACHED = Sustained(0.76, 192, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 5e-5, 0.3)


def layer_of(layout, sustained=REACHED, shape=GPT):
    return layer_time(shape=shape, layout=layout, machine=A100, sustained=sustained)


def test_the_layers_of_a_step_take_what_one_takes_times_their_number():
    layout = Layout(sequences=16.0, tp=2.0, pp=2.0, dp=2.0, micro_batch=4.0)
    step, layer = step_time(shape=GPT, layout=layout, machine=A100, sustained=REACHED), layer_of(layout)
    for name, term in (("matmul_s", layer.matmul_s), ("launch_s", layer.launch_s), ("tensor_parallel_s", layer.tensor_s)):
        assert getattr(step, name) == pytest.approx(2.0 * 12.0 * term)


def test_a_small_layer_takes_what_the_host_needs_to_launch_it():
    # 18 kernels forward and 36 backward at 50 µs; recomputed in full, the forward pass is launched twice
    assert layer_of(Layout(sequences=1.0)).total_s == pytest.approx(54 * 5e-5)
    assert layer_of(Layout(sequences=1.0, recompute_layers=1.0)).total_s == pytest.approx(72 * 5e-5)


def test_exchanges_run_while_the_host_launches():
    alone, split = layer_of(Layout(sequences=1.0)), layer_of(Layout(sequences=1.0, tp=2.0))
    assert split.tensor_s > 0.0
    assert split.total_s == pytest.approx(alone.total_s)


def test_recorded_graphs_have_no_floor():
    assert layer_of(Layout(sequences=1.0, graphs=1.0)).launch_s == 0.0


def test_a_large_layer_hides_its_launches():
    assert layer_of(Layout(sequences=64.0, micro_batch=64.0)).launch_s == 0.0


def test_the_backward_pass_is_the_larger_part():
    layer = layer_of(Layout(sequences=64.0, micro_batch=64.0))
    assert layer.backward_s == pytest.approx(2.0 / 3.0 * layer.total_s, rel=0.05)
    again = layer_of(Layout(sequences=64.0, micro_batch=64.0, recompute_layers=1.0))
    assert again.backward_s == pytest.approx(layer.total_s)


def test_attention_by_kernels_of_an_earlier_generation_takes_longer():
    sustained = REACHED._replace(portable_attention=0.5)
    tuned, portable = (layer_of(Layout(sequences=64.0, micro_batch=64.0, tuned_attention=share), sustained) for share in (1.0, 0.0))
    assert portable.attention_s == pytest.approx(2.0 * tuned.attention_s)
    assert portable.matmul_s == tuned.matmul_s
    half = layer_of(Layout(sequences=64.0, micro_batch=64.0, tuned_attention=0.5), sustained)
    assert half.attention_s == pytest.approx(1.5 * tuned.attention_s)


@pytest.mark.parametrize("micro_batch", [1.0, 4.0, 32.0])
@pytest.mark.parametrize("kernel_launch_s", [0.0, 5e-5, 1e-2])
@pytest.mark.parametrize(
    "layout", [Layout(sequences=64.0, flash=0.0), Layout(sequences=64.0, tp=4.0, cp=2.0, sequence_parallel=1.0), Layout(64.0, ep=16.0, dp=16.0)]
)
def test_the_lines_of_a_layer_are_its_time_with_every_micro_batch(micro_batch, kernel_launch_s, layout):
    sustained = REACHED._replace(kernel_launch_s=kernel_launch_s)
    shape = GPT._replace(experts=64.0, experts_per_token=4.0) if layout.ep > 1.0 else GPT
    lines = layer_lines(shape=shape, layout=layout, machine=A100, sustained=sustained)
    forward_s = max(lines.forward_s + micro_batch * lines.forward_each_s, lines.launch_s)
    backward_s = max(lines.backward_s + micro_batch * lines.backward_each_s, lines.launch_back_s)
    scores_s = micro_batch * lines.scores_each_s
    again = {"recompute_layers": (forward_s, {"recompute_layers": 1.0}), "scores": (scores_s, {"recompute_attention": 1.0}), "nothing": (0.0, {})}
    for again_s, repeated in again.values():
        layer = layer_of(layout._replace(micro_batch=micro_batch, **repeated), sustained, shape)
        assert layer.total_s == pytest.approx(forward_s + backward_s + again_s, rel=1e-12)
        assert layer.backward_s == pytest.approx(backward_s + again_s, rel=1e-12)
