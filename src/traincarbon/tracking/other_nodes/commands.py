"""The command lines that start a meter on the other nodes of a job."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence

from traincarbon.tracking.other_nodes.allocation import Allocation, Group, Reach
from traincarbon.tracking.sidecar.job import MARK

_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from traincarbon.tracking.other_nodes.satellite import main; main()"
_KEPT_BY_SLURM = ("SLURM_JOB_ID", "SLURM_JOBID", "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTER_NAME", "SLURM_JOB_NODELIST", "SLURM_JWT")
_SHAPES = ("SLURM_", "SRUN_", "SBATCH_")
"""Beginnings of variables that srun reads as options: those of the job's own steps, as one GPU a task, are wrong for the meters."""
_VERSION_S = 5.0


def meter_commands(found: Allocation, command: Sequence[str], env: Mapping[str, str]) -> list[list[str]]:
    """Return the command lines that start one meter on each of the other nodes; none if they cannot be reached.

    Each reads messages from its standard input, which all meters get, and ends when that ends.
    """
    meter = [sys.executable, "-I", "-S", "-c", _MAIN, *(folder for folder in sys.path if isinstance(folder, str))]
    match found.reach:
        case Reach.SRUN:
            heres = [found.here, *("" for _ in found.groups[1:])]
            return [_srun(env["SLURM_JOB_ID"], group, here, meter) for group, here in zip(found.groups, heres, strict=True) if group.nodes > bool(here)]
        case Reach.MPI:
            return [_mpi(command[0], found.hosts, env, meter)]
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


def _mpi(launcher: str, hosts: tuple[str, ...], env: Mapping[str, str], meter: list[str]) -> list[str]:
    count = str(len(hosts))
    if "Open MPI" in _version(launcher) or os.path.basename(launcher) == "orterun":
        passed = [word for name in ("LD_LIBRARY_PATH", "CARBON_STORE") if env.get(name) for word in ("-x", name)]
        hosts_option = ["--host", ",".join(f"{host}:1" for host in hosts)]
        return [launcher, "-np", count, *hosts_option, "--map-by", "ppr:1:node", "--bind-to", "none", "--stdin", "all", *passed, *meter]
    return [launcher, "-n", count, "-ppn", "1", "-hosts", ",".join(hosts), "-s", "all", *meter]


def _version(launcher: str) -> str:
    try:
        return subprocess.run([launcher, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=False).stdout  # noqa: S603  the command that the user starts
    except (OSError, subprocess.TimeoutExpired):
        return ""
