"""What happens to jobs of Slurm: several commands, requeues, arrays, groups, cancellation, killed meters and nodes that stay mute."""

import os
import signal
import time
from pathlib import Path

import pytest

from launchers.cases import show
from launchers.machines import wait_until
from launchers.rig import TRACK, Rig

_NODES = ("--nodes=4", "--ntasks-per-node=1", "--gres=gpu:8")
_INTERVAL_S = 0.5


def test_two_commands_of_one_batch_script_are_two_runs(rig: Rig) -> None:
    before = rig.runs()
    later, go = rig.pulse_later(), rig.machines.folder / "go"
    job = rig.slurm.submit(f"{TRACK} -- srun {rig.rank(later)}\n{TRACK} -- srun sh -c 'until [ -e {go} ]; do sleep 0.2; done; exit 3' || true", *_NODES)
    rig.wait_for_gpus(before, lambda: rig.slurm.has_ended(job), nodes=4)
    pulse = rig.begin(later)
    wait_until(lambda: len(rig.new_runs(before)) == 2 or rig.slurm.has_ended(job), "the second command begins", within_s=120.0)
    rig.wait_for_gpus(before | {_of_state(rig, before, "finished")}, lambda: rig.slurm.has_ended(job), nodes=4)
    go.touch()
    rig.ended(job)
    found = {run.state: run for run in (rig.found(run, 1.0).run for run in rig.new_runs(before))}
    assert set(found) == {"finished", "failed"}
    assert found["finished"].energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse), rel=0.005)
    assert (found["failed"].exit_code, found["failed"].nodes, found["failed"].energy_j["gpu"]) == (3, 4, 0.0)


def test_a_requeued_job_continues_its_run(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    file = rig.machines.folder / "job.sh"
    file.write_text(f'if [ -z "$SLURM_RESTART_COUNT" ]; then sleep 300; fi\nsrun {rig.rank(later)}\n')
    job = rig.slurm.submit(f"exec {TRACK} -- bash {file}", "--requeue", *_NODES)
    rig.wait_for_gpus(before, lambda: rig.slurm.has_ended(job), nodes=4)
    rig.slurm.run("scontrol", "requeue", job)
    wait_until(lambda: rig.slurm.state(job) == "PENDING", "the job waits to be started again")
    rig.slurm.run("scontrol", "update", f"jobid={job}", "starttime=now+3")  # in the second of its requeue a node refuses it: "already killed"
    rig.wait_for_gpus(before, lambda: rig.slurm.has_ended(job), nodes=4, but=rig.writers(before))
    pulse = rig.begin(later)
    rig.ended(job)
    (run_id,) = rig.new_runs(before)
    found = rig.found(run_id, rig.machines.energy_j(pulse))
    assert (found.run.state, found.run.nodes, found.run.accelerators, found.run.restarts) == ("finished", 4, 32, 4)
    assert abs(found.error) <= 0.005


def test_each_task_of_an_array_is_a_run(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    job = rig.slurm.submit(f"{TRACK} -- {rig.rank(later)}", "--array=3,7", "--nodes=1", "--gres=gpu:8")
    rig.pulsed(before, job, later, nodes=2)
    found = rig.new_runs(before)
    assert len(found) == 2
    wait_until(lambda: all(rig.found(run, 1.0).run.state == "finished" for run in found), "both tasks have ended")
    assert sorted(index for run in found for index in ("3", "7") if f"_{index}" in run) == ["3", "7"]


def test_a_heterogeneous_job_is_one_run_with_the_nodes_of_all_its_groups(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    script = f"#SBATCH --nodes=1 --gres=gpu:8\n#SBATCH hetjob\n#SBATCH --nodes=2 --gres=gpu:8\n{TRACK} -- srun --het-group=0,1 {rig.rank(later)}"
    rig.pulsed(before, rig.slurm.submit(script), later, nodes=3)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected, run.accelerators) == ("finished", 3, 3, 24)


def test_a_cancelled_job_leaves_no_meter_and_a_record_of_all_nodes(rig: Rig) -> None:
    before = rig.runs()
    job = rig.slurm.submit(f"exec {TRACK} -- srun {rig.rank(rig.pulse_later())}", *_NODES)
    rig.wait_for_gpus(before, lambda: rig.slurm.has_ended(job), nodes=4)
    rig.slurm.run("scancel", job)
    assert rig.slurm.wait(job) == "CANCELLED"
    (run_id,) = rig.new_runs(before)
    wait_until(lambda: not any(_is_alive(each) for each in rig.writers(before)), "all meters have ended")
    run = rig.found(run_id, 1.0).run
    assert (run.state in ("killed", "failed"), run.nodes, run.accelerators) == (True, 4, 32)


def test_a_killed_meter_of_a_node_loses_an_interval_at_most_and_counts_nothing_twice(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later(for_s=6.0)
    job = rig.slurm.submit(f"{TRACK} -- srun {rig.rank(later)}", *_NODES)
    rig.wait_for_gpus(before, lambda: rig.slurm.has_ended(job), nodes=4)
    (run_id,) = rig.new_runs(before)
    pulse = rig.begin(later)
    time.sleep(max(pulse.from_s + 2.0 - time.monotonic(), 0.0))
    for line in {line["node"]: line for line in rig.lines(run_id)}.values():
        os.kill(line["process"], signal.SIGKILL)
    rig.ended(job)
    run = rig.found(run_id, 1.0).run
    truth_j = rig.machines.energy_j(pulse)
    power_w = truth_j / (pulse.to_s - pulse.from_s)
    assert (run.state, run.nodes, run.accelerators) == ("finished", 4, 32)
    assert truth_j - 3.0 * _INTERVAL_S * power_w <= (run.energy_j["gpu"] or 0.0) <= truth_j * 1.005


def test_a_node_without_a_writable_store_makes_the_run_incomplete(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    with rig.hidden_store("n3"):
        job = rig.slurm.submit(f"{TRACK.replace(' --quiet', '')} -- srun {rig.rank(later)}", *_NODES)
        pulse = rig.pulsed(before, job, later, nodes=3)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected, run.missing["nodes"]) == ("incomplete", 3, 4, "1 of 4 nodes sent nothing")
    seen_j = rig.machines.energy_j(pulse, machines=(0, 1, 2))
    assert run.energy_j["gpu"] == pytest.approx(seen_j, rel=0.005)
    assert "1 of 4 nodes sent nothing" in rig.slurm.output(job)
    assert "1 of 4 nodes sent nothing" in show(rig, run_id)


def test_the_devices_of_a_job_are_those_that_slurm_gave_it(rig: Rig) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    job = rig.slurm.submit(f"{TRACK} -- srun {rig.rank(later)}", "--nodes=2", "--ntasks-per-node=1", "--gres=gpu:2")
    pulse = rig.pulsed(before, job, later, nodes=2, boards=2)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.nodes, run.accelerators) == (2, 4)
    assert run.energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse, machines=(0, 1), boards=(0, 1)), rel=0.005)


def test_a_shell_on_a_login_node_meters_the_nodes_of_its_job_and_not_itself(rig: Rig, tmp_path: Path) -> None:
    before = rig.runs()
    later = rig.pulse_later()
    rig.machines.play_here(later)
    command = [*TRACK.split()[:-1], "--", "srun", *rig.rank(later).split()]
    shell = rig.slurm.start("salloc", "--nodes=2", "--ntasks-per-node=1", "--gres=gpu:8", *command, log=tmp_path / "log")
    rig.wait_for_gpus(before, lambda: shell.poll() is not None, nodes=2)
    pulse = rig.begin(later)
    assert shell.wait(120.0) == 0, (tmp_path / "log").read_text()
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.exit_code, run.nodes, run.nodes_expected, run.accelerators) == ("finished", 0, 2, 2, 16)
    assert run.energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse, machines=(0, 1)), rel=0.005)
    assert os.uname().nodename not in run.hosts


def _of_state(rig: Rig, before: set[str], state: str) -> str:
    return next(run for run in rig.new_runs(before) if rig.found(run, 1.0).run.state == state)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
