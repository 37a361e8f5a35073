"""The layouts that a search compares, for many plans at once: arrays with a row for each way to divide a model.

The rows of a plan are those that :mod:`traincarbon.estimation.layout.search` tries, in the same order.
"""

from typing import Any, NamedTuple

import numpy as np

from traincarbon.estimation.layout.search import (
    DEGREES,
    EXPERT_DEGREES,
    LONG_SEQUENCE,
    MICRO_BATCHES,
    MOST_CHUNKS,
    MOST_TENSOR,
    NARROWEST_SLICE,
    LayoutTask,
)
from traincarbon.formulas.layout import UNEVEN_LAYERS, Layout

Array = Any
"""A NumPy array, or a number that holds for all plans."""


class Candidates(NamedTuple):
    """Layouts of many plans. Each field is an array with a row for each layout."""

    plan: Array
    """The plan's place among the tasks, ascending."""
    layout: Layout


class _Ways(NamedTuple):
    """Ways to divide the accelerators of many plans."""

    plan: Array
    tp: Array
    pp: Array
    cp: Array
    ep: Array

    def take(self, rows: Array) -> "_Ways":
        return _Ways(*(take(field, rows) for field in self))


class Batches(NamedTuple):
    """Ways to divide the accelerators of many plans with the micro-batches that each may have: a layout for each, with one chunk on a stage.

    Attributes:
        tried: The layouts, with the optimiser sharded.
        way: The place of the way of each row, ascending.
        first: The first row of each way.
    """

    tried: Candidates
    way: Array
    first: Array


def batches(task: LayoutTask, off: float) -> Batches:
    """Return the ways to divide the accelerators, each with its micro-batches, before memory is looked at.

    Args:
        task: Plans as arrays of one dimension; the degrees that are fixed, and the habits, hold for all of them.
        off: How far the batch may be from that of the task, as a share. [1]
    """
    ways = _experts(task, _contexts(task, _stages(task, _tensors(task)), off))
    dp = task.accelerators[ways.plan] / (ways.tp * ways.pp * ways.cp)
    of_way, micro_batch, sequences = _batches(task, ways, dp, off)
    ways = ways.take(of_way)
    layout = Layout(
        sequences,
        *(ways.tp, ways.pp, dp[of_way], ways.cp, ways.ep),
        micro_batch=micro_batch,
        sequence_parallel=task.habits.splits_sequences * (ways.tp > 1.0),
        sharded_optimiser=1.0,
        gradient_b=2.0 + 2.0 * (1.0 - task.habits.narrow_gradients),
        flash=task.habits.flash,
        overlap_data=task.habits.overlap_data,
        tuned_attention=task.habits.tuned_attention,
    )
    starts = np.diff(of_way, prepend=-1) > 0
    return Batches(Candidates(ways.plan, layout), np.cumsum(starts) - 1, np.flatnonzero(starts))


def candidates(task: LayoutTask, batched: Candidates) -> Candidates:
    """Return the layouts to compare of some ways with their micro-batches: by chunks of the pipeline and sharding."""
    plan, layout = batched
    of_batch, chunks = _chunks(take(task.shape.layers, plan), layout.pp, layout.micro_batches)
    twice = 1 + may_shard_weights(layout)[of_batch]
    of_chunk = np.repeat(np.arange(len(of_batch)), twice)
    weights = np.zeros(len(of_chunk))
    weights[np.cumsum(twice)[twice == 2] - 1] = 1.0
    plan, layout = taken(batched, of_batch[of_chunk])
    return Candidates(plan, with_sharded_weights(layout, weights)._replace(interleave=chunks[of_chunk]))


def may_shard_weights(layout: Layout) -> Array:
    """Return where weights may be sharded: over data-parallel ranks, without a pipeline."""
    return (layout.pp == 1.0) & (layout.dp * layout.cp > 1.0)


def most_chunks(layers: Array, layout: Layout) -> Array:
    """Return a number of chunks on a stage that no layout exceeds: one where the stages do not divide the micro-batches."""
    may = (layout.pp > 1.0) & divides(layout.pp, layout.micro_batches)
    return np.where(may, np.minimum(float(MOST_CHUNKS), np.ceil(layers / layout.pp)), 1.0)


def with_sharded_weights(layout: Layout, weights: Array) -> Layout:
    """Return a layout with sharded optimiser with *weights* sharded instead: 0, 1 or an array of them."""
    return layout._replace(sharded_weights=weights, sharded_optimiser=1.0 - weights, gradient_b=2.0 * weights + layout.gradient_b * (1.0 - weights))


def taken(tried: Candidates, rows: Array) -> Candidates:
    """Return some of the layouts."""
    return Candidates(tried.plan[rows], Layout(*(take(field, rows) for field in tried.layout)))


def take(value: Array, rows: Array) -> Array:
    """Return the *rows* of an array, or the number that holds for all."""
    return value[rows] if hasattr(value, "shape") else value


def divides(part: Array, whole: Array) -> Array:
    """Return where *part* divides *whole* without rest; both hold whole numbers."""
    shares = whole / part
    return shares == np.floor(shares)


def _tensors(task: LayoutTask) -> _Ways:
    shape, count = task.shape, task.accelerators
    heads, hidden = (np.broadcast_to(each, count.shape)[:, None] for each in (shape.heads, shape.hidden))
    if task.tp is not None:
        degrees = np.array([task.tp])
        may = divides(degrees, heads) & (degrees <= task.machine.domain)
    else:
        degrees = np.array([degree for degree in DEGREES if degree <= min(MOST_TENSOR, task.machine.domain)])
        may = divides(degrees, count[:, None]) & divides(degrees, heads) & ((degrees == 1.0) | (hidden / degrees >= NARROWEST_SLICE))
    plan, which = np.nonzero(may)
    return _Ways(plan, degrees[which], 1.0, 1.0, 1.0)


def _stages(task: LayoutTask, ways: _Ways) -> _Ways:
    """Add the depths of pipelines. What divides what is looked up in tables of the values that occur."""
    layers = np.broadcast_to(take(task.shape.layers, ways.plan), ways.plan.shape)
    rest = take(task.accelerators, ways.plan) / ways.tp
    kinds, kind = np.unique(layers, return_inverse=True)
    degrees = np.array([task.pp]) if task.pp is not None else np.arange(1.0, kinds[-1] + 1.0) if len(kinds) else np.ones(1)
    may = -kinds[:, None] % degrees <= UNEVEN_LAYERS
    if task.pp is None:
        counts, count = np.unique(rest, return_inverse=True)
        may = (may & (degrees <= kinds[:, None]))[kind] & divides(degrees, counts[:, None])[count]
    else:
        may = may[kind]
    rows, which = np.nonzero(may)
    return ways.take(rows)._replace(pp=degrees[which])


def _contexts(task: LayoutTask, ways: _Ways, off: Array) -> _Ways:
    seq_len = np.broadcast_to(task.shape.seq_len, task.accelerators.shape)
    most = np.maximum(1.0, seq_len / LONG_SEQUENCE)
    degrees = np.array([degree for degree in DEGREES if degree <= most.max(initial=1.0)])
    rest = (task.accelerators[ways.plan] / ways.tp / ways.pp)[:, None]
    dp = rest / degrees
    may = (dp == np.floor(dp)) & (dp <= np.maximum(1.0, (1.0 + off) * task.sequences)[ways.plan, None])
    if len(degrees) > 1:
        may &= ((degrees <= most[:, None]) & divides(degrees, seq_len[:, None]))[ways.plan]
    if task.dp is not None:
        may &= dp == task.dp
    rows, which = np.nonzero(may)
    return ways.take(rows)._replace(cp=degrees[which] if len(degrees) > 1 else 1.0)


def _experts(task: LayoutTask, ways: _Ways) -> _Ways:
    if not hasattr(task.shape.experts, "shape") and task.shape.experts <= 1.0:
        return ways
    experts = np.broadcast_to(task.shape.experts, task.accelerators.shape)[:, None]
    degrees = np.array(EXPERT_DEGREES)
    ranks = task.accelerators[ways.plan] / ways.pp
    may = np.where(experts > 1.0, divides(degrees, experts), degrees == 1.0)[ways.plan] & divides(degrees, ranks[:, None])
    rows, which = np.nonzero(may)
    return ways.take(rows)._replace(ep=degrees[which])


def _batches(task: LayoutTask, ways: _Ways, dp: Array, off: float) -> tuple[Array, Array, Array]:
    """Return rows of *ways*, and the micro-batch and sequences of each: up to the first micro-batch whose nearest batch is too far off."""
    micro_batches = np.array(MICRO_BATCHES)
    wanted = task.sequences[ways.plan, None]
    multiples = dp[:, None] * micro_batches
    near = np.maximum(1.0, np.rint(wanted / multiples)) * multiples
    may = np.logical_and.accumulate(np.abs(near - wanted) <= np.maximum(off * wanted, 0.5), axis=1)
    rows, which = np.nonzero(may)
    return rows, micro_batches[which], near[rows, which]


def _chunks(layers: Array, pp: Array, micro_batches: Array) -> tuple[Array, Array]:
    """Return rows, and the chunks of each stage: one, or more if they divide its layers and the stages divide the micro-batches."""
    layers = np.broadcast_to(layers, pp.shape)
    chunks = np.arange(1.0, MOST_CHUNKS + 1.0)
    may = np.zeros((len(pp), MOST_CHUNKS), dtype=bool)
    may[:, 0] = True
    deep = np.flatnonzero((pp > 1.0) & divides(pp, micro_batches))
    spread, of = pp[deep, None] * chunks, layers[deep, None]
    may[deep] = (spread <= of) & (np.ceil(of / spread) * spread - of <= UNEVEN_LAYERS)
    rows, which = np.nonzero(may)
    return rows, chunks[which]
