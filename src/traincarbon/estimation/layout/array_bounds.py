"""What no layout of a way to divide a model is below: seconds of a step for each sequence, for many plans and all their micro-batches at once.

Numbers are held in single precision, in half the memory, so bounds are lowered and memory is widened by more than its rounding.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from traincarbon.estimation.layout.array_candidates import Array, Ways, divides, may_shard_weights, micro_batch_counts, micro_batches, take, with_sharded_weights
from traincarbon.estimation.layout.array_layers import distinct_layers, of_rows, shapes_of
from traincarbon.estimation.layout.search import MICRO_BATCHES, LayoutTask, recomputations
from traincarbon.formulas.layer import LayerLines, layer_lines
from traincarbon.formulas.layout import Layout, Machine, Shape
from traincarbon.formulas.memory import LayerActivations, layer_activations, state_by_purpose
from traincarbon.formulas.step_bound import StepLines, least_step_s, step_lines

_PRECISION = np.float32
_ROUNDING = 1e-5
"""More than single precision is off by in any term, as a share of the sum."""
Fields = TypeVar("Fields", Shape, Layout, Machine, LayerLines, LayerActivations, StepLines)


class Bounds(NamedTuple):
    """The ways that may fit, those with the most micro-batches first.

    Attributes:
        ways: The ways.
        place: The place of each in the order in which a search tries them.
        least_s: For each micro-batch, the least seconds for each sequence of the ways that may have it, infinite where nothing fits.
    """

    ways: Ways
    place: Array
    least_s: list[Array]


class _Layers(NamedTuple):
    """The layers of some ways.

    Attributes:
        lines: Their passes.
        held: The activations of one sequence, for each choice of what is repeated.
    """

    lines: LayerLines
    held: tuple[LayerActivations, ...]

    def take(self, rows: Array) -> "_Layers":
        return _Layers(_rows(self.lines, rows), tuple(_rows(each, rows) for each in self.held))


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
    found, room_b, room_by_weights_b = found.take(place), room_b[place], room_by_weights_b[place]
    layers = _layers(single, found)
    least_s = _least(single, found, counts, layers, room_b)
    rows = np.flatnonzero(room_by_weights_b > 0.0)
    sharded = found.take(rows)
    sharded = sharded._replace(layout=with_sharded_weights(sharded.layout, 1.0))
    for each_s, other_s in zip(least_s, _least(single, sharded, counts[rows], layers.take(rows), room_by_weights_b[rows]), strict=False):
        which = rows[: len(other_s)]
        each_s[which] = np.minimum(each_s[which], other_s)
    return Bounds(found, place, least_s)


def _single(fields: Fields) -> Fields:
    return type(fields)(*(field.astype(_PRECISION) if hasattr(field, "shape") else field for field in fields))


def _rows(fields: Fields, rows: Array) -> Fields:
    return type(fields)(*(take(field, rows) for field in fields))


def _first(fields: Fields, some: slice) -> Fields:
    return type(fields)(*(field[some] if hasattr(field, "shape") else field for field in fields))


def _rooms(task: LayoutTask, found: Ways) -> tuple[Array, Array]:
    """Return the bytes that weights, gradients and optimiser leave with the optimiser sharded, and with the weights: none where these may not be."""
    limit_b, layout = take(task.memory_b, found.plan) * (1.0 + _ROUNDING), _single(found.layout)
    room_b = limit_b - state_by_purpose(shape=shapes_of(task, found.plan), layout=layout).total_b
    room_by_weights_b = np.zeros(len(found.plan), dtype=_PRECISION)
    rows = np.flatnonzero(may_shard_weights(layout))
    state = state_by_purpose(shape=shapes_of(task, found.plan[rows]), layout=with_sharded_weights(_rows(layout, rows), 1.0))
    room_by_weights_b[rows] = take(limit_b, rows) - state.total_b
    return room_b.astype(_PRECISION), room_by_weights_b


def _layers(task: LayoutTask, found: Ways) -> _Layers:
    """Return the layers of the ways, computed once for those that share them."""
    first, same = distinct_layers(found.plan, found.layout, len(task.accelerators))
    shape, machine = of_rows(task, found.plan[first])
    layout = _single(_rows(found.layout, first))
    lines = layer_lines(shape=shape, layout=layout, machine=machine, sustained=task.sustained)
    held = tuple(layer_activations(shape=shape, layout=layout._replace(**choice)) for choice in recomputations(task))
    return _Layers(lines, held).take(same)


def _least(task: LayoutTask, found: Ways, counts: Array, layers: _Layers, room_b: Array) -> list[Array]:
    """Return the bounds of ways that all shard either the optimiser or the weights; those with more micro-batches come first."""
    shape, machine = of_rows(task, found.plan)
    layout = _single(found.layout)
    lines = step_lines(shape=shape, layout=layout, machine=machine, sustained=task.sustained, chunks=found.chunks.astype(_PRECISION), spared=found.spared.astype(_PRECISION))
    wanted = task.sequences[found.plan]
    held = [each._replace(kept_b=lines.stage_layers * each.kept_b) for each in layers.held]
    found_s = []
    for level, micro_batch in enumerate(MICRO_BATCHES[: counts.max(initial=0)]):
        some = slice(int(np.searchsorted(-counts, -level)))
        whole = micro_batches(wanted[some], found.layout.dp[some] * micro_batch)
        chunks = 1.0 + divides(found.layout.pp[some], whole) * (lines.chunks[some] - 1.0)
        steps = whole.astype(_PRECISION)
        fits, layer_s, backward_s = _layer_that_fits(
            task, _first(layers.lines, some), [_first(each, some) for each in held], layout.pp[some], steps, micro_batch, room_b[some]
        )
        least_s = least_step_s(_first(lines, some)._replace(chunks=chunks), micro_batch=micro_batch, micro_batches=steps, layer_s=layer_s, backward_s=backward_s)
        least_s *= (1.0 - _ROUNDING) / micro_batch
        least_s /= steps * layout.dp[some]
        least_s[~fits] = np.inf
        found_s.append(least_s)
    return found_s


def _layer_that_fits(
    task: LayoutTask, lines: LayerLines, held: Sequence[LayerActivations], pp: Array, steps: Array, micro_batch: float, room_b: Array
) -> tuple[Array, Array, Array]:
    """Return where a layout may fit, and the seconds of a layer that repeats the least with which it does."""
    in_flight = np.minimum(pp, steps)
    forward_s = np.maximum(lines.forward_s + lines.forward_each_s * micro_batch, lines.launch_s)
    once_s = np.maximum(lines.backward_s + lines.backward_each_s * micro_batch, lines.launch_back_s)
    fits, backward_s = np.zeros(steps.shape, dtype=bool), once_s
    room_b = room_b / micro_batch
    for choice, (kept_b, working_b, logits_b) in zip(reversed(recomputations(task)), reversed(held), strict=True):
        this = np.maximum(kept_b * in_flight, kept_b + logits_b) + working_b <= room_b
        again_s = choice.get("recompute_layers", 0.0) * forward_s + choice.get("recompute_attention", 0.0) * micro_batch * lines.scores_each_s
        backward_s = this * (once_s + again_s) + ~this * backward_s
        fits |= this
    return fits, forward_s + backward_s, backward_s
