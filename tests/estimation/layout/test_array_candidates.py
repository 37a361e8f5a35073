"""The layouts compared for many plans are those that the search of one tries, in the same order."""

import numpy as np
import pytest

from traincarbon.estimation.layout import search
from traincarbon.estimation.layout.array_candidates import candidates, divides, micro_batch_counts, places, take, ways, with_micro_batch
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
    way = ways(several, 0.1)
    rows, level = places(np.arange(len(search.MICRO_BATCHES)) < micro_batch_counts(several, way.plan, way.layout.dp, 0.1)[:, None])
    found = candidates(several, with_micro_batch(several, take(way, rows), np.array(search.MICRO_BATCHES)[level]))
    rows = np.stack([np.broadcast_to(getattr(found.layout, name), found.plan.shape) for name in names], axis=1)
    for plan in (0, 1):
        assert rows[found.plan == plan].tolist() == alone


def test_a_part_divides_a_whole_without_rest():
    assert divides(np.array([1.0, 2.0, 3.0, 7.0]), 6.0).tolist() == [True, True, True, False]


def test_places_are_those_that_numpy_finds():
    may = np.random.default_rng(3).random((7, 5)) < 0.3
    assert [each.tolist() for each in places(may)] == [each.tolist() for each in np.nonzero(may)]


def test_rows_are_taken_of_every_array_in_a_tuple():
    assert take((np.arange(3.0), 5.0, (np.arange(3) + 7,)), np.array([2, 0]))[2][0].tolist() == [9, 7]
    assert take((np.arange(3.0), 5.0), slice(2))[0].tolist() == [0.0, 1.0]
    assert take((np.arange(3.0), 5.0), slice(2))[1] == 5.0


@pytest.mark.parametrize(
    ("layers", "depth", "chunks", "spared"), [(96.0, 12.0, 8.0, 0.0), (32.0, 4.0, 8.0, 0.0), (30.0, 2.0, 8.0, 1.0), (61.0, 16.0, 2.0, 2.0)]
)
def test_a_way_knows_the_most_chunks_of_its_stages_and_the_most_that_the_last_is_spared(shipped, layers, depth, chunks, spared):
    # 61 layers on 16 stages: 64 places by one chunk or two, so the last stage has 3 layers fewer: two are the head's, rounded up
    # 30 layers on 2 stages: 8 chunks would be 32 places, 2 more than layers
    chip = shipped.product("accelerators", "a100-sxm4-80gb")
    machine, _ = machine_of(shipped, chip, precision="bf16", accelerators=1024.0)
    sustained = sustained_of(shipped, accelerator=chip.id, generation="ampere", precision="bf16")
    shape = shape_of(params=70e9, vocab=50257.0, seq_len=2048.0)._replace(layers=layers)
    task = search.LayoutTask(shape, machine, sustained, np.full(1, 3072.0), 80e9, np.full(1, 3072.0), pp=depth)
    found = ways(task, 0.1)
    assert set(zip(found.chunks.tolist(), found.spared.tolist(), strict=True)) == {(chunks, spared)}
