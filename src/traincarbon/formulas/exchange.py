"""What accelerators exchange in one training step, and how long it takes beside the work."""

from traincarbon.formulas.equation import equation, require
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained, larger, smaller
from traincarbon.uncertain import Num


@equation("max((1 - overlap × (1 - exposed_share)) × exchange_s, exchange_s - overlap × behind_s)", source="isaev-2023-calculon")
def exposed_s(*, exchange_s: Num, overlap: Num, behind_s: Num, exposed_share: Num) -> Num:
    r"""Return what an exchange adds to a step when it overlaps with work.

    It adds what outlasts the work, and at least the share of it that slows the work down.

    .. math:: t = \max\left((1 - o \, (1 - e)) \, t_x, \; t_x - o \, t_w\right)

    Args:
        exchange_s: The exchange alone. [s]
        overlap: Share o of it that may overlap. [1]
        behind_s: The work that it overlaps with. [s]
        exposed_share: Share e of an overlapped exchange that slows the work. [1]

    Returns:
        Added time. [s]

    Raises:
        OutOfRangeError: *overlap* or *exposed_share* is outside 0 to 1.

    Example:
        >>> exposed_s(exchange_s=4.0, overlap=1.0, behind_s=3.0, exposed_share=0.125)
        1.0

    References:
        Isaev et al. 2023, *Calculon*, section on overlap; the share is fitted in docs/method.md, section Step time.
    """
    require(at_least=0.0, at_most=1.0, overlap=overlap, exposed_share=exposed_share)
    return exposed_part_s(exchange_s=exchange_s, overlap=overlap, behind_s=behind_s, exposed_share=exposed_share)


def exposed_part_s(*, exchange_s: Num, overlap: Num, behind_s: Num, exposed_share: Num) -> Num:
    """Return what :func:`exposed_s` does, for shares that are known to be possible."""
    return larger((1.0 - overlap * (1.0 - exposed_share)) * exchange_s, exchange_s - overlap * behind_s)


def tensor_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> Num:
    """Two all-reduces of the activations in a dense layer, one where experts exchange tokens instead; with sequences split, the same bytes."""
    reduces = 2.0 - (shape.experts > 1.0)
    ring_b = 4.0 * tokens * shape.hidden * (layout.tp - 1.0) / layout.tp
    link_b_per_s = machine.link_bandwidth_b_per_s * machine.tensor_share * sustained.link_efficiency
    return reduces * (layout.tp > 1.0) * (sustained.link_latency_s + ring_b / link_b_per_s)


def context_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> Num:
    """Keys and values pass around the ring while scores are computed."""
    keys_b = 4.0 * tokens * shape.attention_width * shape.kv_heads / shape.heads / layout.tp * (layout.cp - 1.0)
    return keys_b * _s_per_b(layout.tp * layout.cp, machine, sustained)


def experts_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> Num:
    """Tokens go to their experts and come back: once over the network to each domain that holds any of them, then over its links."""
    token_b = 4.0 * tokens * shape.hidden / layout.tp
    local = smaller(layout.ep, machine.domain)
    domains = layout.ep / local
    visited = (domains - 1.0) * (1.0 - (1.0 - 1.0 / domains) ** shape.experts_per_token)
    link_s = token_b * shape.experts_per_token * (local - 1.0) / local / (machine.link_bandwidth_b_per_s * sustained.exchange_efficiency)
    network_s = token_b * visited / (machine.network_bandwidth_b_per_s * sustained.network_efficiency)
    return (layout.ep > 1.0) * 2.0 * sustained.link_latency_s + larger(link_s, network_s)


def stage_hop_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, tokens: Num) -> Num:
    """Activations to the next stage and their gradients back, split over the tensor-parallel ranks and gathered again."""
    sent_b = 2.0 * tokens * shape.hidden
    inside = layout.accelerators <= machine.domain
    latency_s = inside * sustained.link_latency_s + (1.0 - inside) * sustained.network_latency_s
    across_s = latency_s + sent_b / layout.tp * _s_per_b(layout.accelerators, machine, sustained)
    gather_s = (layout.tp > 1.0) * (1.0 - layout.sequence_parallel) * sent_b / (machine.link_bandwidth_b_per_s * sustained.link_efficiency)
    return (layout.pp > 1.0) * 2.0 * layout.interleave * (across_s + gather_s)


def data_parallel_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, working_s: Num, turn_s: Num) -> Num:
    """Gradients are summed, in rings within a domain and between domains; sharded weights are gathered for each pass.

    Gradients overlap with one micro-batch, sharded weights with all of them; a share of the exchange slows the compute anyway.
    """
    params = local_params(shape, layout)
    overlap, share, sharded = layout.overlap_data, sustained.exposed_share, layout.sharded_weights
    exposed_s: Num = 0.0
    if not _is_zero(sharded):
        gather_s = layout.micro_batches * turn_gather_s(shape, layout, machine, sustained, params) + _copies_s(layout, machine, sustained, params)
        exposed_s = sharded * exposed_part_s(exchange_s=gather_s, overlap=overlap, behind_s=working_s, exposed_share=share)
    if not _is_zero(1.0 - sharded):
        reduce_s = gradients_s(layout, machine, sustained, params)
        exposed_s = exposed_s + (1.0 - sharded) * exposed_part_s(exchange_s=reduce_s, overlap=overlap, behind_s=turn_s, exposed_share=share)
    return exposed_s


def gradients_s(layout: Layout, machine: Machine, sustained: Sustained, params: tuple[Num, Num]) -> Num:
    """Gradients of a step are summed over the data-parallel ranks, and weights that these updated are sent back; *params* as of :func:`local_params`."""
    dense, experts = params
    ranks = layout.dp * layout.cp
    summed_b = layout.gradient_b + layout.sharded_optimiser * 2.0 + (1.0 - layout.sharded_optimiser) * layout.gradient_b
    one_b_s = dense * _ring_s_per_b(ranks, layout.tp, machine, sustained) + _experts_s_per_b(layout, machine, sustained, experts)
    return 2.0 * _hops_s(ranks, layout.tp, machine, sustained) + one_b_s * summed_b


def turn_gather_s(shape: Shape, layout: Layout, machine: Machine, sustained: Sustained, params: tuple[Num, Num]) -> Num:
    """Sharded weights are gathered for one micro-batch and their gradients scattered; *params* as of :func:`local_params`."""
    dense, experts = params
    shard = _shard(layout)
    calls = layout.listed * (2.0 + shape.ffn_matrices) + 1.0 - layout.listed
    call_s = _hops_s(shard, layout.tp, machine, sustained) + layout.listed * shard * sustained.listed_copy_s
    shard_b_s = dense * _ring_s_per_b(shard, layout.tp, machine, sustained) + _experts_s_per_b(layout, machine, sustained, experts)
    return shape.layers / layout.pp * calls * (layout.gathers + 1.0) * call_s + shard_b_s * (2.0 * layout.gathers + layout.gradient_b)


def _is_zero(switch: Num) -> bool:
    """Return whether a switch is off for all plans; of arrays it is not looked up."""
    return not hasattr(switch, "shape") and switch == 0.0


def _copies_s(layout: Layout, machine: Machine, sustained: Sustained, params: tuple[Num, Num]) -> Num:
    """Gradients are summed over the copies of sharded weights."""
    shard = _shard(layout)
    return params[0] / shard * _ring_s_per_b(layout.dp * layout.cp / shard, layout.tp * shard, machine, sustained) * 2.0 * layout.gradient_b


def _shard(layout: Layout) -> Num:
    """Return the ranks that share one copy of sharded weights."""
    return layout.shard + (layout.shard == 0.0) * (layout.dp * layout.cp)


def _experts_s_per_b(layout: Layout, machine: Machine, sustained: Sustained, experts: Num) -> Num:
    """Return the time of a byte of each parameter of the experts in a ring over the ranks that hold them too."""
    return experts * _ring_s_per_b(larger(layout.dp * layout.cp * layout.tp / layout.ep, 1.0), layout.ep, machine, sustained)


def local_params(shape: Shape, layout: Layout) -> tuple[Num, Num]:
    """Parameters on one accelerator: those that every token passes, and those of its experts."""
    mixed = shape.experts > 1.0
    wide = shape.ffn_matrices * shape.hidden
    layer = shape.projection_params + wide * (shape.shared_ffn + (1.0 - mixed) * shape.ffn)
    dense = (shape.layers * layer / layout.pp + shape.hidden * shape.vocab) / layout.tp
    return dense, mixed * shape.layers / layout.pp * wide * shape.ffn * shape.experts / layout.ep


def _s_per_b(span: Num, machine: Machine, sustained: Sustained) -> Num:
    """Return the time of a byte over the slowest link of a group that spans so many accelerators."""
    inside = span <= machine.domain
    link = 1.0 / (machine.link_bandwidth_b_per_s * sustained.link_efficiency)
    return inside * link + (1.0 - inside) / (machine.network_bandwidth_b_per_s * sustained.network_efficiency)


def _ring_s_per_b(ranks: Num, stride: Num, machine: Machine, sustained: Sustained) -> Num:
    """Return the time of a byte in a ring over *ranks* that are *stride* apart; those of one domain share its network."""
    local = smaller(larger(machine.domain / stride, 1.0), ranks)
    inside = ranks <= local
    link = 1.0 / (machine.link_bandwidth_b_per_s * sustained.link_efficiency)
    across = larger(link, 1.0 / (machine.network_bandwidth_b_per_s * sustained.network_efficiency * local))
    return (ranks - 1.0) / ranks * (inside * link + (1.0 - inside) * across)


def _hops_s(ranks: Num, stride: Num, machine: Machine, sustained: Sustained) -> Num:
    """Return the latency of a ring: a step over links for each rank, or over the network where the ring enters a domain."""
    local = smaller(larger(machine.domain / stride, 1.0), ranks)
    domains = (ranks > local) * ranks / local
    started = (ranks > 1.0) * sustained.network_latency_s
    return started + larger(ranks - 1.0 - domains, 0.0) * sustained.link_hop_s + domains * sustained.network_hop_s
