"""What no layout of a way to divide a model is below: seconds of a step for each sequence, for many plans and all their micro-batches at once.

Numbers are held in single precision, in half the memory, so bounds are lowered and memory is widened by more than its rounding.
"""

from typing import Any, NamedTuple

import numpy as np

from traincarbon.estimation.layout.array_candidates import (
    Array,
    Ways,
    divides,
    may_shard_weights,
    micro_batch_counts,
    micro_batches,
    take,
    with_sharded_weights,
)
from traincarbon.estimation.layout.array_layers import distinct_layers, of_rows
from traincarbon.estimation.layout.search import MICRO_BATCHES, LayoutTask, recomputations
from traincarbon.formulas.layer import LayerLines, layer_lines
from traincarbon.formulas.layout import ceiling
from traincarbon.formulas.memory import LayerActivations, layer_activations, state_by_purpose
from traincarbon.formulas.step_bound import StepLines, least_step_s, step_lines

_ROUNDING = 1e-4
"""More than the rounding of single precision adds up to, as a share of the whole."""


class Bounds(NamedTuple):
    """The ways that may fit, those that may have the most micro-batches first.

    Attributes:
        ways: The ways.
        place: The place of each in the order in which a search tries them.
        least_s: For each micro-batch, the least seconds for each sequence of the ways that may have it, infinite where nothing fits.
    """

    ways: Ways
    place: Array
    least_s: list[Array]


class _Parts(NamedTuple):
    """What the bounds of some ways are made of.

    Attributes:
        layer: The passes through a layer.
        held: The activations of a sequence in a stage, for each choice of what is repeated.
        room_b: What weights, gradients and optimiser leave of the memory.
        step: The step beside its layers.
        dp: Data parallelism.
        pp: Stages.
        wanted: Sequences of the step that the plan asks for.
    """

    layer: LayerLines
    held: tuple[LayerActivations, ...]
    room_b: Array
    step: StepLines
    dp: Array
    pp: Array
    wanted: Array


def bounds(task: LayoutTask, found: Ways, off: float) -> Bounds:
    """Return the ways that may fit in memory, each with what no layout of it is below.

    Memory and time are those of one chunk on a stage and of the least recomputation with which that fits; more chunks need more memory.
    Ways that can shard the weights are bounded with either sharding, and get the lower bound.
    """
    single = task._replace(shape=_single(task.shape), machine=_single(task.machine))
    room_b, room_by_weights_b = _rooms(single, found)
    place = np.flatnonzero(np.maximum(room_b, room_by_weights_b) > 0.0)
    counts = micro_batch_counts(task, found.plan[place], found.layout.dp[place], off)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    place, counts = place[order], counts[order]
    found, room_b, room_by_weights_b = take((found, room_b, room_by_weights_b), place)
    layers = _layers(single, found)
    least_s = _least(task, _parts(single, found, layers, room_b), counts)
    rows = np.flatnonzero(room_by_weights_b > 0.0)
    sharded, of_sharded, room_b = take((found, layers, room_by_weights_b), rows)
    sharded = sharded._replace(layout=with_sharded_weights(sharded.layout, 1.0))
    for each_s, other_s in zip(least_s, _least(task, _parts(single, sharded, of_sharded, room_b), counts[rows]), strict=False):
        which = rows[: len(other_s)]
        each_s[which] = np.minimum(each_s[which], other_s)
    return Bounds(found, place, least_s)


def _single(fields: Any) -> Any:
    """Return a tuple with its arrays in single precision."""
    return type(fields)(*(field.astype(np.float32) if hasattr(field, "shape") else field for field in fields))


def _rooms(task: LayoutTask, found: Ways) -> tuple[Array, Array]:
    """Return the bytes that weights, gradients and optimiser leave with the optimiser sharded, and with the weights: none where these may not be."""
    limit_b, shape, layout = take(task.memory_b, found.plan) * (1.0 + _ROUNDING), take(task.shape, found.plan), _single(found.layout)
    room_b = limit_b - state_by_purpose(shape=shape, layout=layout).total_b
    room_by_weights_b = np.zeros(len(found.plan))
    rows = np.flatnonzero(may_shard_weights(layout))
    limit_b, shape, layout = take((limit_b, shape, layout), rows)
    room_by_weights_b[rows] = limit_b - state_by_purpose(shape=shape, layout=with_sharded_weights(layout, 1.0)).total_b
    return room_b.astype(np.float32), room_by_weights_b.astype(np.float32)


def _layers(task: LayoutTask, found: Ways) -> tuple[LayerLines, tuple[LayerActivations, ...]]:
    """Return the passes through a layer of each way, and its activations by what is repeated, computed once for the ways that share them."""
    first, same = distinct_layers(found.plan, found.layout, len(task.accelerators))
    shape, machine = of_rows(task, found.plan[first])
    layout = _single(take(found.layout, first))
    lines = layer_lines(shape=shape, layout=layout, machine=machine, sustained=task.sustained)
    held = tuple(layer_activations(shape=shape, layout=layout._replace(**choice)) for choice in recomputations(task))
    return take(lines, same), take(held, same)


def _parts(task: LayoutTask, found: Ways, layers: tuple[LayerLines, tuple[LayerActivations, ...]], room_b: Array) -> _Parts:
    """Return the parts of ways that all shard either the optimiser or the weights."""
    shape, machine = of_rows(task, found.plan)
    layout, chunks, spared = _single(found.layout), found.chunks.astype(np.float32), found.spared.astype(np.float32)
    step = step_lines(shape=shape, layout=layout, machine=machine, sustained=task.sustained, chunks=chunks, spared=spared)
    stage_layers = ceiling(shape.layers, layout.pp)
    held = tuple(each._replace(kept_b=stage_layers * each.kept_b) for each in layers[1])
    return _Parts(layers[0], held, room_b, step, found.layout.dp, found.layout.pp, task.sequences[found.plan])


def _least(task: LayoutTask, parts: _Parts, counts: Array) -> list[Array]:
    """Return the bounds with each micro-batch, of which the first ways may have the most."""
    least_s = []
    for level, micro_batch in enumerate(MICRO_BATCHES[: counts.max(initial=0)]):
        some = take(parts, slice(int(np.searchsorted(-counts, -level))))
        whole = micro_batches(some.wanted, some.dp * micro_batch)
        steps = whole.astype(np.float32)
        step = some.step._replace(chunks=1.0 + divides(some.pp, whole) * (some.step.chunks - 1.0))
        fits, forward_s, backward_s = _fitting_layer(task, some, micro_batch, steps)
        each_s = least_step_s(step, micro_batch=micro_batch, micro_batches=steps, layer_s=forward_s + backward_s, backward_s=backward_s)
        each_s *= 1.0 - _ROUNDING
        each_s /= (whole * some.dp * micro_batch).astype(np.float32)
        each_s[~fits] = np.inf
        least_s.append(each_s)
    return least_s


def _fitting_layer(task: LayoutTask, parts: _Parts, micro_batch: float, steps: Array) -> tuple[Array, Array, Array]:
    """Return where a layout may fit, and the passes through a layer that repeats the least with which it does."""
    layer, room_b = parts.layer, parts.room_b / micro_batch
    in_flight = np.minimum(parts.step.pp, steps)
    forward_s = np.maximum(layer.forward_s + layer.forward_each_s * micro_batch, layer.launch_s)
    once_s = np.maximum(layer.backward_s + layer.backward_each_s * micro_batch, layer.launch_back_s)
    fits, backward_s = np.zeros(steps.shape, dtype=bool), once_s
    for choice, (kept_b, working_b, logits_b) in zip(reversed(recomputations(task)), reversed(parts.held), strict=True):
        this = np.maximum(kept_b * in_flight, kept_b + logits_b) + working_b <= room_b
        again_s = choice.get("recompute_layers", 0.0) * forward_s + choice.get("recompute_attention", 0.0) * micro_batch * layer.scores_each_s
        backward_s = this * (once_s + again_s) + ~this * backward_s
        fits |= this
    return fits, forward_s, backward_s
