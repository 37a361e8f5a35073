"""The Pareto front of a table of plans."""

import itertools

import numpy as np
import pyarrow as pa

from traincarbon.explore.pareto import pareto
from traincarbon.explore.sweeps.front import front_of, objectives, on_front
from traincarbon.explore.sweeps.grid import Grid

BY = ("rent_usd", "duration_s", "total_kgco2e")


def test_it_is_the_front_that_comparisons_mark():
    points = np.random.default_rng(0).integers(0, 12, (300, 3)).astype(float)
    assert on_front(points, np.zeros(300, dtype=np.int64)).tolist() == pareto(points.tolist())


def test_works_that_are_gone_through_at_once_have_the_fronts_that_each_has_alone():
    random = np.random.default_rng(2)
    points, works = random.integers(0, 9, (400, 3)).astype(float), random.integers(0, 7, 400)
    found = on_front(points, works)
    for work in range(7):
        assert found[works == work].tolist() == pareto(points[works == work].tolist())
    assert on_front(points, np.arange(400)).all()
    assert on_front(points[:0], works[:0]).tolist() == []


def test_plans_are_compared_with_plans_of_the_same_work_only():
    table = pa.table({"params": [1.0, 1.0, 2.0, 2.0], "servers": [1.0, 2.0, 1.0, 2.0], **{name: [1.0, 2.0, 30.0, 20.0] for name in BY}})
    assert front_of(table, by=BY)["rent_usd"].to_pylist() == [1.0, 20.0]


def test_a_plan_without_a_cost_is_left_out():
    table = pa.table({"servers": [1.0, 2.0], "rent_usd": pa.array([None, 5.0]), "duration_s": [1.0, 2.0], "total_kgco2e": [1.0, 2.0]})
    assert front_of(table, by=BY)["servers"].to_pylist() == [2.0]
    assert len(front_of(table.slice(0, 1), by=BY)) == 0


def test_the_front_of_fronts_is_the_front_of_all():
    random = np.random.default_rng(1)
    table = pa.table({"params": random.integers(1, 4, 500).astype(float), **{name: random.integers(0, 30, 500).astype(float) for name in BY}})
    parts = [front_of(table.slice(start, 100), by=BY) for start in range(0, 500, 100)]
    assert front_of(pa.concat_tables(parts), by=BY).equals(front_of(table, by=BY))


def test_time_is_hours_of_gpus_where_no_plan_has_a_number_of_them():
    stated = {"hw": ["dgx-a100", "dgx-h100"], "params": 1e9, "tokens": 1e9}
    assert objectives(Grid.from_dict(stated), money="own") == ("tco_usd", "accelerator_hours_h", "total_kgco2e")
    for count in ("servers", "accelerators"):
        assert objectives(Grid.from_dict({**stated, count: 8}), money="rent") == BY


def test_a_point_is_on_the_front_if_and_only_if_nothing_beats_it():
    points = np.array(list(itertools.product(range(3), repeat=3)), dtype=float)
    assert on_front(points, np.zeros(27, dtype=np.int64)).tolist() == [True] + [False] * 26
