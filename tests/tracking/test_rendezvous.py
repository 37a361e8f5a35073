"""Processes that agree on one run by files in their store."""

import os
import subprocess
import sys
import time

import pytest

from traincarbon.ledger.journal import run_folder
from traincarbon.tracking import rendezvous
from traincarbon.tracking.rendezvous import Place, run_at_address, run_of_job

JOIN = """
import sys
from traincarbon.tracking.rendezvous import Place, run_at_address
print(run_at_address(sys.argv[1], sys.argv[2], Place(int(sys.argv[3]), None, 8)))
"""


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes this process run on another machine."""
    return lambda name: monkeypatch.setattr(rendezvous, "node_name", lambda _: name)


def at(store, rank, *, attempt=None, address="node-a:29500", size=4):
    return run_at_address(str(store), address, Place(rank, attempt, size))


def age(store, seconds):
    """Make all files in *store* as old as if they had been written *seconds* earlier."""
    for folder, _, names in os.walk(store):
        for name in names:
            then_s = time.time() - seconds
            os.utime(os.path.join(folder, name), (then_s, then_s))


def test_processes_that_come_at_once_agree_on_one_run(tmp_path):
    ranks = [subprocess.Popen([sys.executable, "-c", JOIN, str(tmp_path), "node-a:29500", str(rank)], stdout=-1, text=True) for rank in range(8)]
    assert len({rank.communicate(timeout=60)[0] for rank in ranks}) == 1
    assert [name for _, _, names in os.walk(tmp_path) for name in names if name.startswith("new-")] == []


def test_ranks_of_all_nodes_share_a_run_and_another_address_or_size_is_another(tmp_path, machine):
    machine("a")
    run_id = at(tmp_path, 0)
    assert at(tmp_path, 1) == run_id
    machine("b")
    assert at(tmp_path, 0) == run_id
    assert len({run_id, at(tmp_path, 2, address="node-a:29501"), at(tmp_path, 2, size=16)}) == 3


def test_a_rank_that_comes_again_begins_another_run_which_the_others_join(tmp_path, machine):
    machine("a")
    first = [at(tmp_path, rank) for rank in (0, 1)]
    machine("b")
    first.append(at(tmp_path, 0))
    second = [at(tmp_path, 0)]
    machine("a")
    second += [at(tmp_path, rank) for rank in (1, 0)]
    assert (len(set(first)), len(set(second))) == (1, 1)
    assert first[0] != second[0]


def test_a_restart_by_the_launcher_continues_the_run(tmp_path):
    run_id = at(tmp_path, 0)
    age(tmp_path, 300.0)
    assert at(tmp_path, 0, attempt=1) == run_id
    assert at(tmp_path, 1, attempt=1) == run_id


def test_a_run_may_be_joined_for_ten_minutes_and_as_long_as_it_writes(tmp_path):
    run_id = at(tmp_path, 0)
    age(tmp_path, 590.0)
    assert at(tmp_path, 1) == run_id
    age(tmp_path, 7200.0)
    os.makedirs(run_folder(str(tmp_path), run_id))
    open(os.path.join(run_folder(str(tmp_path), run_id), "n-1-1.jsonl"), "w").close()
    assert at(tmp_path, 2) == run_id
    age(tmp_path, 7200.0)
    assert at(tmp_path, 3) != run_id


@pytest.mark.parametrize("address", ["localhost:29500", "127.0.0.1:29500", "[::1]:29500"])
def test_the_same_local_address_is_another_one_on_each_machine(tmp_path, machine, address):
    machine("a")
    run_id = at(tmp_path, 0, address=address)
    assert at(tmp_path, 1, address=address) == run_id
    machine("b")
    assert at(tmp_path, 0, address=address) != run_id


def test_a_file_system_without_links_serves_as_well(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert at(tmp_path, 0) == at(tmp_path, 1)
    assert at(tmp_path, 0) != at(tmp_path, 2, address="b:1")


def test_the_same_command_again_is_another_run_if_the_first_has_finished(tmp_path):
    finished = set()
    ids = []
    for _ in range(3):
        ids.append(run_of_job(str(tmp_path), "slurm-9-ab", Place(), is_finished=finished.__contains__))
        finished.add(ids[-1])
    assert ids == ["slurm-9-ab", "slurm-9-ab-2", "slurm-9-ab-3"]


def test_the_same_command_after_a_failure_or_on_another_node_continues_the_run(tmp_path, machine):
    machine("a")
    run_id = run_of_job(str(tmp_path), "slurm-9-ab", Place(), is_finished=lambda _: False)
    another = "from traincarbon.tracking.rendezvous import *; import sys; print(run_of_job(sys.argv[1], 'slurm-9-ab', Place(), is_finished=lambda _: False))"
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", another, str(tmp_path)], capture_output=True, text=True, check=True).stdout.strip() == run_id
    machine("b")
    age(tmp_path, 7200.0)
    assert run_of_job(str(tmp_path), "slurm-9-ab", Place(), is_finished=lambda _: False) == run_id


def test_each_tracker_of_one_process_is_a_run_of_its_own_even_after_a_failure(tmp_path):
    ids = [run_of_job(str(tmp_path), "slurm-9-ab", Place(), is_finished=lambda _: False) for _ in range(2)]
    assert ids == ["slurm-9-ab", "slurm-9-ab-2"]


def test_a_job_that_is_started_again_continues_its_runs_in_their_order(tmp_path):
    def twice(attempt):
        return [run_of_job(str(tmp_path), "slurm-9-ab", Place(attempt=attempt), is_finished=lambda _: True) for _ in range(2)]

    first = twice(0)
    age(tmp_path, 86400.0)
    assert first == twice(1) == twice(2) == ["slurm-9-ab", "slurm-9-ab-2"]


def test_a_store_that_cannot_be_written_is_an_error_of_the_system(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        at(tmp_path / "file", 0)


def test_meetings_of_last_season_are_removed_when_another_begins(tmp_path):
    at(tmp_path, 0)
    folder = tmp_path / "rendezvous"
    (old,) = folder.iterdir()
    then_s = time.time() - 100 * 86400
    os.utime(old, (then_s, then_s))
    at(tmp_path, 0, address="b:1")
    assert not old.exists()
    assert len(list(folder.iterdir())) == 1


def test_a_link_that_was_made_and_reported_as_there_already_counts_as_made(tmp_path, monkeypatch):
    link = os.link

    def repeated(source, target):
        link(source, target)
        raise FileExistsError(17, "sent twice")

    monkeypatch.setattr(os, "link", repeated)
    assert at(tmp_path, 0) == at(tmp_path, 1)
    assert at(tmp_path, 0) != at(tmp_path, 0)
