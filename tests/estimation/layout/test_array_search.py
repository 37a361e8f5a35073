"""The fastest layouts of many plans at once are those of the search of one, bit by bit."""

import math

import numpy as np
import pytest

from layout_plans import plans, together
from traincarbon.estimation.layout import array_search
from traincarbon.estimation.layout.array_search import fastest_of_each
from traincarbon.estimation.layout.machine import machine_of, sustained_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, fastest


@pytest.fixture
def machine(shipped):
    chip = shipped.product("accelerators", "h100-sxm5-80gb")
    found, _ = machine_of(shipped, chip, precision="bf16", accelerators=1024.0)
    return found, sustained_of(shipped, accelerator=chip.id, generation=chip.generation, precision="bf16")


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


FAMILIES = [
    ("h100-sxm5-80gb", "fp8", {}),
    ("b200-sxm-180gb", "fp8", {}),
    ("a100-sxm4-40gb", "bf16", {"is_batch_stated": True}),
    ("v100-sxm2-32gb", "fp16", {"habits": EARLIER_HABITS}),
    ("mi300x", "bf16", {}),
    ("tpu-v4", "bf16", {}),
    ("tpu-v3", "bf16", {"habits": EARLIER_HABITS, "recompute": "full"}),
    ("l40s", "bf16", {}),
]


@pytest.mark.parametrize(("chip", "precision", "fixed"), FAMILIES)
def test_each_plan_gets_what_it_gets_alone_on_every_family_of_hardware(shipped, chip, precision, fixed):
    of_chip = shipped.product("accelerators", chip)
    assert of_chip is not None
    found, _ = machine_of(shipped, of_chip, precision=precision, accelerators=1024.0)
    sustained = sustained_of(shipped, accelerator=chip, generation=of_chip.generation, precision=precision)
    tasks = plans((found, sustained), 60, seed=chip, **fixed)
    arrays = fastest_of_each(together(tasks))
    assert [place for place, task in enumerate(tasks) if not is_same(fastest(task), arrays, place)] == []
    assert np.isfinite(arrays.mfu).sum() > 20
