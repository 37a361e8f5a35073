"""The command lines that start meters elsewhere."""

import shlex
import shutil
import subprocess

import pytest

from traincarbon.tracking.other_nodes.allocation import Allocation, Group, Reach
from traincarbon.tracking.other_nodes.commands import meter_commands, meter_environment

SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_CONF": "/etc/slurm.conf",
    "SLURM_NTASKS": "32",
    "SLURM_GPUS_PER_TASK": "1",
    "SLURM_NTASKS_PER_NODE": "8",
    "SRUN_CPUS_PER_TASK": "6",
    "SLURM_CPU_BIND": "cores",
    "PATH": "/bin",
    "CARBON_SESSION": "abc",
}


def test_srun_starts_one_meter_on_each_node_but_this_one():
    (words,) = meter_commands(Allocation(4, Reach.SRUN, (), "n0", (Group(None, 4),)), ["srun"], SLURM)
    assert words[0] == "srun"
    assert {"--jobid=7", "--overlap", "--nodes=3", "--ntasks=3", "--ntasks-per-node=1", "--exclude=n0", "--input=all"} <= set(words)


def test_srun_from_outside_of_the_nodes_starts_one_on_each():
    (words,) = meter_commands(Allocation(4, Reach.SRUN, groups=(Group(None, 4),)), ["srun"], SLURM)
    assert "--nodes=4" in words
    assert not any(word.startswith("--exclude") for word in words)


def test_each_group_of_a_heterogeneous_job_has_a_step_of_its_own():
    words = meter_commands(Allocation(3, Reach.SRUN, (), "n0", (Group(0, 1), Group(1, 2))), ["srun"], SLURM)
    assert [line[1:3] for line in words] == [["--jobid=7", "--het-group=1"]]
    words = meter_commands(Allocation(5, Reach.SRUN, (), "n0", (Group(0, 3), Group(1, 2))), ["srun"], SLURM)
    assert [(line[2], line[4]) for line in words] == [("--het-group=0", "--nodes=2"), ("--het-group=1", "--nodes=2")]


def test_the_shape_of_the_jobs_own_steps_does_not_reach_the_meters():
    assert meter_environment(SLURM) == {"SLURM_JOB_ID": "7", "SLURM_CONF": "/etc/slurm.conf", "PATH": "/bin", "CARBON_SESSION": ""}


def test_ssh_starts_one_command_a_host_that_a_shell_there_reads_as_it_was_written():
    words = meter_commands(Allocation(3, Reach.SSH, ("h1", "h2")), ["python"], {})
    assert [line[-2] for line in words] == ["h1", "h2"]
    assert "from traincarbon.tracking.other_nodes.satellite import main" in shlex.split(words[0][-1])[4]


def test_nothing_is_started_where_nothing_reaches_the_others():
    assert meter_commands(Allocation(3, None, ("h1", "h2")), ["python"], {}) == []


def launcher(folder, version):
    file = folder / "mpirun"
    file.write_text(f"#!/bin/sh\necho '{version}'\n")
    file.chmod(0o755)
    return str(file)


def test_open_mpi_starts_one_meter_a_host_and_passes_its_input_to_all(tmp_path):
    mpirun = launcher(tmp_path, "mpirun (Open MPI) 4.1.4")
    (words,) = meter_commands(Allocation(3, Reach.MPI, ("h1", "h2")), [mpirun, "-np", "24"], {"LD_LIBRARY_PATH": "/lib"})
    assert words[:3] == [mpirun, "-np", "2"]
    text = " ".join(words)
    assert "--host h1:1,h2:1 --map-by ppr:1:node" in text
    assert "--stdin all -x LD_LIBRARY_PATH" in text


def test_intel_mpi_passes_its_input_to_all(tmp_path):
    mpirun = launcher(tmp_path, "Intel(R) MPI Library for Linux* OS, Version 2021.8")
    (words,) = meter_commands(Allocation(3, Reach.MPI, ("h1", "h2")), [mpirun], {})
    assert " ".join(words).startswith(f"{mpirun} -n 2 -ppn 1 -hosts h1,h2 -s all ")


def test_mpich_passes_its_input_to_one_process_so_that_each_host_has_its_own(tmp_path):
    mpirun = launcher(tmp_path, "HYDRA build details:")
    found = meter_commands(Allocation(3, Reach.MPI, ("h1", "h2")), [mpirun], {})
    assert [" ".join(words).partition(" -n 1 ")[0] for words in found] == [f"{mpirun} -hosts h1", f"{mpirun} -hosts h2"]


@pytest.mark.parametrize(
    ("version", "given", "kept"),
    [
        ("HYDRA", ["-launcher", "ssh", "-n", "8"], "-launcher ssh"),
        ("HYDRA", ["-n", "8", "-iface", "ib0"], "-iface ib0"),
        ("HYDRA", ["-n", "8", "python", "train.py", "-launcher", "mine"], ""),
        ("HYDRA", ["-n", "8", "-launcher"], "-launcher"),
        ("Open MPI", ["--mca", "oob_tcp_if_include", "ib0", "--allow-run-as-root"], "--mca oob_tcp_if_include ib0 --allow-run-as-root"),
        ("Open MPI", ["--oversubscribe", "-np", "8", "./a", "--mca", "x", "y"], ""),
    ],
)
def test_the_meters_are_reached_as_the_users_launcher_reaches_the_hosts(tmp_path, version, given, kept):
    mpirun = launcher(tmp_path, version)
    words = meter_commands(Allocation(2, Reach.MPI, ("h1",)), [mpirun, *given], {})[0]
    first = "-hosts" if version == "HYDRA" else "-np"
    assert " ".join(words[1 : words.index(first)]) == kept


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="mpirun is not installed")
def test_an_mpi_launcher_that_is_here_takes_the_options():
    (words,) = meter_commands(Allocation(2, Reach.MPI, ("localhost",)), ["mpirun"], {})
    ours = [*words[: words.index("-I") - 1], "true"]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "HOME": "/tmp"}
    found = subprocess.run(ours, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60.0, check=False)
    assert found.returncode == 0, found.stderr
