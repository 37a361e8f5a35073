"""The layouts that a search compares, for many plans at once: arrays with a row for each way to divide a model.

The rows of a plan are those that :mod:`traincarbon.estimation.layout.search` tries, in the same order.
"""

from typing import Any, NamedTuple, TypeVar, cast

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
Value = TypeVar("Value")


class Candidates(NamedTuple):
    """Layouts of many plans. Each field is an array with a row for each layout."""

    plan: Array
    """The plan's place among the tasks, ascending."""
    layout: Layout


class Ways(NamedTuple):
    """Ways to divide the accelerators of many plans, before the micro-batch is chosen.

    Attributes:
        plan: The plan of each, ascending.
        layout: The layouts with one sequence, the optimiser sharded, and one chunk on a stage.
        chunks: The most chunks that a stage can have.
        spared: The most layers, by any of these numbers of chunks, that the stage with the head has fewer than the others.
    """

    plan: Array
    layout: Layout
    chunks: Array
    spared: Array


class _Degrees(NamedTuple):
    """Degrees of parallelism that divide the accelerators of many plans. *stage* is the place of layers and *pp* among the :class:`_Stages`."""

    plan: Array
    tp: Array
    pp: Array
    cp: Array
    ep: Array
    stage: Array


class _Stages(NamedTuple):
    """Pipelines of distinct layers and depths: :class:`Ways` says what the fields hold."""

    chunks: Array
    spared: Array


def ways(task: LayoutTask, off: float) -> Ways:
    """Return the ways to divide the accelerators, before memory is looked at.

    Args:
        task: Plans as arrays of one dimension; the degrees that are fixed, and the habits, hold for all of them.
        off: How far the batch may be from that of the task, as a share. [1]
    """
    degrees, stages = _stages(task, _tensors(task))
    plan, tp, pp, cp, ep, stage = _experts(task, _contexts(task, degrees, off))
    layout = Layout(
        1.0,
        *(tp, pp, task.accelerators[plan] / (tp * pp * cp), cp, ep),
        sequence_parallel=task.habits.splits_sequences * (tp > 1.0),
        sharded_optimiser=1.0,
        gradient_b=2.0 + 2.0 * (1.0 - task.habits.narrow_gradients),
        flash=task.habits.flash,
        overlap_data=task.habits.overlap_data,
        tuned_attention=task.habits.tuned_attention,
    )
    return Ways(plan, layout, stages.chunks[stage], stages.spared[stage])


def micro_batch_counts(task: LayoutTask, plan: Array, dp: Array, off: float) -> Array:
    """Return how many of the micro-batches each way may have: up to the first whose nearest batch is too far off."""
    wanted, counts = task.sequences[plan], np.zeros(len(plan), dtype=np.int8)
    farthest, may = np.maximum(off * wanted, 0.5), np.ones(len(plan), dtype=bool)
    for micro_batch in MICRO_BATCHES:
        multiple = dp * micro_batch
        may &= np.abs(micro_batches(wanted, multiple) * multiple - wanted) <= farthest
        if not may.any():
            break
        counts += may
    return counts


def micro_batches(wanted: Array, multiple: Array) -> Array:
    """Return the micro-batches of the step that is nearest to *wanted* sequences, *multiple* of them in each over all ranks."""
    return np.maximum(1.0, np.rint(wanted / multiple))


def with_micro_batch(task: LayoutTask, found: Ways, micro_batch: Array) -> Candidates:
    """Return the layouts of ways with a micro-batch each."""
    multiple = found.layout.dp * micro_batch
    sequences = micro_batches(task.sequences[found.plan], multiple) * multiple
    return Candidates(found.plan, found.layout._replace(sequences=sequences, micro_batch=micro_batch))


def candidates(task: LayoutTask, batched: Candidates) -> Candidates:
    """Return the layouts to compare of some ways with their micro-batches: by chunks of the pipeline and sharding."""
    plan, layout = batched
    of_batch, chunks = _chunks(take(task.shape.layers, plan), layout.pp, layout.micro_batches)
    twice = 1 + may_shard_weights(layout)[of_batch]
    of_chunk = np.repeat(np.arange(len(of_batch)), twice)
    weights = np.zeros(len(of_chunk))
    weights[np.cumsum(twice)[twice == 2] - 1] = 1.0
    plan, layout = take(batched, of_batch[of_chunk])
    return Candidates(plan, with_sharded_weights(layout, weights)._replace(interleave=chunks[of_chunk]))


def may_shard_weights(layout: Layout) -> Array:
    """Return where weights may be sharded: over data-parallel ranks, without a pipeline."""
    return (layout.pp == 1.0) & (layout.dp * layout.cp > 1.0)


def with_sharded_weights(layout: Layout, weights: Array) -> Layout:
    """Return a layout with sharded optimiser with *weights* sharded instead: 0, 1 or an array of them."""
    return layout._replace(sharded_weights=weights, sharded_optimiser=1.0 - weights, gradient_b=2.0 * weights + layout.gradient_b * (1.0 - weights))


def take(value: Value, rows: Array | slice) -> Value:
    """Return the *rows* of an array, or of each array in a tuple of them; a number holds for all rows."""
    fields: Any = value
    if isinstance(fields, tuple):
        fields = getattr(fields, "_make", tuple)(take(field, rows) for field in fields)
    elif hasattr(fields, "shape"):
        fields = fields[rows] if isinstance(rows, slice) else fields.take(rows)
    return cast("Value", fields)


def places(may: Array) -> tuple[Array, Array]:
    """Return rows and columns where *may* holds, in order: those of numpy.nonzero, in less time."""
    flat = np.flatnonzero(may)
    rows = flat // may.shape[1]
    return rows, flat - rows * may.shape[1]


def numbered(key: Array, size: int) -> tuple[Array, int]:
    """Return *key*, whole numbers below *size*, as numbers from zero on without gaps, and how many there are."""
    seen = np.zeros(size, dtype=bool)
    seen[key] = True
    place = np.cumsum(seen) - 1
    return place[key], int(place[-1]) + 1 if size else 0


def divides(part: Array, whole: Array) -> Array:
    """Return where *part* divides *whole* without rest; both hold whole numbers."""
    shares = whole / part
    return shares == np.floor(shares)


def _tensors(task: LayoutTask) -> _Degrees:
    shape, count = task.shape, task.accelerators
    heads, hidden = (np.broadcast_to(each, count.shape)[:, None] for each in (shape.heads, shape.hidden))
    if task.tp is not None:
        degrees = np.array([task.tp])
        may = divides(degrees, heads) & (degrees <= task.machine.domain)
    else:
        degrees = np.array([degree for degree in DEGREES if degree <= min(MOST_TENSOR, task.machine.domain)])
        may = divides(degrees, count[:, None]) & divides(degrees, heads) & ((degrees == 1.0) | (hidden / degrees >= NARROWEST_SLICE))
    plan, which = places(may)
    return _Degrees(plan, degrees[which], 1.0, 1.0, 1.0, 0)


def _stages(task: LayoutTask, found: _Degrees) -> tuple[_Degrees, _Stages]:
    """Add the depths of pipelines. What divides what is looked up in tables of the values that occur."""
    layers = np.broadcast_to(take(task.shape.layers, found.plan), found.plan.shape)
    rest = take(task.accelerators, found.plan) / found.tp
    kinds, kind = np.unique(layers, return_inverse=True)
    counts, count = np.unique(rest, return_inverse=True)
    degrees = np.array([task.pp]) if task.pp is not None else np.arange(1.0, min(kinds.max(initial=1.0), counts.max(initial=1.0)) + 1.0)
    may = -kinds[:, None] % degrees <= UNEVEN_LAYERS
    may = may[kind] if task.pp is not None else (may & (degrees <= kinds[:, None]))[kind] & divides(degrees, counts[:, None])[count]
    rows, which = places(may)
    stage, distinct = numbered(kind[rows] * len(degrees) + which, may.shape[1] * len(kinds))
    first = np.zeros(distinct, dtype=int)
    first[stage] = np.arange(len(stage))
    return take(found, rows)._replace(pp=degrees[which], stage=stage), _chunked(layers[rows[first]], degrees[which[first]])


def _chunked(layers: Array, pp: Array) -> _Stages:
    """Return what a stage may hold, for pairs of layers and depth."""
    chunks = np.arange(1.0, MOST_CHUNKS + 1.0)[:, None]
    spread = pp * chunks
    uneven = np.ceil(layers / spread) * spread - layers
    may = (pp > 1.0) & (spread <= layers) & (uneven <= UNEVEN_LAYERS)
    may[0] = True
    return _Stages((may * chunks).max(axis=0), (may * np.ceil(uneven / 2.0)).max(axis=0))


def _contexts(task: LayoutTask, found: _Degrees, off: Array) -> _Degrees:
    seq_len = np.broadcast_to(task.shape.seq_len, task.accelerators.shape)
    most = np.maximum(1.0, seq_len / LONG_SEQUENCE)
    degrees = np.array([degree for degree in DEGREES if degree <= most.max(initial=1.0)])
    rest = (task.accelerators[found.plan] / found.tp / found.pp)[:, None]
    dp = rest / degrees
    may = (dp == np.floor(dp)) & (dp <= np.maximum(1.0, (1.0 + off) * task.sequences)[found.plan, None])
    if len(degrees) > 1:
        may &= ((degrees <= most[:, None]) & divides(degrees, seq_len[:, None]))[found.plan]
    if task.dp is not None:
        may &= dp == task.dp
    rows, which = places(may)
    return take(found, rows)._replace(cp=degrees[which] if len(degrees) > 1 else 1.0)


def _experts(task: LayoutTask, found: _Degrees) -> _Degrees:
    if not hasattr(task.shape.experts, "shape") and task.shape.experts <= 1.0:
        return found
    experts = np.broadcast_to(task.shape.experts, task.accelerators.shape)[:, None]
    degrees = np.array(EXPERT_DEGREES)
    ranks = task.accelerators[found.plan] / found.pp
    may = np.where(experts > 1.0, divides(degrees, experts), degrees == 1.0)[found.plan] & divides(degrees, ranks[:, None])
    rows, which = places(may)
    return take(found, rows)._replace(ep=degrees[which])


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
