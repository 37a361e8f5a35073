"""The layouts compared for many plans are those that the search of one tries, in the same order."""

import numpy as np
import pytest

from traincarbon.estimation.layout import search
from traincarbon.estimation.layout.array_candidates import batches, candidates, divides
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.shape import shape_of


@pytest.mark.parametrize("size", [{"params": 7e9}, {"params": 175e9, "layers": 96.0, "hidden": 12288.0}, {"params": 235e9, "active_params": 22e9}])
@pytest.mark.parametrize("count", [1.0, 96.0, 1024.0])
def test_the_rows_of_a_plan_are_those_of_its_search(shipped, size, count):
    chip = shipped.product("accelerators", "a100-sxm4-80gb")
    machine, _ = machine_of(shipped, chip, precision="bf16", accelerators=count)
    sustained = sustained_of(shipped, accelerator=chip.id, generation="ampere", precision="bf16")
    task = search.LayoutTask(shape_of(**size, vocab=50257.0, seq_len=32768.0), machine, sustained, count, float("inf"), 64.0 * count)
    names = ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "sequences", "sharded_weights", "sharded_optimiser", "gradient_b")
    alone = [[getattr(layout, name) for name in names] for ways in search._divisions(task, 0.1) for layout, _ in search._fitting(task, ways, 0.1)]
    numbers = {"accelerators": np.full(2, count), "sequences": np.full(2, task.sequences)}
    several = task._replace(**numbers)
    found = candidates(several, batches(several, 0.1).tried)
    rows = np.stack([np.broadcast_to(getattr(found.layout, name), found.plan.shape) for name in names], axis=1)
    for plan in (0, 1):
        assert rows[found.plan == plan].tolist() == alone


def test_a_part_divides_a_whole_without_rest():
    assert divides(np.array([1.0, 2.0, 3.0, 7.0]), 6.0).tolist() == [True, True, True, False]
