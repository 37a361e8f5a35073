"""The results of the plans of a sweep: those of the same plans estimated alone."""

import numpy as np
import pytest

from traincarbon.estimation.chain import estimate
from traincarbon.explore.sweeps.evaluation import Asked, Texts, evaluated
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.uncertain import median_of

STATED = {"hw": ["dgx-a100", "dgx-h100"], "region": ["sweden", "virginia"], "params": ["7B", "70B"], "tokens": "1T", "servers": [1, 16, 64], "pue": "1.1..1.3"}


def plans_of(grid):
    """Yield the fields of each plan."""
    rows = grid.rows(0, grid.count)
    for at in range(grid.count):
        yield grid.fixed | grid.named(int(rows.groups[at])) | {name: float(values[at]) for name, values in rows.numbers.items()}


@pytest.mark.parametrize("asked", [Asked(), Asked(intervals=True, level=0.8)], ids=["medians", "intervals"])
def test_every_plan_has_the_results_that_it_has_alone(shipped, asked):
    grid = Grid.from_dict(STATED)
    block = evaluated(grid, asked, shipped, start=0, stop=grid.count)
    for at, fields in enumerate(plans_of(grid)):
        alone = estimate(database=shipped, level=0.8, **fields)
        for name, interval in alone.results.items():
            if interval is None:
                assert name not in block.results or np.isnan(block.results[name][at])
                continue
            assert block.results[name][at] == pytest.approx(interval.median, rel=1e-12)
            if asked.intervals:
                assert block.results[f"low_{name}"][at] == pytest.approx(interval.low, rel=1e-12)
                assert block.results[f"high_{name}"][at] == pytest.approx(interval.high, rel=1e-12)
        assert block.fits[at] == alone.fits


def test_layouts_are_those_of_each_plan(shipped):
    grid = Grid.from_dict({"hw": "dgx-h100", "params": ["7B", "70B"], "tokens": [1e12, 2e12], "servers": [1, 8, 32]})
    block = evaluated(grid, Asked(layouts=True), shipped, start=0, stop=grid.count)
    for at, fields in enumerate(plans_of(grid)):
        spread = estimate(database=shipped, **fields).layout.spread
        found = [block.results[f"layout_{name}"][at] for name in ("tp", "pp", "dp", "micro_batch", "sequences")]
        assert found == [spread.layout.tp, spread.layout.pp, spread.layout.dp, spread.layout.micro_batch, spread.layout.sequences]
        assert block.results["step_s"][at] == spread.step.total_s
        assert block.results["memory_b"][at] == spread.memory.total_b


def test_a_plan_that_cannot_be_estimated_is_set_aside_alone(shipped):
    grid = Grid.from_dict({"hw": "dgx-a100", "params": 7e9, "tokens": 1e12, "accelerator_hours": [1.0, 1e5, 2e5, 1e-3]})
    block = evaluated(grid, Asked(), shipped, start=0, stop=4)
    assert block.problems.places.tolist() == [0, -1, -1, 0]
    assert "too few" in block.problems.values[0]
    assert np.isnan(block.results["facility_energy_kwh"]).tolist() == [True, False, False, True]
    assert (
        median_of(estimate(database=shipped, hw="dgx-a100", params=7e9, tokens=1e12, accelerator_hours=1e5).values["rent_usd"]) == block.results["rent_usd"][1]
    )


def test_what_plans_state_is_a_column_each_in_the_order_of_a_plan(shipped):
    grid = Grid.from_dict({"region": ["sweden", "virginia"], "hw": "dgx-a100", "servers": [1, 2], "params": 7e9, "tokens": 1e12, "mfu": ["0.3..0.5", 0.4]})
    block = evaluated(grid, Asked(), shipped, start=0, stop=grid.count)
    assert list(block.stated) == ["params", "tokens", "hw", "servers", "region", "mfu"]
    texts = block.stated["mfu"]
    assert isinstance(texts, Texts)
    assert [texts.values[place] for place in texts.places] == ["0.3..0.5"] * 2 + ["0.4"] * 2 + ["0.3..0.5"] * 2 + ["0.4"] * 2


def test_plans_that_ask_for_other_facts_stand_in_one_block(shipped):
    grid = Grid.from_dict({"hw": "h100", "params": 1e9, "tokens": 1e10, "accelerators": [1, 2, 4, 8, 16], "region": "home"})
    block = evaluated(grid, Asked(), shipped, start=0, stop=5)
    alone = [estimate(database=shipped, **fields).median("facility_energy_kwh") for fields in plans_of(grid)]
    assert block.results["facility_energy_kwh"] == pytest.approx(alone, rel=1e-12)
