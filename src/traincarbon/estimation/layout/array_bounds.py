"""What no layout of a way to divide a model is below: seconds of a step for each sequence, for many plans and all their micro-batches at once."""

from typing import NamedTuple

import numpy as np

from traincarbon.estimation.layout.array_candidates import Array, Batches, Ways, batches, divides, may_shard_weights, take, with_sharded_weights
from traincarbon.estimation.layout.array_layers import distinct_layers, of_rows, shapes_of
from traincarbon.estimation.layout.search import LayoutTask, recomputations
from traincarbon.formulas.layer import layer_lines
from traincarbon.formulas.layout import Layout, ceiling
from traincarbon.formulas.memory import LayerActivations, layer_activations, state_by_purpose
from traincarbon.formulas.step import least_step_s

_BELOW = 1.0 - 1e-9
"""How far a bound is lowered, so that rounding does not raise it above what it bounds."""
_ROOM = 1.0 + 1e-9
"""How far memory is widened, so that rounding refuses no layout that fits."""


class Bounds(NamedTuple):
    """The ways that may fit, their steps, and the least seconds for each sequence: a row for each micro-batch, infinite where nothing fits."""

    ways: Ways
    steps: Batches
    least_s: Array


class _Layers(NamedTuple):
    """The layers of some ways with each micro-batch, computed once for those that are the same.

    Attributes:
        forward_s: The forward pass, a row for each micro-batch.
        backward_s: The backward pass.
        scores_each_s: What the backward pass repeats of a sequence where it repeats the scores alone.
        held: The activations of one sequence by what is repeated, a field for each way.
    """

    forward_s: Array
    backward_s: Array
    scores_each_s: Array
    held: tuple[LayerActivations, ...]

    def take(self, ways: Array) -> "_Layers":
        held = tuple(LayerActivations(*(take(field, ways) for field in each)) for each in self.held)
        return _Layers(self.forward_s[:, ways], self.backward_s[:, ways], take(self.scores_each_s, ways), held)


def bounds(task: LayoutTask, found: Ways, off: float) -> Bounds:
    """Return the ways that may fit in memory, each with what no layout of it is below.

    Memory and time are those of one chunk on a stage and of the least recomputation with which that fits; more chunks need more memory.
    Ways that can shard the weights are bounded with either sharding, and get the lower bound.
    """
    room_b, room_by_weights_b = _rooms(task, found)
    rows = np.flatnonzero(np.maximum(room_b, room_by_weights_b) > 0.0)
    found, room_b, room_by_weights_b = found.take(rows), room_b[rows], room_by_weights_b[rows]
    steps = batches(task, found, off)
    layers = _layers(task, found, steps.micro_batch)
    least_s = _least(task, found, steps, layers, room_b)
    rows = np.flatnonzero(room_by_weights_b > 0.0)
    if len(rows):
        sharded = found.take(rows)
        sharded = sharded._replace(layout=with_sharded_weights(sharded.layout, 1.0))
        least_s[:, rows] = np.minimum(least_s[:, rows], _least(task, sharded, steps.take(rows), layers.take(rows), room_by_weights_b[rows]))
    return Bounds(found, steps, least_s)


def _rooms(task: LayoutTask, found: Ways) -> tuple[Array, Array]:
    """Return the bytes that weights, gradients and optimiser leave with the optimiser sharded, and with the weights: none where these may not be."""
    limit_b = take(task.memory_b, found.plan) * _ROOM
    room_b = limit_b - state_by_purpose(shape=shapes_of(task, found.plan), layout=found.layout).total_b
    room_by_weights_b = np.zeros(len(found.plan))
    rows = np.flatnonzero(may_shard_weights(found.layout))
    some = found.take(rows)
    state = state_by_purpose(shape=shapes_of(task, some.plan), layout=with_sharded_weights(some.layout, 1.0))
    room_by_weights_b[rows] = take(limit_b, rows) - state.total_b
    return room_b, room_by_weights_b


def _layers(task: LayoutTask, found: Ways, micro_batch: Array) -> _Layers:
    first, same = distinct_layers(found.plan, found.layout, len(task.accelerators))
    shape, machine = of_rows(task, found.plan[first])
    layout = Layout(*(take(field, first) for field in found.layout))
    lines = layer_lines(shape=shape, layout=layout, machine=machine, sustained=task.sustained)
    forward_s = np.maximum(lines.forward_s + lines.forward_each_s * micro_batch, lines.launch_s)
    backward_s = np.maximum(lines.backward_s + lines.backward_each_s * micro_batch, lines.launch_back_s)
    held = [layer_activations(shape=shape, layout=layout._replace(**choice)) for choice in recomputations(task)]
    of_ways = tuple(LayerActivations(*(take(field, same) for field in each)) for each in held)
    return _Layers(forward_s[:, same], backward_s[:, same], take(lines.scores_each_s, same), of_ways)


def _least(task: LayoutTask, found: Ways, steps: Batches, layers: _Layers, room_b: Array) -> Array:
    """Return the bounds of ways that all shard either the optimiser or the weights."""
    shape, machine = of_rows(task, found.plan)
    stage_layers, in_flight = ceiling(shape.layers, found.layout.pp), np.minimum(found.layout.pp, steps.micro_batches)
    fits, layer_s = np.zeros(steps.may.shape, dtype=bool), np.zeros(steps.may.shape)
    for choice, (kept_b, working_b, logits_b) in zip(reversed(recomputations(task)), reversed(layers.held), strict=True):
        kept_b = stage_layers * kept_b
        this = steps.micro_batch * (np.maximum(kept_b * in_flight, kept_b + logits_b) + working_b) <= room_b
        again_s = layers.scores_each_s * steps.micro_batch if choice.get("recompute_attention") else 0.0
        passes_s = layers.backward_s + (1.0 + choice.get("recompute_layers", 0.0)) * layers.forward_s + again_s
        layer_s = np.where(this, passes_s, layer_s)
        fits |= this
    least_s = least_step_s(
        shape=shape,
        layout=found.layout._replace(micro_batch=steps.micro_batch, sequences=steps.sequences),
        machine=machine,
        sustained=task.sustained,
        layer_s=layer_s,
        backward_s=layer_s - layers.forward_s,
        chunks=np.where(divides(found.layout.pp, steps.micro_batches), found.chunks, 1.0),
        spared=found.spared,
    )
    return np.where(fits & steps.may, least_s / steps.sequences * _BELOW, np.inf)
