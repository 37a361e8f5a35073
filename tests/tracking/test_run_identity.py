"""The id of a run."""

import os
import shlex
import signal
import subprocess
import sys
import threading

import pytest

from tracked import Place
from traincarbon.tracking import rendezvous, run_identity
from traincarbon.tracking.launcher import Launch, launched
from traincarbon.tracking.run_identity import how_to_unite, identified

RANKS = """
import subprocess, sys
code = (
    "from traincarbon.tracking.launcher import Launch; from traincarbon.tracking.run_identity import identified;"
    "print(identified(Launch(local_rank=0), store='').run_id)"
)
for _ in range(2):
    print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
"""
TORCH = {"TORCHELASTIC_RUN_ID": "none", "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "29500"}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_the_id_that_the_user_gives_wins_and_says_so():
    launch = identified(Launch(run_id="slurm-8", launcher="slurm"), store="", given="mine")
    assert (launch.run_id, launch.run_id_from, launch.launcher) == ("mine", ("--run-id",), "slurm")


def test_without_a_launcher_each_process_is_a_run():
    assert identified(Launch(), store="").run_id != identified(Launch(), store="").run_id
    assert identified(Launch(), store="").run_id_from == ()


def test_ranks_of_one_launcher_without_an_id_or_an_address_share_one_and_those_of_another_do_not():
    first, second = (subprocess.run([sys.executable, "-c", RANKS], capture_output=True, text=True, check=True).stdout.split() for _ in range(2))
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert first[0] != second[0]


def test_ranks_without_an_id_meet_at_their_address(tmp_path):
    ranks = [identified(launched(TORCH | {"LOCAL_RANK": rank, "RANK": rank}), store=str(tmp_path)) for rank in "01"]
    assert ranks[0].run_id == ranks[1].run_id
    assert ranks[0].run_id_from == ("MASTER_ADDR", "MASTER_PORT")


def test_ranks_that_were_started_by_hand_meet_at_their_address_and_again_as_another_run(tmp_path):
    def started(rank):
        env = {"RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "node-a", "MASTER_PORT": "29500"}
        return identified(launched(env), store=str(tmp_path)).run_id

    first, second = ([started(rank) for rank in "01"] for _ in range(2))
    assert (len(set(first)), len(set(second))) == (1, 1)
    assert first[0] != second[0]


def test_the_pods_of_a_job_meet_even_if_the_first_is_told_that_it_is_its_own_master(tmp_path, monkeypatch):
    pods = []
    for rank, address in (("0", "localhost"), ("1", "job-master-0")):
        name = "job-master-0" if rank == "0" else "job-worker-0"
        env = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": name, "RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": address, "MASTER_PORT": "23456"}
        monkeypatch.setattr(rendezvous, "node_name", lambda _, name=name: name)
        pods.append(identified(launched(env), store=str(tmp_path)))
    assert pods[0].run_id == pods[1].run_id
    assert [(pod.node_rank, pod.nodes) for pod in pods] == [(0, 2), (1, 2)]


@pytest.mark.parametrize("env", [TORCH, {"SLURM_JOB_ID": "9"}])
def test_a_store_that_cannot_be_written_leaves_an_id(tmp_path, env):
    (tmp_path / "file").write_text("")
    launch = launched(env, ["train.py"])
    assert identified(launch, store=str(tmp_path / "file")).run_id.startswith(launch.run_id)
    assert identified(launch, store=str(tmp_path / "file")).run_id


@pytest.mark.parametrize("env", [TORCH, {"SLURM_JOB_ID": "9"}])
def test_a_training_does_not_wait_for_a_store_that_does_not_answer(tmp_path, monkeypatch, env):
    answer = threading.Event()
    monkeypatch.setattr(run_identity, "_LONGEST_S", 0.05)
    monkeypatch.setattr(rendezvous, "node_name", lambda _: answer.wait(30.0) and "a")
    launch = launched(env, ["train.py"])
    found = identified(launch, store=str(tmp_path))
    assert not answer.is_set()
    assert found.run_id
    assert found.run_id.startswith(launch.run_id)
    answer.set()


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")
def test_a_signal_never_goes_to_the_thread_that_asks_the_store(tmp_path, monkeypatch):
    blocked = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    monkeypatch.setattr(rendezvous, "node_name", lambda _: blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())) or "a")
    identified(launched(TORCH, ["train.py"]), store=str(tmp_path))
    assert signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP} <= set(blocked[0])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_nodes_without_anything_in_common_are_told_how_to_become_one_run():
    alone = identified(Launch(nodes=4, node_rank=1), store="")
    assert how_to_unite(alone).endswith(f"export CARBON_RUN_ID={alone.run_id}")
    assert how_to_unite(identified(Launch(), store="")) == ""
    assert how_to_unite(Launch(run_id="slurm-8", run_id_from=("SLURM_JOB_ID",), nodes=4)) == ""
    assert how_to_unite(identified(Launch(nodes=4), store="", given="mine")) == ""


def test_a_tracker_within_a_tracked_command_is_part_of_its_run_and_counts_no_energy_twice(place):
    inner = shlex.join(place.command("--", "sh", "-c", "sleep 1; exit 3"))
    done = place.track("--run-id", "outer", "--interval", "0.2", "--", "sh", "-c", f"{inner}; sleep 0.5")
    assert done.returncode == 0
    assert os.listdir(f"{place.store}/journals") == ["outer"]
    record = place.record("outer")
    assert (record.state, record.exit_code, record.restarts) == ("finished", 0, 0)
    assert record.energy_j["gpu"] == pytest.approx(3600.0 * record.duration_s, rel=0.02)


def test_the_same_batch_script_makes_the_same_runs_again(place):
    job = {"SLURM_JOB_ID": "900", "SLURM_CLUSTER_NAME": "hpc", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "1"}
    for again in ({}, {"SLURM_RESTART_COUNT": "1"}):
        place.track("--project", "train", "--", "sleep", "0.6", env=job | again)
        place.track("--project", "eval", "--", "sh", "-c", "sleep 0.6; exit 3", env=job | again)
    runs = sorted(os.listdir(f"{place.store}/journals"))
    assert len(runs) == 2
    found = {record.project: record for record in map(place.record, runs)}
    assert (found["train"].state, found["train"].exit_code, found["eval"].state, found["eval"].exit_code) == ("finished", 0, "failed", 3)
    assert {record.launcher["attempt"] for record in found.values()} == {1}
    assert found["train"].launcher["run_id_from"] == ["SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "the command"]
