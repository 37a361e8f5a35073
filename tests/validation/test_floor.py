"""The floor is what two organisations with the same inputs are apart."""

import math
from dataclasses import replace

import pytest

from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.published.runs_file import read_runs
from traincarbon.validation.floor import floor_of


@pytest.fixture
def llama():
    return next(run for run in read_runs()[0] if run.id == "llama1-65b")


def test_two_teams_with_the_same_inputs_set_the_floor(shipped, llama):
    slower = replace(llama, organisation="Other", accelerator_hours=llama.accelerator_hours * 1.5)
    floor = floor_of([llama, slower], shipped)
    assert (floor.pairs, floor.median_abs_ln) == (1, pytest.approx(math.log(1.5) / math.sqrt(2.0)))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"total_params": 7e9, "tokens": 13e12},
        {"family": "encoder"},
        {"kind": RunKind.FINETUNE},
        {"hardware": "h100"},
        {"unusable": Unusable.UNRELIABLE},
        {"kind": RunKind.SEGMENT},
    ],
)
def test_other_inputs_or_the_same_team_set_none(shipped, llama, changed):
    assert floor_of([llama, replace(llama, **({"organisation": "Other", **changed} if changed else {}))], shipped) is None


def test_the_floor_of_our_runs_is_about_a_third(shipped):
    floor = floor_of(read_runs()[0], shipped)
    assert floor.pairs > 150
    assert 0.25 < floor.median_abs_ln < 0.42
