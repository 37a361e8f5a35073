"""The inputs of one training step: the shape of the model, its layout over accelerators, the machine, and its efficiency."""

import math
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.equation import require
from traincarbon.uncertain import Num

UNEVEN_LAYERS = 3
"""Layers that the first and last stages of a pipeline may go without, since the embedding and the head take their places."""


class Shape(NamedTuple):
    """A transformer: counts and widths. Numbers or arrays of them."""

    layers: Num
    hidden: Num
    heads: Num
    kv_heads: Num
    attention_width: Num
    """Query heads times their width: *hidden* in most models."""
    ffn: Num
    """Inner width of the feed-forward part; of a mixture of experts, of one expert."""
    ffn_matrices: Num
    """2, or 3 where it is gated."""
    vocab: Num
    seq_len: Num
    experts: Num = 1.0
    experts_per_token: Num = 1.0
    shared_ffn: Num = 0.0
    """Inner width of the experts that every token visits."""
    attention_params: Num = 0.0
    """Parameters of the projections in a layer where the heads do not give them (latent attention); 0 where they do."""
    window: Num = 0.0
    """Tokens that a layer of a sliding window sees."""
    windowed: Num = 0.0
    """Share of the layers that see a window only."""

    @property
    def seen(self) -> Num:
        """Share of the causal scores that a layer computes, on the mean."""
        return 1.0 - self.windowed * (1.0 - smaller(1.0, 2.0 * self.window / self.seq_len))

    @property
    def projection_params(self) -> Num:
        """Parameters of the attention's projections in a layer."""
        from_heads = self.hidden * self.attention_width * (2.0 + 2.0 * self.kv_heads / self.heads)
        return self.attention_params + (self.attention_params == 0.0) * from_heads

    @property
    def visited_ffn(self) -> Num:
        """Inner widths that a token passes in a layer."""
        return self.ffn * self.experts_per_token + self.shared_ffn

    @property
    def model_flop_per_token(self) -> Num:
        """Model FLOP of a token, forward and backward, attention scores counted in full, nothing counted twice. [FLOP]."""
        layer = 6.0 * (self.projection_params + self.ffn_matrices * self.hidden * self.visited_ffn) + 12.0 * self.seq_len * self.attention_width
        return self.layers * layer + 6.0 * self.hidden * self.vocab


class Layout(NamedTuple):
    """How the work is spread and which exchanges overlap with work. Switches are 0 or 1, or shares between; numbers or arrays of them."""

    sequences: Num
    """Sequences in a step."""
    tp: Num = 1.0
    pp: Num = 1.0
    dp: Num = 1.0
    cp: Num = 1.0
    ep: Num = 1.0
    interleave: Num = 1.0
    """Model chunks on each stage of the pipeline."""
    micro_batch: Num = 1.0
    sequence_parallel: Num = 0.0
    sharded_weights: Num = 0.0
    """Weights are gathered when needed: FSDP, ZeRO-3."""
    sharded_optimiser: Num = 0.0
    """Each data-parallel rank updates its own part: ZeRO-1, distributed optimiser."""
    recompute_layers: Num = 0.0
    """1 where the backward pass repeats the whole forward pass."""
    recompute_attention: Num = 0.0
    """1 where it repeats the attention scores only."""
    flash: Num = 1.0
    """1 where attention scores never reach memory and the causal half is skipped."""
    gradient_b: Num = 2.0
    """Bytes of a gradient when it is exchanged. [B]"""
    overlap_tensor: Num = 0.0
    """Share of the tensor-parallel exchange of the backward pass that hides behind compute."""
    overlap_tensor_forward: Num = 0.0
    overlap_pipeline: Num = 0.0
    overlap_data: Num = 0.0
    overlap_experts: Num = 0.0
    gathers: Num = 2.0
    """How often sharded weights are gathered for a micro-batch: before each pass, and once more where the pass repeated for the backward drops them."""
    listed: Num = 0.0
    """1 where each matrix is gathered by itself, into as many parts as there are ranks, each then copied (DeepSpeed before its release 0.6)."""
    shard: Num = 0.0
    """Ranks that share one copy of sharded weights; 0 where all of the data parallelism do."""
    accumulation_b: Num = 0.0
    """Bytes that adding up a gradient over micro-batches moves beyond a sum at 16 bits, which the fitted efficiency holds. [B]"""
    graphs: Num = 0.0
    """1 where the host starts recorded graphs instead of single kernels."""
    fused_experts: Num = 0.0
    """1 where the products of the experts are one fused kernel."""
    tuned_attention: Num = 1.0
    """1 where the fused attention kernel is written for the accelerator's own generation, 0 where it is one for an earlier generation."""
    narrow_attention: Num = 0.0
    """1 where attention scores too are computed at the precision of the matrix products."""

    @property
    def accelerators(self) -> Num:
        """The number of accelerators."""
        return self.tp * self.cp * self.pp * self.dp

    @property
    def micro_batches(self) -> Num:
        """Micro-batches that a stage works through in a step."""
        return self.sequences / (self.dp * self.micro_batch)

    def check(self, *, shape: Shape, machine: "Machine") -> None:
        """Refuse an impossible layout.

        Raises:
            OutOfRangeError: a count is below 1, a layout does not divide, there are more stages than layers, tensor parallelism leaves the
                scale-up domain, the batch is smaller than the data parallelism, or there are fewer experts than the expert parallelism.
        """
        require(at_least=1.0, layers=shape.layers, hidden=shape.hidden, heads=shape.heads, kv_heads=shape.kv_heads, seq_len=shape.seq_len, vocab=shape.vocab)
        require(at_least=1.0, experts=shape.experts, experts_per_token=shape.experts_per_token, tp=self.tp, pp=self.pp, dp=self.dp, cp=self.cp)
        require(at_least=1.0, ep=self.ep, interleave=self.interleave, micro_batch=self.micro_batch, sequences=self.sequences, domain=machine.domain)
        chunks = self.pp * self.interleave
        _refuse(chunks > shape.layers + UNEVEN_LAYERS, "more pipeline stages than layers", "lower pp or interleave")
        _refuse(-shape.layers % chunks > UNEVEN_LAYERS, "the layers do not divide over the pipeline's stages", "choose pp × interleave that divides the layers")
        _refuse(self.tp > machine.domain, "tensor parallelism beyond the scale-up domain", "lower tp to the accelerators that fast links join")
        _refuse(shape.heads % self.tp != 0.0, "the heads do not divide over the tensor-parallel ranks", "choose tp that divides the heads")
        _refuse(shape.seq_len % self.cp != 0.0, "the sequence does not divide over the context-parallel ranks", "choose cp that divides seq_len")
        _refuse(self.shard > self.dp * self.cp, "weights sharded over more ranks than there are", "lower shard to dp × cp")
        _refuse(self.sequences < self.dp, "a batch smaller than the data parallelism", "each data-parallel rank needs a sequence")
        _refuse(self.sequences % (self.dp * self.micro_batch) != 0.0, "the batch does not divide into micro-batches", "choose dp × micro_batch that divides it")
        _refuse(self.ep > shape.experts, "fewer experts than the expert parallelism", "lower ep")
        _refuse(shape.experts % self.ep != 0.0, "the experts do not divide over the expert-parallel ranks", "choose ep that divides the experts")
        _refuse(self.tp * self.cp * self.dp % self.ep != 0.0, "the ranks of a stage do not divide into expert-parallel groups", "choose ep that divides them")


class Machine(NamedTuple):
    """An accelerator and its links. Numbers or arrays of them."""

    peak_flop_per_s: Num
    """Dense peak at the precision of the matrix products."""
    attention_peak_flop_per_s: Num
    """Dense peak at the precision of the attention scores and the head: 16 bits."""
    memory_bandwidth_b_per_s: Num
    link_bandwidth_b_per_s: Num
    """All links within the scale-up domain, one direction."""
    network_bandwidth_b_per_s: Num
    """Scale-out network, one accelerator's share, one direction."""
    domain: Num
    """Accelerators that the fast links join."""
    tensor_share: Num = 1.0
    """Share of the links that a ring of tensor-parallel ranks runs over: all behind a switch, those of one axis in a torus."""
    wide_gain: Num = 1.0
    """How much nearer products at 16 bits come to their peak than those at the precision of the matrix products."""


class Sustained(NamedTuple):
    """The constants of a step: efficiencies and latencies, each a row of ``priors.csv``."""

    gemm_efficiency: Num
    """Large matrix products against the dense peak."""
    half_width: Num
    """Width of a slice of a matrix at which a product runs at half that efficiency: tiles fill and drain."""
    attention_efficiency: Num
    """Flash attention, forward and backward, against the 16-bit peak."""
    memory_efficiency: Num
    memory_touches: Num
    """How often the forward pass touches each stored activation: written, and read by what comes next."""
    link_efficiency: Num
    link_latency_s: Num
    network_efficiency: Num
    network_latency_s: Num
    kernel_launch_s: Num
    exposed_share: Num
    """Share of an overlapped exchange that slows the step anyway, because it takes compute units and memory bandwidth."""
    plain_attention: Num = 0.75
    """Batched products of one head each, against large matrix products: attention without a fused kernel."""
    link_hop_s: Num = 0.0
    """One step of a ring over links."""
    network_hop_s: Num = 0.0
    """One step of a ring over the network."""
    listed_copy_s: Num = 0.0
    """What the host needs for each part of a gather into a list."""
    exchange_efficiency: Num = 1.0
    """Links, where tokens go to their experts and back."""
    grouped_factor: Num = 1.0
    """Products of several experts at once, unfused, against large matrix products."""
    portable_attention: Num = 1.0
    """Fused attention kernels written for an earlier generation, against those written for this one."""


def _refuse(wrong: Num, what: str, hint: str) -> None:
    if wrong if isinstance(wrong, bool) else wrong.any():
        raise OutOfRangeError(what, hint=hint)


def larger(left: Num, right: Num) -> Num:
    """Return the larger of two numbers, or of each pair in arrays."""
    if hasattr(left, "clip"):
        return left.clip(right)
    return right.clip(left) if hasattr(right, "clip") else max(left, right)


def smaller(left: Num, right: Num) -> Num:
    """Return the smaller of two numbers, or of each pair in arrays."""
    if hasattr(left, "clip"):
        return left.clip(None, right)
    return right.clip(None, left) if hasattr(right, "clip") else min(left, right)


def ceiling(count: Num, part: Num) -> Num:
    """Return how many parts hold a whole *count*, the last perhaps in part."""
    shares = count / part
    if not hasattr(shares, "astype"):
        return float(math.ceil(shares))
    import numpy as np  # it is imported wherever there are arrays

    return np.ceil(shares)
