"""What happens to jobs of Slurm: several commands, requeues, arrays, groups, cancellation, killed meters and nodes that stay mute."""

import os
import signal
import time

import pytest

from launchers.cases import show
from launchers.rig import TRACK, Rig

_NODES = ("--nodes=4", "--ntasks-per-node=1", "--gres=gpu:8")
_INTERVAL_S = 0.5


def test_two_commands_of_one_batch_script_are_two_runs(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=5.0, for_s=1.0)
    rig.run(f"{TRACK} -- srun {rig.rank(pulse)}\n{TRACK} -- srun sh -c 'sleep 1; exit 3' || true", *_NODES)
    found = {rig.found(run, 1.0).run.state: rig.found(run, 1.0).run for run in rig.new_runs(before)}
    assert set(found) == {"finished", "failed"}
    assert found["finished"].energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse), rel=0.005)
    assert (found["failed"].exit_code, found["failed"].nodes, found["failed"].energy_j["gpu"]) == (3, 4, 0.0)


def test_a_requeued_job_continues_its_run(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=20.0, for_s=1.0)
    again = 'if [ -z "$SLURM_RESTART_COUNT" ]; then sleep 1; scontrol requeue $SLURM_JOB_ID; sleep 60; fi'
    script = f"cat > {rig.machines.folder}/job.sh <<'END'\n{again}\nsrun {rig.rank(pulse)}\nEND\nexec {TRACK} -- bash {rig.machines.folder}/job.sh"
    job = rig.slurm.submit(script, "--requeue", *_NODES)
    until_s = time.monotonic() + 30.0
    while not (rig.new_runs(before) and rig.slurm.state(job) == "PENDING") and time.monotonic() < until_s:
        time.sleep(0.2)
    rig.slurm.run("scontrol", "update", f"jobid={job}", "starttime=now")
    assert rig.slurm.wait(job) == "COMPLETED", rig.slurm.output(job)
    (run_id,) = rig.new_runs(before)
    found = rig.found(run_id, rig.machines.energy_j(pulse))
    assert (found.run.state, found.run.nodes, found.run.accelerators, found.run.restarts) == ("finished", 4, 32, 4)
    assert abs(found.error) <= 0.005


def test_each_task_of_an_array_is_a_run(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=6.0, for_s=1.0)
    job = rig.slurm.submit(f"{TRACK} -- {rig.rank(pulse)}", "--array=3,7", "--nodes=1", "--gres=gpu:8")
    assert rig.slurm.wait(job) == "COMPLETED"
    time.sleep(1.0)
    found = rig.new_runs(before)
    assert len(found) == 2
    assert sorted(index for run in found for index in ("3", "7") if f"_{index}" in run) == ["3", "7"]


def test_a_heterogeneous_job_is_one_run_with_the_nodes_of_all_its_groups(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=7.0, for_s=1.0)
    script = f"#SBATCH --nodes=1 --gres=gpu:8\n#SBATCH hetjob\n#SBATCH --nodes=2 --gres=gpu:8\n{TRACK} -- srun --het-group=0,1 {rig.rank(pulse)}"
    rig.run(script)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected, run.accelerators) == ("finished", 3, 3, 24)


def test_a_cancelled_job_leaves_no_meter_and_a_record_of_all_nodes(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=60.0, for_s=1.0)
    job = rig.slurm.submit(f"exec {TRACK} -- srun {rig.rank(pulse)}", *_NODES)
    _wait_for_lines(rig, before, nodes=4)
    rig.slurm.run("scancel", job)
    assert rig.slurm.wait(job) == "CANCELLED"
    (run_id,) = rig.new_runs(before)
    writers = {line["process"] for line in rig.lines(run_id)}
    until_s = time.monotonic() + 10.0
    while any(_is_alive(each) for each in writers) and time.monotonic() < until_s:
        time.sleep(0.1)
    assert not [each for each in writers if _is_alive(each)]
    run = rig.found(run_id, 1.0).run
    assert (run.state in ("killed", "failed"), run.nodes, run.accelerators) == (True, 4, 32)


def test_a_killed_meter_of_a_node_loses_an_interval_at_most_and_counts_nothing_twice(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=5.0, for_s=6.0)
    job = rig.slurm.submit(f"{TRACK} -- srun {rig.rank(pulse)}", *_NODES)
    run_id = _wait_for_lines(rig, before, nodes=4)
    for line in {line["node"]: line for line in rig.lines(run_id)}.values():
        time.sleep(max(pulse.from_s + 2.0 - time.monotonic(), 0.0))
        os.kill(line["process"], signal.SIGKILL)
    assert rig.slurm.wait(job) == "COMPLETED"
    run = rig.found(run_id, 1.0).run
    truth_j = rig.machines.energy_j(pulse)
    power_w = truth_j / (pulse.to_s - pulse.from_s)
    assert (run.state, run.nodes, run.accelerators) == ("finished", 4, 32)
    assert truth_j - 3.0 * _INTERVAL_S * power_w <= (run.energy_j["gpu"] or 0.0) <= truth_j * 1.005


def test_a_node_without_a_writable_store_makes_the_run_incomplete(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=7.0, for_s=1.0)
    with rig.hidden_store("n3"):
        job = rig.run(f"{TRACK.replace(' --quiet', '')} -- srun {rig.rank(pulse)}", *_NODES)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected, run.missing["nodes"]) == ("incomplete", 3, 4, "1 of 4 nodes sent nothing")
    seen_j = rig.machines.energy_j(pulse, machines=(0, 1, 2))
    assert run.energy_j["gpu"] == pytest.approx(seen_j, rel=0.005)
    assert "1 of 4 nodes sent nothing" in rig.slurm.output(job)
    assert "1 of 4 nodes sent nothing" in show(rig, run_id)


def test_the_devices_of_a_job_are_those_that_slurm_gave_it(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=6.0, for_s=2.0)
    rig.run(f"{TRACK} -- srun {rig.rank(pulse)}", "--nodes=2", "--ntasks-per-node=1", "--gres=gpu:2")
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.nodes, run.accelerators) == (2, 4)
    assert run.energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse, machines=(0, 1), boards=(0, 1)), rel=0.005)


def test_a_shell_on_a_login_node_meters_the_nodes_of_its_job_and_not_itself(rig: Rig) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=8.0, for_s=2.0)
    rig.machines.play_here(pulse)
    command = [*TRACK.split()[:-1], "--", "srun", *rig.rank(pulse).split()]
    done = rig.slurm.run("salloc", "--nodes=2", "--ntasks-per-node=1", "--gres=gpu:8", *command)
    assert done.returncode == 0, done.stderr
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.exit_code, run.nodes, run.nodes_expected, run.accelerators) == ("finished", 0, 2, 2, 16)
    assert run.energy_j["gpu"] == pytest.approx(rig.machines.energy_j(pulse, machines=(0, 1)), rel=0.005)
    assert os.uname().nodename not in run.hosts


def _wait_for_lines(rig: Rig, before: set[str], *, nodes: int) -> str:
    """Wait until a new run has lines of so many nodes, and return its id."""
    until_s = time.monotonic() + 30.0
    while time.monotonic() < until_s:
        found = rig.new_runs(before)
        if found and len({line["node"] for line in rig.lines(found[0]) if line["kind"] == "interval"}) == nodes:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("the run has no lines of all nodes")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
