"""The memory that a training needs on one accelerator of a layout."""

from typing import NamedTuple

from traincarbon.formulas.equation import equation, require
from traincarbon.formulas.layout import Layout, Shape, ceiling, larger, smaller
from traincarbon.uncertain import Num

_WEIGHT_B = 2.0
_ADAM_B = 12.0
"""Master copy and two moments, 32 bits each."""
_GATHERED_LAYERS = 2.0
"""Sharded weights: the layer at work and the one fetched ahead."""
_LOGIT_B = 6.0
"""A logit at 16 bits, and at 32 for the loss."""


class LayoutMemory(NamedTuple):
    """Bytes on the accelerator that holds the most, by what they are. [B]."""

    weights_b: Num
    gradients_b: Num
    optimiser_b: Num
    activations_b: Num

    @property
    def total_b(self) -> Num:
        """All of them. [B]."""
        return self.weights_b + self.gradients_b + self.optimiser_b + self.activations_b


@equation("weights_b + gradients_b + optimiser_b + activations_b", source="korthikanti-2022-activation")
def layout_memory(*, shape: Shape, layout: Layout) -> LayoutMemory:
    r"""Return the memory of the fullest accelerator during one step on a layout.

    Weights are held at 16 bits, gradients at the width at which they are exchanged, Adam's master copy and moments at 32 bits; each is
    divided as the layout says. The first stage of a pipeline holds the activations of as many micro-batches as there are stages. Buffers of
    libraries and fragmentation come on top.

    .. math:: M = 2 N_{local} + g N_{local} + \frac{12 N_{local}}{d} + A \, \frac{L}{p} \min(m, p) \left(1 + \frac{p-1}{p v}\right)

    Args:
        shape: The model. [1]
        layout: How it is spread. [1]

    Returns:
        Bytes by what they are, broadcast over the inputs. [B]

    Raises:
        OutOfRangeError: a count of the shape or a degree of the layout is below 1.

    Example:
        >>> gpt = Shape(layers=96, hidden=12288, heads=96, kv_heads=96, attention_width=12288, ffn=49152, ffn_matrices=2, vocab=51200, seq_len=2048)
        >>> spread = Layout(sequences=1536, tp=8, pp=16, dp=1, recompute_layers=1, flash=0, gradient_b=4)
        >>> memory = layout_memory(shape=gpt, layout=spread)
        >>> round(memory.weights_b / 1e9, 1), round(memory.optimiser_b / 1e9, 1), round(memory.activations_b / 1e9, 1)
        (2.9, 17.3, 5.4)

    References:
        Korthikanti et al. 2022, arXiv:2205.05198, sections 4 and 5, for activations; Rajbhandari et al. 2020, *ZeRO*, arXiv:1910.02054,
        section 3.1, for the state; Narayanan et al. 2021, arXiv:2104.04473, section 2.2, for the micro-batches in flight.
    """
    require(at_least=1.0, layers=shape.layers, hidden=shape.hidden, seq_len=shape.seq_len, tp=layout.tp, pp=layout.pp, interleave=layout.interleave)
    require(at_least=1.0, dp=layout.dp, micro_batch=layout.micro_batch)
    return memory_by_purpose(shape=shape, layout=layout)


def memory_by_purpose(*, shape: Shape, layout: Layout) -> LayoutMemory:
    """Return what :func:`layout_memory` does, for a layout that is known to be possible, as those of a search are."""
    return state_by_purpose(shape=shape, layout=layout)._replace(activations_b=activations_b(shape=shape, layout=layout))


def state_by_purpose(*, shape: Shape, layout: Layout) -> LayoutMemory:
    """Return weights, gradients and optimiser of :func:`memory_by_purpose`, without activations."""
    t, p, v = layout.tp, layout.pp, layout.interleave
    ranks = layout.dp * layout.cp
    mixed = shape.experts > 1.0
    stage_layers = ceiling(shape.layers, p * v) * v
    wide = shape.ffn_matrices * shape.hidden
    layer = (shape.projection_params + wide * (shape.shared_ffn + (1.0 - mixed) * shape.ffn)) / t
    layer_experts = mixed * wide * shape.ffn * shape.experts / layout.ep
    ends = shape.hidden * shape.vocab / t * (1.0 + (p == 1.0))
    dense, experts = stage_layers * layer + ends, stage_layers * layer_experts
    expert_ranks = larger(ranks * t / layout.ep, 1.0)
    whole = dense + experts
    divided = dense / ranks + experts / expert_ranks
    kept = layout.sharded_weights * divided + (1.0 - layout.sharded_weights) * whole
    sharded = layout.sharded_weights + layout.sharded_optimiser - layout.sharded_weights * layout.sharded_optimiser
    updated = sharded * divided + (1.0 - sharded) * whole
    gathered = layout.sharded_weights * (_GATHERED_LAYERS * (layer + layer_experts) + ends)
    return LayoutMemory(
        weights_b=_WEIGHT_B * (kept + gathered),
        gradients_b=layout.gradient_b * kept,
        optimiser_b=_ADAM_B * updated,
        activations_b=0.0,
    )


class LayerActivations(NamedTuple):
    """Bytes of activations on one accelerator for one micro-batch, in proportion to its sequences. [B]."""

    kept_b: Num
    """Of a layer, until its backward pass."""
    working_b: Num
    """Of the layer at work where it is repeated."""
    logits_b: Num


def activations_b(*, shape: Shape, layout: Layout) -> Num:
    """Return the bytes of activations on the fullest accelerator. [B].

    The first stage holds the most micro-batches; the last holds one, and the logits with it.
    """
    p, v = layout.pp, layout.interleave
    stage_layers = ceiling(shape.layers, p * v) * v
    kept_b, working_b, logits_b = layer_activations(shape=shape, layout=layout)
    in_flight = smaller(p * (1.0 + (v > 1.0) * (p - 1.0) / (p * v)), layout.micro_batches)
    first_b = stage_layers * in_flight * kept_b + working_b
    last_b = stage_layers * kept_b + working_b + logits_b
    return larger(first_b, last_b)


def layer_activations(*, shape: Shape, layout: Layout) -> LayerActivations:
    """Return what a micro-batch keeps of a layer, works with, and holds as logits. [B]."""
    t = layout.tp
    tokens = layout.micro_batch * shape.seq_len / layout.cp
    split = 1.0 / t * layout.sequence_parallel + 1.0 - layout.sequence_parallel
    routed = (shape.experts > 1.0) * shape.experts_per_token * 8.0 / t
    linear_b = tokens * (shape.hidden * (10.0 * split + routed) + (8.0 * shape.attention_width + 2.0 * shape.ffn_matrices * shape.visited_ffn) / t)
    scores_b = (1.0 - layout.flash) * 5.0 * shape.heads * tokens * shape.seq_len / t
    again = layout.recompute_layers
    layer_b = linear_b + scores_b * (1.0 - layout.recompute_attention)
    kept_b = again * 2.0 * tokens * shape.hidden * split + (1.0 - again) * layer_b
    return LayerActivations(kept_b, again * (linear_b + scores_b), _LOGIT_B * tokens * shape.vocab / t)
