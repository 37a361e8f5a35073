"""Layouts that share a layer share its time, which is that of each alone."""

import numpy as np

from traincarbon.estimation.layout.array_layers import distinct_layers, layers_of, of_rows
from traincarbon.estimation.layout.search import LayoutTask
from traincarbon.formulas.layer import layer_time
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained

GPT = Shape(24.0, np.array([2048.0, 4096.0]), 16.0, 16.0, np.array([2048.0, 4096.0]), 8192.0, 2.0, 51200.0, 2048.0)
A100 = Machine(312e12, 312e12, 2e12, 300e9, 25e9, 8.0)
REACHED = Sustained(0.75, 192, 0.4, 0.85, 2.0, 0.76, 8e-5, 0.8, 2e-5, 1e-5, 0.15)
TASK = LayoutTask(GPT, A100, REACHED, np.full(2, 64.0), 80e9, np.full(2, 512.0))
PLAN = np.array([0, 0, 0, 1, 1])
LAYOUT = Layout(
    512.0, np.array([1.0, 2.0, 2.0, 2.0, 2.0]), np.array([8.0, 4.0, 8.0, 4.0, 4.0]), 8.0, micro_batch=np.array([1.0, 1.0, 1.0, 1.0, 4.0]), recompute_layers=0.0
)


def test_a_layer_is_computed_once_for_the_depths_of_a_pipeline():
    first, same = distinct_layers(PLAN, LAYOUT, 2)
    assert len(first) == 4
    assert same[1] == same[2]
    assert len(set(same.tolist())) == 4


def test_what_is_repeated_makes_a_layer_another():
    again = LAYOUT._replace(recompute_layers=np.array([0.0, 0.0, 1.0, 0.0, 0.0]))
    assert len(distinct_layers(PLAN, again, 2)[0]) == 5


def test_each_layout_has_the_layer_that_it_has_alone():
    shape, machine = of_rows(TASK, PLAN)
    alone = layer_time(shape=shape, layout=LAYOUT, machine=machine, sustained=REACHED)
    together = layers_of(TASK, PLAN, LAYOUT)
    for one, other in zip(alone, together, strict=True):
        assert np.broadcast_to(one, 5).tolist() == np.broadcast_to(other, 5).tolist()
