"""The fastest layout of each of many plans at once: what :func:`traincarbon.estimation.layout.search.fastest` finds for one, as arrays."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from traincarbon.estimation.layout.array_bounds import bounds
from traincarbon.estimation.layout.array_candidates import (
    Array,
    Candidates,
    Ways,
    candidates,
    take,
    ways,
    with_micro_batch,
)
from traincarbon.estimation.layout.array_layers import layers_of, of_rows
from traincarbon.estimation.layout.search import MICRO_BATCHES, OFF_STATED, OFF_USUAL, LayoutTask, Spread, recomputations
from traincarbon.formulas.layout import Layout, Machine, Shape
from traincarbon.formulas.memory import LayoutMemory, activations_b, state_by_purpose
from traincarbon.formulas.step import StepTime, step_mfu, time_by_term

_PLANS_AT_ONCE = 4096
"""Plans of a block: many rows for each call of NumPy, in arrays that fit in the cache that the cores share."""
_LARGEST_B = 2**25 - 2**16
"""Just below the most that the GNU allocator lets its threshold for a mapping of its own rise to, 32 MiB (mallopt(3), M_MMAP_THRESHOLD)."""


class _Best(NamedTuple):
    """The fastest layout of some plans: its plan, layout, step and memory, each an array with a row for each."""

    plan: Array
    layout: Layout
    step: StepTime
    memory: LayoutMemory


def fastest_of_each(task: LayoutTask) -> Spread:
    """Return the fastest layout that fits of each plan of *task*, NaN where none does.

    Args:
        task: Plans as arrays of one dimension: shape, machine, accelerators, memory and sequences may differ between them. The degrees that
            are fixed, the habits and the size of the scale-up domain hold for all.
    """
    count = len(task.accelerators)
    found: list[_Best] = []
    is_found = np.zeros(count, dtype=bool)
    for off in OFF_STATED if task.is_batch_stated else OFF_USUAL:
        for best in _best_of_blocks(task, off, _blocks(task, np.flatnonzero(~is_found))):
            found.append(best)
            is_found[best.plan] = True
    plan = np.concatenate([best.plan for best in found])
    layout = Layout(*_gathered([best.layout for best in found], plan, count))
    step = StepTime(*_gathered([best.step for best in found], plan, count))
    memory = LayoutMemory(*_gathered([best.memory for best in found], plan, count))
    return _with_mfu(task, Spread(layout, step, memory))


def _with_mfu(task: LayoutTask, spread: Spread) -> Spread:
    known = np.flatnonzero(np.isfinite(spread.layout.sequences))
    mfu = np.full(len(task.accelerators), np.nan)
    shape, machine = of_rows(task, known)
    mfu[known] = step_mfu(shape=shape, layout=take(spread.layout, known), machine=machine, seconds_s=spread.step.total_s[known])
    return spread._replace(mfu=mfu)


def _blocks(task: LayoutTask, rows: Array) -> list[Array]:
    """Return the *rows* in blocks of plans, dense models and mixtures of experts apart: dense ones need no sums over experts."""
    mixed = np.broadcast_to(task.shape.experts, task.accelerators.shape)[rows] > 1.0
    alike = [each for each in (rows[~mixed], rows[mixed]) if len(each)]
    return [block for each in alike for block in np.array_split(each, -(-len(each) // _PLANS_AT_ONCE))] or [rows]


def _block(task: LayoutTask, rows: Array) -> LayoutTask:
    """Return the task of some of the plans, with one number for each field of the model or the machine that is the same in all of them."""
    shape, machine = of_rows(task, rows)
    count, sequences = (np.broadcast_to(each, task.accelerators.shape)[rows] for each in (task.accelerators, task.sequences))
    return task._replace(
        shape=Shape(*map(_one_or_all, shape)),
        machine=Machine(*map(_one_or_all, machine)),
        accelerators=count,
        sequences=sequences,
        memory_b=take(task.memory_b, rows),
    )


def _one_or_all(field: Array) -> Array:
    return float(field[0]) if hasattr(field, "shape") and len(field) and (field == field[0]).all() else field


def _best_of_blocks(task: LayoutTask, off: float, blocks: list[Array]) -> list[_Best]:
    """Return the fastest layouts of each block of plans, those whose batch is near enough."""

    def of_block(rows: Array) -> _Best:
        best = _best_near(_block(task, rows), off)
        return best._replace(plan=rows[best.plan])

    if sum(map(len, blocks)) <= _PLANS_AT_ONCE:
        return [of_block(rows) for rows in blocks]
    _keep_memory_of_arrays()
    with ThreadPoolExecutor(min(len(blocks), os.cpu_count() or 1)) as pool:
        return list(pool.map(of_block, blocks))


def _keep_memory_of_arrays() -> None:
    """Have the allocator keep the memory of arrays that are freed for the next ones, for the rest of the process.

    The GNU allocator gives a large array a mapping of its own, and back to the system with it, until one is freed: then arrays up to that size come from
    its heap, of whose free end it keeps up to twice as much. So a large array is made, never touched, and freed. It does nothing where the process
    fixed the threshold itself (MALLOC_MMAP_THRESHOLD_), and nothing with other allocators: musl, macOS, Windows.
    """
    array = np.empty(_LARGEST_B, dtype=np.uint8)
    del array


def _best_near(task: LayoutTask, off: float) -> _Best:
    """Return the fastest layouts whose batch is near enough.

    Each way to divide a model has, with each micro-batch, a bound that none of its layouts is below. Those of each plan with the least bound are
    costed first, then all whose bound is not above the time that was found. So the result is that of costing all.
    """
    found, place, bound_s = bounds(task, ways(task, off), off)
    promising = _fastest(_costed(task, candidates(task, _promising(task, found, place, bound_s))))
    least_s = np.full(len(task.accelerators), np.finfo(float).max)
    least_s[promising.plan] = promising.step.total_s / promising.layout.sequences
    return _fastest(_costed(task, candidates(task, _not_above(task, found, place, bound_s, least_s[found.plan]))))


def _promising(task: LayoutTask, found: Ways, place: Array, bound_s: list[Array]) -> Candidates:
    """Return the way and micro-batch of each plan with the least bound."""
    of_way_s, micro_batch = np.full(len(place), np.inf), np.ones(len(place))
    for size, each_s in zip(MICRO_BATCHES, bound_s, strict=False):
        rows = np.flatnonzero(each_s < of_way_s[: len(each_s)])
        of_way_s[rows], micro_batch[rows] = each_s[rows], size
    at = np.full(int(place.max(initial=0)) + 1, -1)
    at[place] = np.arange(len(place))
    order = at[at >= 0]
    rows = order[_first_least(found.plan[order], of_way_s[order])]
    rows = rows[of_way_s[rows] < np.inf]
    return with_micro_batch(task, take(found, rows), micro_batch[rows])


def _not_above(task: LayoutTask, found: Ways, place: Array, bound_s: list[Array], least_s: Array) -> Candidates:
    """Return the ways and micro-batches whose bound is not above the least time of their plan, in the order in which a search tries them."""
    rows = [np.flatnonzero(each_s <= least_s[: len(each_s)]) for each_s in bound_s]
    way = np.concatenate(rows or [np.zeros(0, dtype=int)])
    micro_batch = np.repeat(MICRO_BATCHES[: len(rows)], [len(each) for each in rows])
    order = np.lexsort((micro_batch, place[way]))
    return with_micro_batch(task, take(found, way[order]), micro_batch[order])


def _fastest(found: _Best) -> _Best:
    """Return the first layout of each plan with its least time for a sequence."""
    rows = _first_least(found.plan, found.step.total_s / found.layout.sequences)
    return _Best(
        found.plan[rows],
        Layout(*(_rows(field, rows) for field in found.layout)),
        StepTime(*(_rows(field, rows) for field in found.step)),
        LayoutMemory(*(_rows(field, rows) for field in found.memory)),
    )


def _costed(task: LayoutTask, tried: Candidates) -> _Best:
    """Return those of the layouts *tried* that fit, with step and memory."""
    (plan, layout), memory = _fitting(task, tried)
    shape, machine = of_rows(task, plan)
    step = time_by_term(shape=shape, layout=layout, machine=machine, sustained=task.sustained, layer=layers_of(task, plan, layout))
    return _Best(plan, layout, step, memory)


def _fitting(task: LayoutTask, tried: Candidates) -> tuple[Candidates, LayoutMemory]:
    """Return the layouts that fit, each with the least recomputation with which it does."""
    shape, limit_b = take(task.shape, tried.plan), take(task.memory_b, tried.plan)
    tried = tried._replace(layout=tried.layout._replace(recompute_layers=0.0, recompute_attention=0.0))
    state = state_by_purpose(shape=shape, layout=tried.layout)
    holds_state = np.flatnonzero(state.total_b <= limit_b)
    plan, limit_b = tried.plan[holds_state], take(limit_b, holds_state)
    shape, layout, state = take(shape, holds_state), take(tried.layout, holds_state), take(state, holds_state)
    state_b, activated_b = state.total_b, np.zeros(len(plan))
    again = {name: np.zeros(len(plan)) for name in ("recompute_layers", "recompute_attention")}
    rows = np.arange(len(plan))
    for choice in recomputations(task):
        activated_b[rows] = activations_b(shape=take(shape, rows), layout=take(layout, rows)._replace(**choice))
        for name, field in again.items():
            field[rows] = choice.get(name, 0.0)
        rows = rows[state_b[rows] + activated_b[rows] > take(limit_b, rows)]
    fits = np.ones(len(plan), dtype=bool)
    fits[rows] = False
    kept = np.flatnonzero(fits)
    memory = state._replace(activations_b=activated_b)
    return Candidates(plan[kept], take(layout._replace(**again), kept)), LayoutMemory(*(_rows(field, kept) for field in memory))


def _first_least(plan: Array, value: Array) -> Array:
    """Return for each plan the first row with its least value; rows of one plan are neighbours."""
    if not len(plan):
        return np.zeros(0, dtype=int)
    starts = np.flatnonzero(np.concatenate([[True], plan[1:] != plan[:-1]]))
    least = np.repeat(np.minimum.reduceat(value, starts), np.diff(np.append(starts, len(plan))))
    rows = np.flatnonzero(value == least)
    return rows[np.concatenate([[True], plan[rows[1:]] != plan[rows[:-1]]])]


def _rows(field: Array, rows: Array) -> Array:
    return field[rows] if hasattr(field, "shape") and field.shape else np.full(len(rows), float(field))


def _gathered(parts: Sequence[tuple[Array, ...]], plan: Array, count: int) -> list[Array]:
    """Return each field for all plans, NaN where none was found."""
    gathered = []
    for fields in zip(*parts, strict=True):
        whole = np.full(count, np.nan)
        whole[plan] = np.concatenate(fields)
        gathered.append(whole)
    return gathered
