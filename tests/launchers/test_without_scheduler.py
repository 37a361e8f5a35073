"""Nodes that MPI or ssh reaches, with no scheduler that names the run, or with one that lists its hosts in a file alone."""

import shutil
import time

import pytest

from launchers.machines import Pulse
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


def _run(rig: Rig, reached: Ssh, *command: str, nodes: int = 4, **job: str) -> tuple[set[str], Pulse, str]:
    """Run a command on the first machine, and let the GPUs use power once those of *nodes* are metered.

    Returns:
        The runs before it, when the GPUs used power, and its stderr. ``RANK`` in the command stands for that of a rank.
    """
    before, later, log = rig.runs(), rig.pulse_later(), rig.machines.folder / "command.log"
    words = [each for word in command for each in (rig.rank(later).split() if word == "RANK" else [word])]
    process = reached.start("n0", *words, log=log, **job)
    rig.wait_for_gpus(before, lambda: process.poll() is not None, nodes=nodes)
    pulse = rig.begin(later)
    assert process.wait(120.0) == 0, log.read_text()
    return before, pulse, log.read_text()


def test_ranks_of_mpich_on_several_nodes_are_one_run_without_a_scheduler(rig: Rig, reached: Ssh) -> None:
    launch = (_needs(_MPICH), "-launcher", "ssh", "-hosts", "n0,n1,n2,n3", "-ppn", "2", "-n", "8")
    before, pulse, _ = _run(rig, reached, *launch, *_TRACK, "--", "RANK")
    _is_whole(rig, before, rig.machines.energy_j(pulse), expected=1)


def test_ranks_of_open_mpi_on_several_nodes_are_one_run_without_a_scheduler(rig: Rig, reached: Ssh) -> None:
    launch = (_needs("mpirun.openmpi"), *_OPENMPI[1:], "--host", "n0:2,n1:2,n2:2,n3:2", "-np", "8")
    before, pulse, _ = _run(rig, reached, *launch, *_TRACK, "--", "RANK")
    _is_whole(rig, before, rig.machines.energy_j(pulse))


@pytest.mark.parametrize(("launcher", "variable"), [("mpich", "PBS_NODEFILE"), ("open mpi", "PE_HOSTFILE")])
def test_the_mpi_launcher_of_the_command_starts_a_meter_on_each_host_of_the_job(rig: Rig, reached: Ssh, launcher: str, variable: str) -> None:
    hosts = {"mpich": ("-launcher", "ssh", "-hosts", "n0,n1,n2,n3", "-ppn", "2"), "open mpi": ("--host", "n0:2,n1:2,n2:2,n3:2")}[launcher]
    program = (_needs("mpirun.mpich"),) if launcher == "mpich" else (_needs(_OPENMPI[0]), *_OPENMPI[1:])
    job = {"PBS_JOBID": f"{_number()}.rig"} if variable.startswith("PBS") else {"SGE_TASK_ID": "undefined", "JOB_ID": _number()}
    before, pulse, _ = _run(rig, reached, *_TRACK, "--", *program, *hosts, "-n", "8", "RANK", **job, **{variable: str(reached.hosts)})
    _is_whole(rig, before, rig.machines.energy_j(pulse))


def test_ssh_starts_a_meter_on_each_host_of_the_job_if_asked(rig: Rig, reached: Ssh) -> None:
    job = {"PBS_JOBID": f"{_number()}.rig", "PBS_NODEFILE": str(reached.hosts)}
    before, pulse, _ = _run(rig, reached, *_TRACK, "--nodes", "ssh", "--", "RANK", **job)
    _is_whole(rig, before, rig.machines.energy_j(pulse))


def test_a_host_that_ssh_cannot_reach_is_said_and_makes_the_run_incomplete(rig: Rig, reached: Ssh) -> None:
    hosts = rig.machines.folder / "hosts-with-a-dead-one"
    hosts.write_text("n0\nn1\nno-such-host\n")
    job = {"PBS_JOBID": f"{_number()}.rig", "PBS_NODEFILE": str(hosts)}
    before, _, said = _run(rig, reached, *_TRACK[:-1], "--nodes", "ssh", "--", "RANK", nodes=2, **job)
    (run_id,) = rig.new_runs(before)
    run = rig.found(run_id, 1.0).run
    assert (run.state, run.nodes, run.nodes_expected) == ("incomplete", 2, 3)
    assert "1 of 3 nodes have no meter yet" in said
    assert "1 of 3 nodes sent nothing" in said


def _number() -> str:
    """Return the number of a job that no other has."""
    return str(int(time.monotonic() * 10.0))
