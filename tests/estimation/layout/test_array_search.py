"""The fastest layouts of many plans at once are those of the search of one, bit by bit."""

import math
import random

import numpy as np
import pytest

from traincarbon.estimation.layout import array_search
from traincarbon.estimation.layout.array_candidates import batches, candidates, taken
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, LayoutTask, fastest
from traincarbon.estimation.layout.shape import shape_of
from traincarbon.formulas.layout import Shape


@pytest.fixture
def machine(shipped):
    chip = shipped.product("accelerators", "h100-sxm5-80gb")
    found, _ = machine_of(shipped, chip, precision="bf16", accelerators=1024.0)
    return found, sustained_of(shipped, accelerator=chip.id, generation=chip.generation, precision="bf16")


def plans(machine, count, *, seed, **fixed):
    """Random plans: dense models and mixtures of experts from 0.3 B to 500 B, on 1 to 8,192 accelerators."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        params, seq_len = 10.0 ** chance.uniform(8.5, 11.7), chance.choice([2048.0, 4096.0, 32768.0])
        accelerators = chance.choice([2.0 ** chance.randint(0, 13), 8.0 * chance.randint(1, 512), float(chance.randint(1, 300))])
        shape = shape_of(params=params, active_params=params / 8.0 if chance.random() < 0.2 else None, vocab=50257.0, seq_len=seq_len)
        sequences = max(1.0, round(chance.uniform(0.2, 5.0) * 1e5 * math.sqrt(accelerators) / seq_len))
        made.append(LayoutTask(shape, *machine, accelerators, chance.uniform(20e9, 80e9), sequences, **fixed))
    return made


def together(tasks):
    numbers = {name: np.array([getattr(task, name) for task in tasks]) for name in ("accelerators", "memory_b", "sequences")}
    return tasks[0]._replace(shape=Shape(*map(np.array, zip(*(task.shape for task in tasks), strict=True))), **numbers)


def is_same(spread, arrays, place):
    """Whether a layout, its step, its memory and its utilisation are those at a place of the arrays."""
    if spread is None:
        return math.isnan(arrays.mfu[place]) and math.isnan(arrays.layout.tp[place])
    pairs = ((spread.layout, arrays.layout), (spread.step, arrays.step), (spread.memory, arrays.memory), ((spread.mfu,), (arrays.mfu,)))
    return all(tuple(map(float, alone)) == tuple(float(field[place]) for field in many) for alone, many in pairs)


@pytest.mark.parametrize(
    "fixed",
    [
        {},
        {"is_batch_stated": True},
        {"habits": EARLIER_HABITS},
        {"tp": 8.0},
        {"tp": 3.0},
        {"pp": 4.0},
        {"dp": 8.0},
        {"recompute": "full"},
        {"recompute": "selective", "habits": EARLIER_HABITS},
    ],
)
def test_each_plan_gets_what_it_gets_alone(machine, fixed, monkeypatch):
    monkeypatch.setattr(array_search, "_PLANS_AT_ONCE", 17)
    tasks = plans(machine, 60, seed=str(fixed), **fixed)
    arrays = fastest_of_each(together(tasks))
    alone = [fastest(task) for task in tasks]
    assert [place for place, spread in enumerate(alone) if not is_same(spread, arrays, place)] == []
    assert any(spread is None for spread in alone)


def test_fields_that_hold_for_all_plans_may_be_numbers(machine):
    (task,) = plans(machine, 1, seed=3)
    sizes = np.array([64.0, 128.0, 256.0])
    arrays = fastest_of_each(task._replace(accelerators=sizes))
    assert all(is_same(fastest(task._replace(accelerators=float(size))), arrays, place) for place, size in enumerate(sizes))


def test_no_plans_have_no_layouts(machine):
    (task,) = plans(machine, 1, seed=4)
    assert len(fastest_of_each(task._replace(accelerators=np.zeros(0))).mfu) == 0


def test_where_nothing_fits_there_is_no_number(machine):
    (task,) = plans(machine, 1, seed=5)
    assert np.isnan(fastest_of_each(task._replace(accelerators=np.full(3, 8.0), memory_b=1e6)).mfu).all()


@pytest.mark.parametrize("fixed", [{}, {"habits": EARLIER_HABITS}, {"recompute": "full"}, {"pp": 4.0}])
def test_no_layout_of_a_way_is_below_the_bound_of_the_way_and_many_ways_are_above_the_best_time(machine, fixed):
    task = together(plans(machine, 200, seed=f"bound {fixed}", **fixed))
    tried = array_search._holding(task, batches(task, 0.1))
    bound_s = array_search._bounds(task, tried)
    least_s = np.full(len(task.accelerators), np.inf)
    for row in range(0, len(bound_s), 7):
        costed = array_search._costed(task, candidates(task, taken(tried, np.array([row]))))
        assert len(costed.plan)
        assert (costed.step.total_s / costed.layout.sequences >= bound_s[row]).all()
    best = array_search._fastest(array_search._costed(task, candidates(task, tried)))
    least_s[best.plan] = best.step.total_s / best.layout.sequences
    assert (bound_s <= least_s[tried.plan]).mean() < 0.5
