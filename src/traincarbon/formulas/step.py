"""One training step on a given layout: its seconds by term, and its utilisation."""

from typing import NamedTuple

from traincarbon.formulas.equation import equation, require
from traincarbon.formulas.exchange import data_parallel_s, local_params, stage_hop_s
from traincarbon.formulas.layer import LayerTime, layer_time
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained, ceiling, larger
from traincarbon.uncertain import Num

_OPTIMISER_B = 40.0
"""Bytes that Adam touches for each parameter: gradient, master copy and two moments read and written, the weight written, the norm."""


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
    return time_by_term(shape=shape, layout=layout, machine=machine, sustained=sustained)


def time_by_term(*, shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, layer: LayerTime | None = None) -> StepTime:
    """Return the terms of :func:`step_time` for a layout that is known to be possible, as those of a search are.

    *layer* is the time of one of its layers where the caller knows it.
    """
    p, v, m = layout.pp, layout.interleave, layout.micro_batches
    tokens = layout.micro_batch * shape.seq_len / layout.cp
    memory = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    if layer is None:
        layer = layer_time(shape=shape, layout=layout, machine=machine, sustained=sustained)
    stage_layers = ceiling(shape.layers, p * v) * v
    layer_s = layer.total_s
    of_head_s = head_s(shape, layout, machine, sustained, tokens)
    spared = ceiling(stage_layers * p - shape.layers, 2.0)
    head_beyond_s = larger(of_head_s - spared * layer_s, 0.0)
    hop_s = stage_hop_s(shape, layout, machine, sustained, tokens)
    runs = m * stage_layers
    working_s = runs * layer_s + m * head_beyond_s
    data_s = data_parallel_s(shape, layout, machine, sustained, working_s, stage_layers * layer.backward_s)
    return StepTime(
        matmul_s=runs * layer.matmul_s,
        attention_s=runs * layer.attention_s,
        memory_s=runs * layer.memory_s,
        head_s=m * head_beyond_s,
        launch_s=runs * layer.launch_s,
        tensor_parallel_s=runs * layer.tensor_s,
        context_parallel_s=runs * layer.context_s,
        expert_parallel_s=runs * layer.experts_s,
        pipeline_s=m * hop_s * (1.0 - layout.overlap_pipeline),
        bubble_s=pipeline_fill_s(pp=p, interleave=v, stage_layers=stage_layers, layer_s=layer_s, head_s=of_head_s),
        data_parallel_s=data_s,
        optimiser_s=optimiser_s(shape, layout, memory),
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


def head_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> Num:
    """Return the time of logits and loss of so many tokens, forward and backward."""
    memory = machine.memory_bandwidth_b_per_s * sustained.memory_efficiency
    head_rate = machine.attention_peak_flop_per_s * sustained.gemm_efficiency * machine.wide_gain
    return tokens * shape.vocab / layout.tp * (6.0 * shape.hidden / head_rate + 24.0 / memory)


def optimiser_s(shape: Shape, layout: Layout, memory_b_per_s: Num) -> Num:
    """Return the time of Adam on the parameters that an accelerator updates."""
    dense, experts = local_params(shape, layout)
    sharded = larger(layout.sharded_weights, layout.sharded_optimiser)
    ranks = layout.dp * layout.cp
    expert_ranks = larger(ranks * layout.tp / layout.ep, 1.0)
    updated = dense * (sharded / ranks + 1.0 - sharded) + experts * (sharded / expert_ranks + 1.0 - sharded)
    return _OPTIMISER_B * updated / memory_b_per_s
