"""Nodes that MPI or ssh reaches, with no scheduler that names the run, or with one that lists its hosts in a file alone."""

import shutil

import pytest

from launchers.rig import CARBON, Rig
from launchers.ssh import Ssh

_TRACK = (CARBON, "track", "--interval", "0.5", "--quiet")
_MPICH = "mpiexec.hydra"
_OPENMPI = ("mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "if_base_do_not_resolve", "1")
"""All machines have one address here, so Open MPI must not take them for one."""


def _needs(program: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return program


def _is_whole(rig: Rig, before: set[str], truth_j: float, *, nodes: int = 4, expected: int | None = None) -> None:
    """Check that there is one new run with all GPUs of the machines, each counted once."""
    (run_id,) = rig.new_runs(before)
    found = rig.found(run_id, truth_j)
    assert (found.run.state, found.run.nodes, found.run.accelerators) == ("finished", nodes, 8 * nodes)
    assert found.run.nodes_expected == (nodes if expected is None else expected)
    assert abs(found.error) <= 0.005
    assert found.meters == nodes


def test_ranks_of_mpich_on_several_nodes_are_one_run_without_a_scheduler(rig: Rig, reached: Ssh) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=12.0)
    launch = (_needs(_MPICH), "-launcher", "ssh", "-hosts", "n0,n1,n2,n3", "-ppn", "2", "-n", "8")
    done = reached.run("n0", *launch, *_TRACK, "--", *rig.rank(pulse).split())
    assert done.returncode == 0, done.stderr
    _is_whole(rig, before, rig.machines.energy_j(pulse), expected=1)


def test_ranks_of_open_mpi_on_several_nodes_are_one_run_without_a_scheduler(rig: Rig, reached: Ssh) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=12.0)
    launch = (_needs("mpirun.openmpi"), *_OPENMPI[1:], "--host", "n0:2,n1:2,n2:2,n3:2", "-np", "8")
    done = reached.run("n0", *launch, *_TRACK, "--", *rig.rank(pulse).split())
    assert done.returncode == 0, done.stderr
    _is_whole(rig, before, rig.machines.energy_j(pulse))


@pytest.mark.parametrize(("launcher", "variable"), [("mpich", "PBS_NODEFILE"), ("open mpi", "PE_HOSTFILE")])
def test_the_mpi_launcher_of_the_command_starts_a_meter_on_each_host_of_the_job(rig: Rig, reached: Ssh, launcher: str, variable: str) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=10.0)
    hosts = {"mpich": ("-launcher", "ssh", "-hosts", "n0,n1,n2,n3", "-ppn", "2"), "open mpi": ("--host", "n0:2,n1:2,n2:2,n3:2")}[launcher]
    program = (_needs("mpirun.mpich"),) if launcher == "mpich" else (_needs(_OPENMPI[0]), *_OPENMPI[1:])
    job = {"PBS_JOBID": f"{int(pulse.from_s)}.rig"} if variable.startswith("PBS") else {"SGE_TASK_ID": "undefined", "JOB_ID": str(int(pulse.from_s))}
    done = reached.run("n0", *_TRACK, "--", *program, *hosts, "-n", "8", *rig.rank(pulse).split(), **job, **{variable: str(reached.hosts)})
    assert done.returncode == 0, done.stderr
    _is_whole(rig, before, rig.machines.energy_j(pulse))


def test_ssh_starts_a_meter_on_each_host_of_the_job_if_asked(rig: Rig, reached: Ssh) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=8.0)
    job = {"PBS_JOBID": f"{int(pulse.from_s)}.rig", "PBS_NODEFILE": str(reached.hosts)}
    done = reached.run("n0", *_TRACK, "--nodes", "ssh", "--", *rig.rank(pulse).split(), **job)
    assert done.returncode == 0, done.stderr
    _is_whole(rig, before, rig.machines.energy_j(pulse))


def test_a_host_that_ssh_cannot_reach_is_said_and_makes_the_run_incomplete(rig: Rig, reached: Ssh) -> None:
    before = rig.runs()
    pulse = rig.pulse(after_s=8.0, for_s=1.0)
    hosts = rig.machines.folder / "hosts-with-a-dead-one"
    hosts.write_text("n0\nn1\nno-such-host\n")
    job = {"PBS_JOBID": f"{int(pulse.from_s)}.rig", "PBS_NODEFILE": str(hosts)}
    done = reached.run("n0", *_TRACK[:-1], "--nodes", "ssh", "--", *rig.rank(pulse).split(), **job)
    assert done.returncode == 0, done.stderr
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected) == ("incomplete", 2, 3)
    assert "1 of 3 nodes have no meter yet" in done.stderr
    assert "1 of 3 nodes sent nothing" in done.stderr
