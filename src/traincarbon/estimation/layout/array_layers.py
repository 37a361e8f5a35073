"""Model, machine and layers of the layouts of many plans: layouts that share a layer share its time."""

import numpy as np

from traincarbon.estimation.layout.array_candidates import Array, numbered, take
from traincarbon.estimation.layout.search import LayoutTask
from traincarbon.formulas.layer import LayerTime, layer_time
from traincarbon.formulas.layout import Layout, Machine, Shape

_DEGREES = 9
"""More than the powers of two among the degrees of any kind of parallelism: exponents from one on, as frexp gives them."""


def layers_of(task: LayoutTask, plan: Array, layout: Layout) -> LayerTime:
    """Return the time of a layer of each layout, computed once for each distinct one."""
    first, same = distinct_layers(plan, layout, len(task.accelerators))
    shape, machine = of_rows(task, plan[first])
    layer = layer_time(shape=shape, layout=take(layout, first), machine=machine, sustained=task.sustained)
    return take(layer, same)


def of_rows(task: LayoutTask, plan: Array) -> tuple[Shape, Machine]:
    """Return model and machine of each row, whose plans these are."""
    return take(task.shape, plan), take(task.machine, plan)


def distinct_layers(plan: Array, layout: Layout, plans: int) -> tuple[Array, Array]:
    """Return a row for each distinct layer, and which of these each row has.

    A layer of a plan depends on tensor, context and expert parallelism, micro-batch and recomputation; so there are fewer than layouts.
    """
    kind, kinds = np.zeros(len(plan), dtype=int), 1
    for field in (layout.tp, layout.cp, layout.ep, layout.micro_batch):
        if hasattr(field, "shape"):
            kind, kinds = kind * _DEGREES + np.frexp(field)[1], kinds * _DEGREES
    for field in (layout.recompute_layers, layout.recompute_attention):
        if hasattr(field, "shape"):
            kind, kinds = kind * 2 + field.astype(int), kinds * 2
    kind, kinds = numbered(kind, kinds)
    same, count = numbered(plan * kinds + kind, plans * kinds)
    first = np.zeros(count, dtype=int)
    first[same] = np.arange(len(same))
    return first, same
