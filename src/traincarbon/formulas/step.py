"""One training step on a given layout: its seconds by term, and its utilisation."""

from typing import NamedTuple

from traincarbon.formulas.equation import equation, require
from traincarbon.formulas.exchange import context_s, data_parallel_s, experts_s, exposed_s, local_params, stage_hop_s, tensor_s
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained, larger
from traincarbon.uncertain import Num

_BACKWARD_TOUCHES = 1.5
"""The backward pass touches activations and their gradients: three times where the forward pass does twice."""
_KERNELS_FORWARD = 18.0
_KERNELS_BACKWARD = 36.0
"""Kernels of a layer that the host launches one by one."""
_OPTIMISER_B = 40.0
"""Bytes that Adam touches for each parameter: gradient, master copy and two moments read and written, the weight written, the norm."""
_FLASH_BACKWARD = 2.5
"""Five products instead of two: the scores are computed again."""


class StepTime(NamedTuple):
    """Seconds of one step by what they are spent on; the terms add up. [s]."""

    matmul_s: Num
    attention_s: Num
    memory_s: Num
    """Element-wise work: limited by memory, not by compute."""
    head_s: Num
    """Logits and loss, beyond the time that the last stage saves by having fewer layers."""
    launch_s: Num
    """Time of the host to start kernels, beyond the accelerator's own time."""
    tensor_parallel_s: Num
    context_parallel_s: Num
    expert_parallel_s: Num
    pipeline_s: Num
    bubble_s: Num
    data_parallel_s: Num
    """Exchange of gradients, and of weights where they are sharded, as far as it is not hidden."""
    optimiser_s: Num

    @property
    def total_s(self) -> Num:
        """The whole step. [s]."""
        busy = self.matmul_s + self.attention_s + self.memory_s + self.head_s + self.launch_s
        moving = self.tensor_parallel_s + self.context_parallel_s + self.expert_parallel_s + self.pipeline_s
        return busy + moving + self.bubble_s + self.data_parallel_s + self.optimiser_s


class _Work(NamedTuple):
    """One micro-batch in one layer on one accelerator, forward then backward. [s]."""

    matmul_s: Num
    attention_s: Num
    memory_s: Num
    launch_s: Num
    tensor_s: Num
    context_s: Num
    experts_s: Num

    @property
    def total_s(self) -> Num:
        return self.matmul_s + self.attention_s + self.memory_s + self.launch_s + self.tensor_s + self.context_s + self.experts_s


@equation(
    "matmul_s + attention_s + memory_s + head_s + launch_s + tensor_parallel_s + context_parallel_s + expert_parallel_s"
    " + pipeline_s + bubble_s + data_parallel_s + optimiser_s",
    source="narayanan-2021-megatron",
)
def step_time(*, shape: Shape, layout: Layout, machine: Machine, sustained: Sustained) -> StepTime:
    r"""Return how long one step takes, by term.

    Each matrix product takes its FLOP at the sustained rate and its operands at the sustained memory bandwidth; element-wise work takes the
    stored activations a few times over; exchanges take a latency and their bytes over the link that the group spans; stages idle while
    the pipeline fills. Holds for decoder-only transformers trained by Adam on equal accelerators.

    .. math:: T = m \left(\frac{L}{p} t_{layer} + t_{head} + t_{pipe}\right) + \frac{p-1}{v} \frac{L}{p} t_{layer} + t_{data} + t_{Adam}

    Args:
        shape: The model. [1]
        layout: How it is spread. [1]
        machine: Peaks, bandwidths and the size of the scale-up domain. [FLOP/s, B/s]
        sustained: What is reached of them, and latencies. [1, s]

    Returns:
        Seconds of each term, broadcast over the inputs. [s]

    Raises:
        OutOfRangeError: the layout cannot be: see :meth:`traincarbon.formulas.layout.Layout.check`.

    Example:
        >>> gpt = Shape(layers=96, hidden=12288, heads=96, kv_heads=96, attention_width=12288, ffn=49152, ffn_matrices=2, vocab=51200, seq_len=2048)
        >>> spread = Layout(sequences=1536, tp=8, pp=12, dp=4, recompute_layers=1, flash=0)
        >>> a100 = Machine(312e12, 312e12, 2.039e12, 300e9, 25e9, 8)
        >>> reached = Sustained(0.76, 192, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 1e-5, 0.15)
        >>> step = step_time(shape=gpt, layout=spread, machine=a100, sustained=reached)
        >>> round(step.matmul_s / step.total_s, 2), round(step.bubble_s / step.total_s, 2)
        (0.71, 0.03)

    References:
        Narayanan et al. 2021, arXiv:2104.04473, sections 2 and 3, for schedule, bubble and FLOP; Korthikanti et al. 2022, arXiv:2205.05198,
        section 4, for activations; Isaev et al. 2023, *Calculon*, for the form of the roofline; Dao 2023, arXiv:2307.08691, for attention.
    """
    layout.check(shape=shape, machine=machine)
    t, p, v = layout.tp, layout.pp, layout.interleave
    m = layout.micro_batches
    tokens = layout.micro_batch * shape.seq_len / layout.cp
    memory = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    forward, backward = _forward_and_backward(shape, layout, machine, sustained, tokens)
    chunks = p * v
    stage_layers = -(-shape.layers // chunks) * v
    layer_s = forward.total_s + backward.total_s
    head_rate = machine.attention_peak_flop_per_s * sustained.gemm_efficiency * machine.wide_gain
    head_s = 6.0 * tokens * shape.hidden * shape.vocab / t / head_rate + 24.0 * tokens * shape.vocab / t / memory
    spared = (stage_layers * p - shape.layers + 1.0) // 2.0
    head_beyond_s = larger(head_s - spared * layer_s, 0.0)
    hop_s = stage_hop_s(shape, layout, machine, sustained, tokens)
    working_s = m * (stage_layers * layer_s + head_beyond_s)
    runs = m * stage_layers
    data_s = data_parallel_s(shape, layout, machine, sustained, working_s, stage_layers * backward.total_s)
    return StepTime(
        matmul_s=runs * (forward.matmul_s + backward.matmul_s),
        attention_s=runs * (forward.attention_s + backward.attention_s),
        memory_s=runs * (forward.memory_s + backward.memory_s),
        head_s=m * head_beyond_s,
        launch_s=runs * (forward.launch_s + backward.launch_s),
        tensor_parallel_s=runs * (forward.tensor_s + backward.tensor_s),
        context_parallel_s=runs * (forward.context_s + backward.context_s),
        expert_parallel_s=runs * (forward.experts_s + backward.experts_s),
        pipeline_s=m * hop_s * (1.0 - layout.overlap_pipeline),
        bubble_s=pipeline_fill_s(pp=p, interleave=v, stage_layers=stage_layers, layer_s=layer_s, head_s=head_s),
        data_parallel_s=data_s,
        optimiser_s=_optimiser_s(shape, layout, memory),
    )


@equation("(pp - 1) / interleave × (stage_layers × layer_s + head_s / pp)", source="narayanan-2021-megatron")
def pipeline_fill_s(*, pp: Num, interleave: Num, stage_layers: Num, layer_s: Num, head_s: Num) -> Num:
    r"""Return how long the stages of a pipeline idle while it fills and drains.

    The head is the work of the last stage, so the others wait for their share of it.

    .. math:: t = \frac{p - 1}{v} \left(\frac{L}{p} \, t_{layer} + \frac{t_{head}}{p}\right)

    Args:
        pp: Stages p. [1]
        interleave: Model chunks v on each stage. [1]
        stage_layers: Layers of a stage L / p, rounded up to whole chunks. [1]
        layer_s: One micro-batch in one layer, forward and backward. [s]
        head_s: One micro-batch in the head. [s]

    Returns:
        Idle time of a step. [s]

    Raises:
        OutOfRangeError: *pp* or *interleave* is below 1.

    Example:
        >>> pipeline_fill_s(pp=4.0, interleave=2.0, stage_layers=8.0, layer_s=0.25, head_s=2.0)
        3.75

    References:
        Narayanan et al. 2021, arXiv:2104.04473, section 2.2.
    """
    require(at_least=1.0, pp=pp, interleave=interleave)
    return (pp - 1.0) / interleave * (stage_layers * layer_s + head_s / pp)


@equation("model_flop_per_token × sequences × seq_len / (accelerators × peak_flop_per_s × seconds_s)", source="chowdhery-2022-palm")
def step_mfu(*, shape: Shape, layout: Layout, machine: Machine, seconds_s: Num) -> Num:
    r"""Return the model FLOP utilisation of a step, attention scores counted in full.

    .. math:: U = \frac{C_{token} \, B \, s}{n \, P \, T}

    Args:
        shape: The model. [1]
        layout: How it is spread. [1]
        machine: Peaks. [FLOP/s]
        seconds_s: The step. [s]

    Returns:
        Utilisation of the dense peak at the precision of the matrix products. [1]

    Raises:
        OutOfRangeError: *seconds_s* is not positive.

    Example:
        >>> one = Shape(layers=1, hidden=8, heads=1, kv_heads=1, attention_width=8, ffn=32, ffn_matrices=2, vocab=1, seq_len=8)
        >>> chip = Machine(1e6, 1e6, 1e12, 1e12, 1e12, 8)
        >>> seconds_s = one.model_flop_per_token * 8 / 1e6
        >>> round(step_mfu(shape=one, layout=Layout(sequences=1.0), machine=chip, seconds_s=2 * seconds_s), 3)
        0.5

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, section 4.1.
    """
    require(above=0.0, seconds_s=seconds_s)
    return shape.model_flop_per_token * layout.sequences * shape.seq_len / (layout.accelerators * machine.peak_flop_per_s * seconds_s)


def _forward_and_backward(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> tuple[_Work, _Work]:
    t = layout.tp
    memory = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    gemm = machine.peak_flop_per_s * sustained.gemm_efficiency
    h, width, visited = shape.hidden, shape.attention_width, shape.visited_ffn
    ffn_params = shape.ffn_matrices * h * visited
    resident = shape.ffn_matrices * h * (shape.ffn * shape.experts / layout.ep + shape.shared_ffn / t) * (shape.experts > 1.0) + (
        ffn_params / t * (shape.experts <= 1.0)
    )
    weights_b = 2.0 * (shape.projection_params / t + resident)
    operands_b = 2.0 * tokens * (2.0 * h + 2.0 * width * (1.0 + shape.kv_heads / shape.heads) + shape.ffn_matrices * (h + visited)) / t
    split = t * (shape.experts <= 1.0) + (shape.experts > 1.0)
    routed_params = (shape.experts > 1.0) * shape.ffn_matrices * h * shape.ffn * shape.experts_per_token
    ungrouped = (1.0 - layout.fused_experts) * (1.0 / sustained.grouped_factor - 1.0)
    slowed = shape.projection_params * (1.0 + sustained.half_width * t / width)
    slowed += (ffn_params + routed_params * ungrouped) * (1.0 + sustained.half_width * split / shape.ffn)
    matmul_s = 2.0 * tokens * slowed / t / gemm + (weights_b + operands_b) / memory

    scores_flop = 4.0 * tokens * shape.seq_len * width / t
    scores_peak = machine.attention_peak_flop_per_s + layout.narrow_attention * (machine.peak_flop_per_s - machine.attention_peak_flop_per_s)
    untuned = (1.0 - layout.tuned_attention) * (1.0 / sustained.portable_attention - 1.0)
    flash_s = 0.5 * scores_flop * shape.seen / (scores_peak * sustained.attention_efficiency) * (1.0 + untuned)
    plain_s = scores_flop / (machine.attention_peak_flop_per_s * sustained.gemm_efficiency * sustained.plain_attention)
    attention_s = layout.flash * flash_s + (1.0 - layout.flash) * plain_s
    attention_back_s = layout.flash * flash_s * _FLASH_BACKWARD + (1.0 - layout.flash) * plain_s * 2.0

    routed = (shape.experts > 1.0) * shape.experts_per_token * 8.0 / t
    narrow = 10.0 / t * layout.sequence_parallel + 10.0 * (1.0 - layout.sequence_parallel)
    stored_b = tokens * (h * (narrow + routed) + (8.0 * width + 2.0 * shape.ffn_matrices * visited) / t)
    scores_b = (1.0 - layout.flash) * 5.0 * shape.heads * tokens * shape.seq_len / t
    touch_s = sustained.memory_touches * (stored_b + scores_b) / memory
    again_s = layout.recompute_attention * (attention_s + sustained.memory_touches * scores_b / memory)

    reduce_s = tensor_s(shape, layout, machine, sustained, tokens)
    ring_s = context_s(shape, layout, machine, sustained, tokens)
    swap_s = experts_s(shape, layout, machine, sustained, tokens)
    forward_s = matmul_s + attention_s + touch_s
    backward_s = 2.0 * matmul_s + attention_back_s + _BACKWARD_TOUCHES * touch_s
    kernel_s = (1.0 - layout.graphs) * sustained.kernel_launch_s
    accumulated_s = (layout.micro_batches > 1.0) * (1.0 - layout.sharded_weights) * layout.accumulation_b * weights_b / 2.0 / memory
    full = layout.recompute_layers
    forward_tensor_s = reduce_s * (1.0 - layout.overlap_tensor_forward)
    forward_context_s = larger(ring_s - attention_s, 0.0)
    forward_experts_s = exposed_s(exchange_s=swap_s, overlap=layout.overlap_experts, behind_s=forward_s, exposed_share=sustained.exposed_share)
    forward = _Work(
        matmul_s=matmul_s,
        attention_s=attention_s,
        memory_s=touch_s,
        launch_s=larger(_KERNELS_FORWARD * kernel_s - forward_s - forward_tensor_s - forward_context_s - forward_experts_s, 0.0),
        tensor_s=forward_tensor_s,
        context_s=forward_context_s,
        experts_s=forward_experts_s,
    )
    tensor_back_s = reduce_s * (1.0 - layout.overlap_tensor)
    context_back_s = larger(2.0 * ring_s - attention_back_s, 0.0)
    experts_back_s = exposed_s(exchange_s=swap_s, overlap=layout.overlap_experts, behind_s=backward_s, exposed_share=sustained.exposed_share)
    backward = _Work(
        matmul_s=2.0 * matmul_s + full * forward.matmul_s,
        attention_s=attention_back_s + full * attention_s + (1.0 - full) * again_s,
        memory_s=_BACKWARD_TOUCHES * touch_s + accumulated_s + full * forward.memory_s,
        launch_s=larger(_KERNELS_BACKWARD * kernel_s - backward_s - tensor_back_s - context_back_s - experts_back_s, 0.0) + full * forward.launch_s,
        tensor_s=tensor_back_s + full * forward.tensor_s,
        context_s=context_back_s + full * forward.context_s,
        experts_s=experts_back_s + full * forward.experts_s,
    )
    return forward, backward


def _optimiser_s(shape: Shape, layout: Layout, memory_b_per_s: Num) -> Num:
    dense, experts = local_params(shape, layout)
    sharded = larger(layout.sharded_weights, layout.sharded_optimiser)
    ranks = layout.dp * layout.cp
    expert_ranks = larger(ranks * layout.tp / layout.ep, 1.0)
    updated = dense * (sharded / ranks + 1.0 - sharded) + experts * (sharded / expert_ranks + 1.0 - sharded)
    return _OPTIMISER_B * updated / memory_b_per_s
