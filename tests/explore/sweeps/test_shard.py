"""Shards, as users and schedulers number them."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps.shard import Shard, scheduled

SLURM = {"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7", "SLURM_ARRAY_TASK_COUNT": "8"}


@pytest.mark.parametrize("plans", [0, 1, 7, 8, 1000])
def test_shards_hold_every_plan_once_in_equal_numbers(plans):
    bounds = [Shard(number, 8).bounds(plans) for number in range(8)]
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds)][:-1]
    assert bounds[-1][1] == plans
    assert max(stop - start for start, stop in bounds) - min(stop - start for start, stop in bounds) <= 1


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        (SLURM, Shard(3, 8)),
        ({**SLURM, "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "8"}, Shard(2, 8)),
        ({"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard(3, 8)),
        ({"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "4"}, Shard(2, 4)),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}, Shard(2, 4)),
    ],
)
def test_the_array_of_a_scheduler_gives_the_shard(environment, shard):
    assert scheduled(environment) == shard


@pytest.mark.parametrize(
    "environment",
    [
        {"SLURM_ARRAY_TASK_ID": "3"},
        {"JOB_COMPLETION_INDEX": "2"},
        {"AWS_BATCH_JOB_ARRAY_INDEX": "2"},
        {**SLURM, "SLURM_ARRAY_TASK_ID": "x"},
        {**SLURM, "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_MAX": "5", "SLURM_ARRAY_TASK_COUNT": "2"},
        {"JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"},
    ],
)
def test_an_array_that_does_not_say_which_part_is_refused(environment):
    with pytest.raises(CarbonError) as caught:
        scheduled(environment)
    assert "--shard" in caught.value.hint or "counted from 0" in caught.value.hint


@pytest.mark.parametrize("text", ["8/8", "1", "-1/8", "a/b", "1/0", "0/9999999", "1//8", "", "٣/٨"])
def test_what_names_no_shard_is_refused(text):
    with pytest.raises(CarbonError) as caught:
        Shard.parse(text)
    assert caught.value.hint
