"""The command lines that start a meter on the other nodes of a job."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence

from traincarbon.import_path import import_path
from traincarbon.tracking.other_nodes.allocation import Allocation, Group, Reach
from traincarbon.tracking.sidecar.job import MARK

_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from traincarbon.tracking.other_nodes.satellite import main; main()"
_KEPT_BY_SLURM = ("SLURM_JOB_ID", "SLURM_JOBID", "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTER_NAME", "SLURM_JOB_NODELIST", "SLURM_JWT")
_SHAPES = ("SLURM_", "SRUN_", "SBATCH_")
"""Beginnings of variables that srun reads as options: those of the job's own steps, as one GPU a task, are wrong for the meters."""
_VERSION_S = 5.0
_OPEN_MPI_OPTIONS = {"--allow-run-as-root": 0, "--mca": 2, "-mca": 2, "--prefix": 1}
_HYDRA_OPTIONS = {"-launcher": 1, "-bootstrap": 1, "-launcher-exec": 1, "-bootstrap-exec": 1, "-iface": 1}
"""Options of the user's own launcher that its meters need too, and how many values each has."""


def meter_commands(found: Allocation, command: Sequence[str], env: Mapping[str, str]) -> list[list[str]]:
    """Return the command lines that start one meter on each of the other nodes; none if they cannot be reached.

    Each reads messages from its standard input, which all meters get, and ends when that ends.
    """
    meter = [sys.executable, "-I", "-S", "-c", _MAIN, *import_path()]
    match found.reach:
        case Reach.SRUN:
            heres = [found.here, *("" for _ in found.groups[1:])]
            return [_srun(env["SLURM_JOB_ID"], group, here, meter) for group, here in zip(found.groups, heres, strict=True) if group.nodes > bool(here)]
        case Reach.MPI:
            return _mpi(command, found.hosts, env, meter)
        case Reach.SSH:
            return [["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", host, shlex.join(meter)] for host in found.hosts]
    return []


def meter_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which to start the meters: that of the command without the shape of the job's own steps, and without its mark."""
    kept = {name: value for name, value in env.items() if name in _KEPT_BY_SLURM or not name.startswith(_SHAPES) or "_HET_" in name}
    return {**kept, MARK: ""}


def _srun(job: str, group: Group, here: str, meter: list[str]) -> list[str]:
    """Return the step that meters all nodes of *group*, but for the node *here* if that is not empty."""
    others = group.nodes - bool(here)
    shape = [f"--nodes={others}", f"--ntasks={others}", "--ntasks-per-node=1", *([f"--exclude={here}"] if here else [])]
    quiet = ["--job-name=carbon", "--quiet", "--kill-on-bad-exit=0", "--wait=0", "--mpi=none", "--cpu-bind=none", "--export=ALL", "--input=all", "--output=all"]
    return ["srun", f"--jobid={job}", *([] if group.number is None else [f"--het-group={group.number}"]), "--overlap", *shape, *quiet, *meter]


def _mpi(command: Sequence[str], hosts: tuple[str, ...], env: Mapping[str, str], meter: list[str]) -> list[list[str]]:
    """Return the command lines for the MPI launcher of *command*. That of MPICH passes its input to one process alone, so that each host needs one."""
    launcher, count = command[0], str(len(hosts))
    version = _version(launcher)
    if "Open MPI" in version or "OpenRTE" in version or os.path.basename(launcher).startswith("orterun"):
        passed = [word for name in ("LD_LIBRARY_PATH", "CARBON_STORE") if env.get(name) for word in ("-x", name)]
        hosts_option = ["--host", ",".join(f"{host}:1" for host in hosts)]
        given = _own_options(command, _OPEN_MPI_OPTIONS)
        return [[launcher, *given, "-np", count, *hosts_option, "--map-by", "ppr:1:node", "--bind-to", "none", "--stdin", "all", *passed, *meter]]
    given = _own_options(command, _HYDRA_OPTIONS)
    if "Intel" in version:
        return [[launcher, *given, "-n", count, "-ppn", "1", "-hosts", ",".join(hosts), "-s", "all", *meter]]
    return [[launcher, *given, "-hosts", host, "-n", "1", *meter] for host in hosts]


def _own_options(command: Sequence[str], names: Mapping[str, int]) -> list[str]:
    """Return the options of the user's MPI launcher that say how it reaches a host, with their values, up to the program that it starts.

    Example:
        >>> _own_options(["mpirun", "-launcher", "ssh", "-n", "8", "./train", "-x", "-launcher", "y"], {"-launcher": 1})
        ['-launcher', 'ssh']
    """
    found: list[str] = []
    at, may_be_value = 1, False
    while at < len(command) and (command[at].startswith("-") or may_be_value):
        n_values = names.get(command[at])
        end = at + 1 + (n_values or 0)
        found += command[at:end] if n_values is not None else []
        may_be_value = n_values is None and command[at].startswith("-")
        at = end
    return found


def _version(launcher: str) -> str:
    try:
        return subprocess.run([launcher, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=False).stdout  # noqa: S603  the command that the user starts
    except (OSError, subprocess.TimeoutExpired):
        return ""
