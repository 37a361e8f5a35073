"""No layout of a way is below the bound of the way, and few ways have bounds below the best layout."""

import numpy as np
import pytest

from layout_plans import plans, together
from traincarbon.estimation.layout.array_bounds import bounds
from traincarbon.estimation.layout.array_candidates import candidates, micro_batch_counts, places, take, ways, with_micro_batch
from traincarbon.estimation.layout.array_search import _best_near, _costed
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, MICRO_BATCHES, Habits

CASES = [
    ("h100-sxm5-80gb", "bf16", {}),
    ("h100-sxm5-80gb", "fp8", {"habits": Habits(overlap_data=0.5)}),
    ("a100-sxm4-40gb", "bf16", {"habits": EARLIER_HABITS}),
    ("v100-sxm2-32gb", "fp16", {"habits": EARLIER_HABITS, "recompute": "full"}),
    ("tpu-v4", "bf16", {"pp": 4.0}),
    ("l40s", "bf16", {"is_batch_stated": True}),
    ("mi300x", "bf16", {"recompute": "none"}),
]


def random_task(shipped, chip, precision, fixed):
    of_chip = shipped.product("accelerators", chip)
    machine, _ = machine_of(shipped, of_chip, precision=precision, accelerators=1024.0)
    sustained = sustained_of(shipped, accelerator=chip, generation=of_chip.generation, precision=precision)
    return together(plans((machine, sustained), 150, seed=f"{chip} {fixed}", **fixed))


def keys_of(plan, layout):
    """Which way of which plan each layout is."""
    return list(zip(*(np.broadcast_to(field, plan.shape).tolist() for field in (plan, layout.tp, layout.pp, layout.cp, layout.ep)), strict=True))


def all_layouts(task, off):
    """Every layout that fits among those that a search tries."""
    tried = ways(task, off)
    counts = micro_batch_counts(task, tried.plan, tried.layout.dp, off)
    way, level = places(np.arange(len(MICRO_BATCHES)) < counts[:, None])
    return _costed(task, candidates(task, with_micro_batch(task, take(tried, way), np.array(MICRO_BATCHES)[level])))


@pytest.mark.parametrize(("chip", "precision", "fixed"), CASES)
def test_no_layout_that_fits_is_below_the_bound_of_its_way(shipped, chip, precision, fixed):
    task = random_task(shipped, chip, precision, fixed)
    costed = all_layouts(task, 0.1)
    found = bounds(task, ways(task, 0.1), 0.1)
    row_of = {key: row for row, key in enumerate(keys_of(found.ways.plan, found.ways.layout))}
    levels = [MICRO_BATCHES.index(size) for size in costed.layout.micro_batch.tolist()]
    rows = [row_of[key] for key in keys_of(costed.plan, costed.layout)]
    bound_s = np.array([found.least_s[level][row] for level, row in zip(levels, rows, strict=True)])
    assert len(bound_s) > 1000
    assert (bound_s <= costed.step.total_s / costed.layout.sequences).all()


@pytest.mark.parametrize(("chip", "precision", "fixed"), CASES)
def test_few_ways_have_a_bound_below_the_best_layout(shipped, chip, precision, fixed):
    task = random_task(shipped, chip, precision, fixed)
    tried = ways(task, 0.1)
    found = bounds(task, tried, 0.1)
    best_s = np.full(len(task.accelerators), -1.0)
    costed = _best_near(task, 0.1)
    best_s[costed.plan] = costed.step.total_s / costed.layout.sequences
    not_above = sum(int((each_s <= best_s[found.ways.plan[: len(each_s)]]).sum()) for each_s in found.least_s)
    assert len(costed.plan) <= not_above < 3.0 * len(costed.plan)
    assert sum(map(len, found.least_s)) > 8.0 * len(costed.plan)
