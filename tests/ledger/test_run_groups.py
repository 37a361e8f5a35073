"""Runs that have something to do with each other are found among many, and the others are in no group."""

import random
from dataclasses import replace

import pytest

from mixed_runs import mixed_run
from traincarbon.ledger.run_groups import RunGroups
from traincarbon.ledger.same_energy import second_opinions
from traincarbon.ledger.shared_boards import counted_once


def grouped(records):
    groups = RunGroups()
    for record in records:
        groups.take(record)
    if groups.may_repeat:
        groups.take_energies(records)
    return groups.groups()


@pytest.mark.parametrize("seed", range(20))
def test_what_counts_of_a_run_follows_from_its_group_alone(seed):
    chance = random.Random(seed)
    records = {record.run_id: record for record in (mixed_run(number, chance) for number in range(80))}
    groups = grouped(records.values())
    apart = {}
    for group in groups:
        apart |= counted_once([records[run_id] for run_id in group])
    everything = counted_once(records.values())
    assert {run_id: apart[run_id]._replace(by_energy=0.0, by_time=0.0) for run_id in everything} == {
        run_id: each._replace(by_energy=0.0, by_time=0.0) for run_id, each in everything.items()
    }
    assert [apart[run_id][:2] for run_id in everything] == [pytest.approx(each[:2]) for each in everything.values()]
    assert len({run_id for group in groups for run_id in group}) == sum(map(len, groups)) < len(records)
    assert second_opinions(records.values()).keys() <= {run_id for group in groups for run_id in group}


def run_on(run_id, from_s, to_s, board="gpu:GPU-00000001-5f9c-9f0c-7f0b-8b1d1f1c0f00"):
    record = mixed_run(0, random.Random(0))
    use = record.by_device[0] if record.by_device else mixed_run(1, random.Random(1)).by_device[0]
    use = use._replace(device=board, host="n1", spans=((from_s, to_s, 1e5),))
    return replace(record, run_id=run_id, source="", shared_with=(), by_device=(use,))


def test_runs_one_after_the_other_on_a_board_are_apart_and_a_chain_is_together():
    assert grouped([run_on("a", 0.0, 10.0), run_on("b", 10.0, 20.0)]) == []
    assert grouped([run_on("a", 0.0, 10.0), run_on("b", 9.0, 20.0), run_on("c", 19.0, 30.0), run_on("d", 30.0, 40.0)]) == [["a", "b", "c"]]
    assert grouped([run_on("a", 0.0, 10.0), run_on("b", 5.0, 7.0), run_on("c", 8.0, 9.0)]) == [["a", "b", "c"]]
    assert grouped([run_on("a", 0.0, 10.0), run_on("b", 5.0, 7.0, board="gpu:GPU-00000002-5f9c-9f0c-7f0b-8b1d1f1c0f00")]) == []


def test_runs_that_name_each_other_or_are_of_one_job_are_together():
    one, two = run_on("slurm-7-1", 0.0, 1.0), run_on("slurm-7-2", 5.0, 6.0)
    assert grouped([one, two]) == [["slurm-7-1", "slurm-7-2"]]
    named = replace(run_on("x", 0.0, 1.0), shared_with=("y", "z"))
    assert grouped([named, run_on("y", 5.0, 6.0)]) == [["x", "y"]]
    assert grouped([replace(named, shared_with=("z",))]) == []
    assert grouped([]) == []
