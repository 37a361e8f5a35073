"""Whether a layout fits: what one accelerator of it holds."""

import numpy as np
import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.layout import Layout, Shape
from traincarbon.formulas.memory import layer_activations, layout_memory
from traincarbon.published.reported_runs import chip_of
from traincarbon.published.runs_file import read_runs
from traincarbon.published.step_rows import read_steps

GPT3 = Shape(layers=96, hidden=12288, heads=96, kv_heads=96, attention_width=12288, ffn=49152, ffn_matrices=2, vocab=51200, seq_len=2048)
MIXTURE = GPT3._replace(layers=32, hidden=4096, heads=32, kv_heads=8, attention_width=4096, ffn=14336, ffn_matrices=3, experts=8, experts_per_token=2)
PLAIN = Layout(sequences=1536.0, tp=8.0, pp=8.0, dp=8.0, flash=0.0)


def activations_b(**changes):
    return layout_memory(shape=GPT3, layout=PLAIN._replace(**changes)).activations_b


def test_activations_of_a_layer_are_those_of_korthikanti():
    # Korthikanti et al. 2022, equation 1 with one accelerator: s b h (34 + 5 a s / h) a layer; the logits on top: 6 s b V
    one = GPT3._replace(vocab=1.0)
    sbh = 2048 * 12288
    held_b = layout_memory(shape=one, layout=Layout(sequences=1.0, flash=0.0)).activations_b
    assert held_b == pytest.approx(96 * sbh * (34 + 5 * 96 * 2048 / 12288) + 6 * 2048)


@pytest.mark.parametrize(
    ("changes", "per_token_and_width"),
    [
        ({}, 10 + 24 / 8 + 5 * 96 * 2048 / 12288 / 8),
        ({"sequence_parallel": 1.0}, (34 + 5 * 96 * 2048 / 12288) / 8),
        ({"sequence_parallel": 1.0, "recompute_attention": 1.0}, 34 / 8),
        ({"sequence_parallel": 1.0, "flash": 1.0}, 34 / 8),
    ],
    ids=["tensor parallel", "and sequence parallel", "selective recomputation", "flash"],
)
def test_tensor_parallel_activations_are_those_of_korthikantis_table_2(changes, per_token_and_width):
    # the first stage of eight holds eight micro-batches of its 12 layers: as many as the model has layers
    assert activations_b(**changes) == pytest.approx(96 * 2048 * 12288 * per_token_and_width)


def test_full_recomputation_keeps_the_input_of_each_layer_and_one_layer_at_work():
    working = 2048 * 12288 * (10 + 24 / 8 + 5 * 96 * 2048 / 12288 / 8)
    assert activations_b(recompute_layers=1.0) == pytest.approx(96 * 2 * 2048 * 12288 + working)


def test_interleaving_holds_more_micro_batches():
    # Narayanan et al. 2021, section 2.2: 1 + (p - 1) / (p v) of them
    assert activations_b(interleave=4.0) / activations_b() == pytest.approx(1 + 7 / (8 * 4))


def test_no_more_micro_batches_are_held_than_there_are():
    assert activations_b(sequences=16.0) == pytest.approx(activations_b() * 2 / 8)


def test_the_state_of_one_accelerator_is_that_of_the_whole():
    # 18 bytes a parameter with gradients of 32 bits (Korthikanti 2022), which is the sum of 2, 4 and 12
    one = layout_memory(shape=GPT3, layout=Layout(sequences=1.0, gradient_b=4.0))
    params = 96 * 12 * 12288**2 + 2 * 12288 * 51200
    assert (one.weights_b, one.gradients_b, one.optimiser_b) == pytest.approx((2 * params, 4 * params, 12 * params))


def test_each_stage_of_zero_divides_more_of_the_state():
    plain, zero_1, zero_3 = (
        layout_memory(shape=GPT3, layout=Layout(sequences=64.0, dp=64.0, sharded_optimiser=optimiser, sharded_weights=weights))
        for optimiser, weights in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    assert zero_1.optimiser_b == zero_3.optimiser_b == pytest.approx(plain.optimiser_b / 64)
    assert (zero_1.weights_b, zero_1.gradients_b) == (plain.weights_b, plain.gradients_b)
    assert zero_3.gradients_b == pytest.approx(plain.gradients_b / 64)
    # two layers gathered and the two ends of the model, beside a sixty-fourth
    assert zero_3.weights_b == pytest.approx(plain.weights_b / 64 + 2 * (2 * 12 * 12288**2 + 2 * 12288 * 51200))


def test_experts_are_divided_by_expert_parallelism_only():
    whole, split = (layout_memory(shape=MIXTURE, layout=Layout(sequences=8.0, dp=8.0, ep=ep)) for ep in (1.0, 8.0))
    experts = 32 * 3 * 4096 * 14336 * 8
    assert whole.weights_b - split.weights_b == pytest.approx(2 * experts * 7 / 8)


@pytest.mark.parametrize("name", ["tp", "pp", "dp", "micro_batch", "interleave"])
def test_a_degree_below_one_is_refused(name):
    with pytest.raises(OutOfRangeError, match=name):
        layout_memory(shape=GPT3, layout=PLAIN._replace(**{name: 0.0}))


def test_arrays_of_layouts_hold_what_each_alone_does():
    degrees = np.array([1.0, 2.0, 4.0])
    together = layout_memory(shape=GPT3, layout=PLAIN._replace(pp=degrees))
    alone = [layout_memory(shape=GPT3, layout=PLAIN._replace(pp=pp)).total_b for pp in degrees]
    assert together.total_b == pytest.approx(alone)


def test_published_layouts_of_dense_models_at_16_bits_fit_the_memory_that_they_ran_in(shipped):
    # the largest micro-batch that fitted was published for MosaicML's rows: they are the tightest, up to 3 % beyond by the formula
    runs = {run.id: run for run in read_runs()[0]}
    found, _ = read_steps(runs.values(), shipped)
    publishers = ("Narayanan", "Korthikanti", "MT-NLG", "MosaicML", "Megatron-Core", "MegaScale", "torchtitan")
    held = {}
    for step in found:
        if step.precision in ("bf16", "fp16") and step.set.publisher in publishers:
            memory_b = chip_of(runs[step.id], shipped).product.value("memory_b")
            held[step.id] = float(layout_memory(shape=step.shape, layout=step.layout).total_b) / memory_b
    assert len(held) > 80
    outside = {id for id, share in held.items() if share > 1.04}
    assert outside <= {"megatron21-t2-zero3-530b-640"}
    assert max(share for id, share in held.items() if id.startswith("foundry")) > 0.9


def test_the_last_stage_holds_a_logit_at_16_and_at_32_bits():
    shape = Shape(layers=1, hidden=64, heads=1, kv_heads=1, attention_width=64, ffn=256, ffn_matrices=2, vocab=100_000, seq_len=128)
    one, two = (layout_memory(shape=shape._replace(vocab=vocab), layout=Layout(sequences=2, micro_batch=2)).activations_b for vocab in (100_000, 200_000))
    # 2 + 4 B for each of 2 × 128 tokens and 100,000 more words
    assert two - one == pytest.approx(6.0 * 2 * 128 * 100_000)


def test_sharded_weights_are_gathered_for_two_layers_at_a_time():
    shape = Shape(layers=8, hidden=64, heads=1, kv_heads=1, attention_width=64, ffn=256, ffn_matrices=2, vocab=10, seq_len=128)
    layout = Layout(sequences=64, dp=8, sharded_weights=1)
    layer, ends = 12 * 64 * 64, 2 * 64 * 10
    assert layout_memory(shape=shape, layout=layout).weights_b == pytest.approx(2 * ((8 * layer + ends) / 8 + 2 * layer + ends))


@pytest.mark.parametrize("again", [{}, {"recompute_layers": 1.0}, {"recompute_attention": 1.0}])
def test_the_activations_of_a_layer_are_in_proportion_to_the_micro_batch(again):
    one, eight = (layer_activations(shape=MIXTURE, layout=PLAIN._replace(micro_batch=size, **again)) for size in (1.0, 8.0))
    assert eight == pytest.approx([8.0 * each_b for each_b in one])
    # the last stage works on one micro-batch, and holds its logits: 2 B, and 4 B for the loss, for each token and word
    assert one.logits_b == 6.0 * 2048.0 * 51200.0 / 8.0
