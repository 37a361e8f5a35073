"""One micro-batch in one layer of a transformer on one accelerator: its seconds by term, forward and backward together."""

from typing import NamedTuple

from traincarbon.formulas.exchange import context_s, experts_s, exposed_part_s, tensor_s
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained, larger
from traincarbon.uncertain import Num

_BACKWARD_TOUCHES = 1.5
"""The backward pass touches activations and their gradients: three times where the forward pass does twice."""
_KERNELS_FORWARD = 18.0
_KERNELS_BACKWARD = 36.0
"""Kernels of a layer that the host launches one by one."""
_FLASH_BACKWARD = 2.5
"""Five products instead of two: the scores are computed again."""


class LayerTime(NamedTuple):
    """Seconds of a layer for each micro-batch, both passes and what is repeated between them. [s]."""

    matmul_s: Num
    attention_s: Num
    memory_s: Num
    launch_s: Num
    """Time of the host to start kernels, beyond all that the accelerator does meanwhile."""
    tensor_s: Num
    context_s: Num
    experts_s: Num
    backward_s: Num
    """All terms of the backward pass alone."""

    @property
    def total_s(self) -> Num:
        """Both passes. [s]."""
        return self.matmul_s + self.attention_s + self.memory_s + self.launch_s + self.tensor_s + self.context_s + self.experts_s


class LayerLines(NamedTuple):
    """Seconds of a layer as straight lines in the micro-batch: each pass takes its fixed time and that of each sequence, and at least its launches. [s]."""

    forward_s: Num
    forward_each_s: Num
    backward_s: Num
    backward_each_s: Num
    scores_each_s: Num
    """Attention scores that the backward pass repeats where it repeats them alone."""
    launch_s: Num
    """Time of the host to start the kernels of the forward pass."""
    launch_back_s: Num


class _Pass(NamedTuple):
    """One pass through a layer. [s]."""

    matmul_s: Num
    attention_s: Num
    memory_s: Num
    tensor_s: Num
    context_s: Num
    experts_s: Num

    @property
    def busy_s(self) -> Num:
        return self.matmul_s + self.attention_s + self.memory_s + self.tensor_s + self.context_s + self.experts_s


class _Passes(NamedTuple):
    """Both passes through a layer, and what either may repeat or add. [s, B]."""

    forward: _Pass
    backward: _Pass
    scores_s: Num
    """The attention scores of the forward pass, with what they touch."""
    weights_b: Num


def layer_time(*, shape: Shape, layout: Layout, machine: Machine, sustained: Sustained) -> LayerTime:
    """Return the time of a layer; see :func:`traincarbon.formulas.step.step_time` for what it holds for and its sources.

    It depends on the layout through tensor, context and expert parallelism, the micro-batch and what is recomputed, and, where gradients are
    added up at more than 16 bits, on the number of micro-batches and the sharding.
    """
    tokens = layout.micro_batch * shape.seq_len / layout.cp
    memory_b_per_s = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    forward, backward, scores_s, weights_b = _passes(shape, layout, machine, sustained, tokens, memory_b_per_s)
    kernels_s, kernels_back_s = _launches(layout, sustained)
    launch_s = larger(kernels_s - forward.busy_s, 0.0)
    launch_back_s = larger(kernels_back_s - backward.busy_s, 0.0)
    full = layout.recompute_layers
    again_s = (1.0 - full) * layout.recompute_attention * scores_s
    accumulated_s = (layout.micro_batches > 1.0) * (1.0 - layout.sharded_weights) * layout.accumulation_b * weights_b / 2.0 / memory_b_per_s
    summed = _Pass(*(back_s + (1.0 + full) * each_s for back_s, each_s in zip(backward, forward, strict=True)))
    return LayerTime(
        matmul_s=summed.matmul_s,
        attention_s=summed.attention_s + again_s,
        memory_s=summed.memory_s + accumulated_s,
        launch_s=launch_back_s + (1.0 + full) * launch_s,
        tensor_s=summed.tensor_s,
        context_s=summed.context_s,
        experts_s=summed.experts_s,
        backward_s=backward.busy_s + launch_back_s + full * (forward.busy_s + launch_s) + again_s + accumulated_s,
    )


def layer_lines(*, shape: Shape, layout: Layout, machine: Machine, sustained: Sustained) -> LayerLines:
    """Return the time of a layer for any micro-batch, where experts exchange nothing meanwhile and gradients are added up at 16 bits.

    Every term of a pass is then a fixed time and one in proportion to the tokens.
    """
    memory_b_per_s = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    none = _passes(shape, layout, machine, sustained, 0.0 * layout.cp, memory_b_per_s)
    one = _passes(shape, layout, machine, sustained, shape.seq_len / layout.cp, memory_b_per_s)
    forward_s, backward_s = none.forward.busy_s, none.backward.busy_s
    return LayerLines(forward_s, one.forward.busy_s - forward_s, backward_s, one.backward.busy_s - backward_s, one.scores_s, *_launches(layout, sustained))


def _launches(layout: Layout, sustained: Sustained) -> tuple[Num, Num]:
    """Return how long the host takes to start the kernels of the forward and the backward pass."""
    kernel_s = (1.0 - layout.graphs) * sustained.kernel_launch_s
    return _KERNELS_FORWARD * kernel_s, _KERNELS_BACKWARD * kernel_s


def _passes(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num, memory_b_per_s: Num) -> _Passes:
    """Return the passes of so many tokens through a layer, without launches."""
    weights_b, matmul_s = _products(shape, layout, machine, sustained, tokens, memory_b_per_s)
    attention_s, attention_back_s = _scores(shape, layout, machine, sustained, tokens)
    touch_s, scores_touch_s = _touches(shape, layout, tokens, sustained.memory_touches / memory_b_per_s)
    reduce_s = tensor_s(shape, layout, machine, sustained, tokens)
    ring_s = context_s(shape, layout, machine, sustained, tokens)
    swap_s = experts_s(shape, layout, machine, sustained, tokens)

    def one_pass(matmul_s: Num, attention_s: Num, memory_s: Num, overlap_tensor: Num, rings: float) -> _Pass:
        exposed = exposed_part_s(
            exchange_s=swap_s, overlap=layout.overlap_experts, behind_s=matmul_s + attention_s + memory_s, exposed_share=sustained.exposed_share
        )
        return _Pass(matmul_s, attention_s, memory_s, reduce_s * (1.0 - overlap_tensor), larger(rings * ring_s - attention_s, 0.0), exposed)

    forward = one_pass(matmul_s, attention_s, touch_s, layout.overlap_tensor_forward, 1.0)
    backward = one_pass(2.0 * matmul_s, attention_back_s, _BACKWARD_TOUCHES * touch_s, layout.overlap_tensor, 2.0)
    return _Passes(forward, backward, attention_s + scores_touch_s, weights_b)


def _products(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num, memory_b_per_s: Num) -> tuple[Num, Num]:
    """Return the bytes of a layer's weights on the accelerator, and the time of its matrix products in the forward pass."""
    t, h, width, visited = layout.tp, shape.hidden, shape.attention_width, shape.visited_ffn
    mixed = shape.experts > 1.0
    wide = shape.ffn_matrices * h
    ffn_params = wide * visited
    resident = wide * (shape.ffn * shape.experts / layout.ep + shape.shared_ffn / t) * mixed + ffn_params / t * (1.0 - mixed)
    weights_b = 2.0 * (shape.projection_params / t + resident)
    operands_b = 2.0 * tokens * (2.0 * h + 2.0 * width * (1.0 + shape.kv_heads / shape.heads) + shape.ffn_matrices * (h + visited)) / t
    split = t * (1.0 - mixed) + mixed
    routed_params = mixed * wide * shape.ffn * shape.experts_per_token
    ungrouped = (1.0 - layout.fused_experts) * (1.0 / sustained.grouped_factor - 1.0)
    slowed = shape.projection_params * (1.0 + sustained.half_width * t / width)
    slowed = slowed + (ffn_params + routed_params * ungrouped) * (1.0 + sustained.half_width * split / shape.ffn)
    gemm = machine.peak_flop_per_s * sustained.gemm_efficiency
    return weights_b, 2.0 * tokens * slowed / t / gemm + (weights_b + operands_b) / memory_b_per_s


def _scores(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> tuple[Num, Num]:
    """Return the time of the attention scores, forward and backward."""
    scores_flop = 4.0 * tokens * shape.seq_len * shape.attention_width / layout.tp
    wide, narrow = machine.attention_peak_flop_per_s, machine.peak_flop_per_s
    untuned = (1.0 - layout.tuned_attention) * (1.0 / sustained.portable_attention - 1.0)
    fused = 0.5 * layout.flash * (1.0 + untuned) / ((wide + layout.narrow_attention * (narrow - wide)) * sustained.attention_efficiency)
    flash_s = scores_flop * shape.seen * fused
    plain_s = scores_flop * ((1.0 - layout.flash) / (wide * sustained.gemm_efficiency * sustained.plain_attention))
    return flash_s + plain_s, flash_s * _FLASH_BACKWARD + plain_s * 2.0


def _touches(shape: Shape, layout: Layout, tokens: Num, s_per_b: Num) -> tuple[Num, Num]:
    """Return the time of the element-wise work in the forward pass, and that of the scores among it."""
    t = layout.tp
    routed = (shape.experts > 1.0) * shape.experts_per_token * 8.0 / t
    narrow = 10.0 / t * layout.sequence_parallel + 10.0 * (1.0 - layout.sequence_parallel)
    stored_b = tokens * (shape.hidden * (narrow + routed) + (8.0 * shape.attention_width + 2.0 * shape.ffn_matrices * shape.visited_ffn) / t)
    scores_b = (1.0 - layout.flash) * 5.0 * shape.heads * (tokens * shape.seq_len / t)
    return s_per_b * (stored_b + scores_b), s_per_b * scores_b
