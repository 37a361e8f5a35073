"""The look at the names of a grid before its sweep."""

import pytest

from traincarbon.errors import NotFoundError, PlanError
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.names import check_names

STATED = {"params": 7e9, "tokens": 1e12}


@pytest.mark.parametrize("stated", [{"hw": ["h100", "h1000"]}, {"hw": "h100", "region": ["sweden", "swedne"]}, {"hw": "h1000", "servers": [1, 2]}])
def test_an_unknown_name_is_refused(shipped, stated):
    with pytest.raises(NotFoundError) as caught:
        check_names(Grid.from_dict({**STATED, **stated}), shipped)
    assert caught.value.hint


def test_a_grid_without_any_possible_plan_is_refused_with_the_reason(shipped):
    with pytest.raises(PlanError, match="too few"):
        check_names(Grid.from_dict({**STATED, "hw": "dgx-a100", "accelerator_hours": [1.0, 2.0]}), shipped)


def test_a_grid_with_a_possible_plan_is_not_refused(shipped):
    check_names(Grid.from_dict({**STATED, "hw": "dgx-a100", "accelerator_hours": [1.0, 2.0, 1e5]}), shipped)
    check_names(Grid.from_dict({**STATED, "hw": ["dgx-a100", "p5"], "region": ["us-east-1", "sweden"]}), shipped)


def test_a_grid_of_which_inner_plans_alone_are_possible_is_not_refused(shipped):
    hours = [1.0, 2.0, 1e5, 2e5, 3.0, 4.0, 5.0]
    check_names(Grid.from_dict({**STATED, "hw": ["dgx-a100", "dgx-h100"], "accelerator_hours": hours}), shipped)


def test_of_a_large_grid_plans_are_tried_that_lie_evenly_in_it():
    grid = Grid.from_dict({**STATED, "hw": "dgx-a100", "accelerator_hours": {"from": 1.0, "to": 1e6, "n": 1_000_000}})
    assert grid.spread(5) == [0, 250000, 500000, 749999, 999999]
    assert [grid.plan(place)["accelerator_hours"] for place in grid.spread(3)] == [1.0, 500001.0, 1e6]
    assert Grid.from_dict({**STATED, "hw": ["h100", "p5"]}).spread(1000) == [0, 1]
