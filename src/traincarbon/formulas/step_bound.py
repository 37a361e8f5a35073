"""What a training step takes at least on any layout of a way to divide a model, without costing each of them."""

from typing import NamedTuple

from traincarbon.formulas.exchange import exposed_part_s, gradients_s, local_params, stage_hop_s, turn_gather_s
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained, ceiling, larger
from traincarbon.formulas.step import head_s, optimiser_s
from traincarbon.uncertain import Num


class StepLines(NamedTuple):
    """What a step takes beside its layers, of a layout with any micro-batch and one chunk on a stage. [s, 1]."""

    pp: Num
    stage_layers: Num
    head_each_s: Num
    """Logits and loss of a sequence."""
    hop_s: Num
    """Start of the exchange between stages, for a micro-batch."""
    hop_each_s: Num
    """The rest of it, for a sequence."""
    exchange_s: Num
    """Exchange of gradients in a step, or of sharded weights for a micro-batch."""
    gathers: bool
    """Whether it is that of sharded weights."""
    optimiser_s: Num
    overlap: Num
    """Share of gradients and sharded weights that is exchanged behind work."""
    exposed_share: Num
    chunks: Num
    """Most chunks of the model on a stage."""
    spared: Num
    """Most layers, by any of these numbers of chunks, that the stage with the head has fewer than the others."""


def step_lines(*, shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, chunks: Num, spared: Num) -> StepLines:
    """Return what :func:`least_step_s` needs of layouts that all shard their weights, or none of them."""
    tokens, params = shape.seq_len / layout.cp, local_params(shape, layout)
    started_s = stage_hop_s(shape, layout, machine, sustained, 0.0)
    shown, gathers = 1.0 - layout.overlap_pipeline, bool(layout.sharded_weights)
    return StepLines(
        pp=layout.pp,
        stage_layers=ceiling(shape.layers, layout.pp),
        head_each_s=head_s(shape, layout, machine, sustained, tokens),
        hop_s=started_s * shown,
        hop_each_s=(stage_hop_s(shape, layout, machine, sustained, tokens) - started_s) * shown,
        exchange_s=turn_gather_s(shape, layout, machine, sustained, params) if gathers else gradients_s(layout, machine, sustained, params),
        gathers=gathers,
        optimiser_s=optimiser_s(shape, layout, machine.memory_bandwidth_b_per_s * sustained.memory_efficiency),
        overlap=layout.overlap_data,
        exposed_share=sustained.exposed_share,
        chunks=chunks,
        spared=spared,
    )


def least_step_s(lines: StepLines, *, micro_batch: Num, micro_batches: Num, layer_s: Num, backward_s: Num) -> Num:
    """Return what :func:`traincarbon.formulas.step.time_by_term` is not below, for any chunks on a stage and any recomputation. [s].

    The fewest layers of a stage, the most that the head's stage is spared, the shortest bubble and one hop between stages are counted together.
    A layer that repeats more adds its time to each micro-batch, and takes it from the head and from what is exposed of the gradients once at most;
    the head counts where that is less.

    Args:
        lines: The step beside its layers.
        micro_batch: Sequences of a micro-batch. [1]
        micro_batches: Micro-batches of a step. [1]
        layer_s: One of them in one layer, with no more repeated than in any of the layouts. [s]
        backward_s: The backward pass of it. [s]
    """
    stage_s, of_head_s = lines.stage_layers * layer_s, micro_batch * lines.head_each_s
    counts_head = lines.stage_layers >= 2.0 * lines.spared
    working_s = micro_batches * (stage_s + counts_head * larger(of_head_s - lines.spared * layer_s, 0.0))
    fill_s = (lines.pp - 1.0) / lines.chunks * (stage_s + of_head_s / lines.pp)
    exchange_s = micro_batches * lines.exchange_s if lines.gathers else lines.exchange_s
    behind_s = working_s if lines.gathers else lines.stage_layers * backward_s
    exposed_s = exposed_part_s(exchange_s=exchange_s, overlap=lines.overlap, behind_s=behind_s, exposed_share=lines.exposed_share)
    return working_s + micro_batches * (lines.hop_s + micro_batch * lines.hop_each_s) + fill_s + exposed_s + lines.optimiser_s
