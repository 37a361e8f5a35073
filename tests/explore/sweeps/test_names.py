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
