"""Which nodes a batch job has, and how to reach those on which this process does not run."""

import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from traincarbon.reading import open_regular
from traincarbon.tracking.settings import NodeScope

_SPECIAL_STEP = 0xFFFFFFF0
"""Slurm's numbers of the batch step, the interactive step and the like, which run on the first node alone, are above this."""
_HOST_FILES = ("PBS_NODEFILE", "LSB_DJOB_HOSTFILE", "OAR_NODEFILE", "PE_HOSTFILE")
"""Variables in which schedulers name a file of the job's hosts: a host a line, first word, as often as it has slots."""
_MOST_HOSTS = 100_000
_MOST_LIST_B = 1 << 25
_MOST_GROUPS, _MOST_DIGITS = 128, 9
_MPI_LAUNCHERS = ("mpirun", "mpiexec", "orterun")
"""Also with an ending that says whose they are, as ``mpiexec.hydra`` and ``mpirun.openmpi``."""


class Reach(StrEnum):
    """How to start a process on the other nodes."""

    SRUN = "srun"
    MPI = "mpi"
    SSH = "ssh"


class Group(NamedTuple):
    """A part of a job of Slurm that has nodes of one kind; all but heterogeneous jobs have one."""

    number: int | None
    """Its number in a heterogeneous job."""
    nodes: int


class Allocation(NamedTuple):
    """The nodes of a batch job, seen from its first one."""

    nodes: int
    """How many there are, with this one."""
    reach: Reach | None
    """How to reach the others, None if there is no way to do it unasked."""
    hosts: tuple[str, ...] = ()
    """The others by name; empty for srun, which knows them."""
    here: str = ""
    """The name that Slurm gives to this node; empty outside of its nodes."""
    groups: tuple[Group, ...] = ()
    """The parts of the job that srun reaches; this node is in the first."""
    is_outside: bool = False
    """Whether this machine is none of the nodes, as a login node after ``salloc``."""

    @property
    def n_others(self) -> int:
        """How many nodes there are besides this one."""
        return self.nodes if self.is_outside else self.nodes - 1


def allocation(
    env: Mapping[str, str], command: Sequence[str], scope: NodeScope, *, host: str = "", expand: Callable[[str], list[str]] | None = None
) -> Allocation:
    """Return the nodes of the batch job in whose first process this code runs; one node if there is no such job.

    A process of a step that runs on all nodes has nothing to start: each node has such a process, which meters it.

    Args:
        env: The environment.
        command: The command to meter: its MPI launcher reaches the nodes where Slurm is not the scheduler.
        scope: Which nodes are wanted.
        host: Name of this machine; by default what the system says.
        expand: Returns the hosts of a Slurm list as ``n[0-3]``; by default ``scontrol`` does it.
    """
    if scope is NodeScope.HERE:
        return Allocation(1, None)
    groups = _groups(env)
    if groups:
        return _of_slurm(env, groups, scope, host=host or os.uname().nodename, expand=expand or _expanded)
    hosts = listed_hosts(env)
    if len(hosts) < 2 or _is_rank(env):
        return Allocation(1, None)
    others = _others(hosts, host or os.uname().nodename)
    if scope is NodeScope.SSH:
        return Allocation(len(hosts), Reach.SSH, others)
    is_mpi = bool(command) and os.path.basename(command[0]).partition(".")[0] in _MPI_LAUNCHERS
    return Allocation(len(hosts), Reach.MPI if is_mpi else None, others)


def is_outside(env: Mapping[str, str], *, host: str = "", expand: Callable[[str], list[str]] | None = None) -> bool:
    """Return whether this machine is no node of the job of Slurm that *env* names, though its first process runs here.

    Args:
        env: The environment.
        host: Name of this machine; by default what the system says.
        expand: Returns the hosts of a Slurm list as ``n[0-3]``; by default ``scontrol`` does it.
    """
    if env.get("SLURMD_NODENAME") or not is_first_process(env) or not (groups := _groups(env)):
        return False
    names = _names(env, groups, expand or _expanded)
    return bool(names) and not _this(names, host or os.uname().nodename)


def _of_slurm(env: Mapping[str, str], groups: tuple[Group, ...], scope: NodeScope, *, host: str, expand: Callable[[str], list[str]]) -> Allocation:
    nodes, here = sum(group.nodes for group in groups), env.get("SLURMD_NODENAME", "")
    if not is_first_process(env) or (here and nodes < 2):
        return Allocation(1, None)
    names = _names(env, groups, expand) if not here or scope is NodeScope.SSH else []
    here = here or _this(names, host)
    outside = bool(names) and not here
    if nodes < 2 and not outside:
        return Allocation(1, None)
    if scope is NodeScope.ALL:
        return Allocation(nodes, Reach.SRUN, here=here, groups=groups, is_outside=outside)
    return Allocation(nodes, Reach.SSH, tuple(name for name in names if name != here), here, is_outside=outside)


def _names(env: Mapping[str, str], groups: tuple[Group, ...], expand: Callable[[str], list[str]]) -> list[str]:
    """Return the names of the job's nodes; none where Slurm does not say them."""
    suffixes = [f"_HET_GROUP_{number}" for number in range(len(groups))] if len(groups) > 1 else [""]
    return [name for suffix in suffixes if (listed := env.get(f"SLURM_JOB_NODELIST{suffix}", "")) for name in expand(listed)]


def _groups(env: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the parts of the job of Slurm, none if there is no such job or it does not state its nodes."""
    size = _count(env, "SLURM_HET_SIZE")
    if size > 1:
        groups = tuple(Group(number, _count(env, f"SLURM_JOB_NUM_NODES_HET_GROUP_{number}")) for number in range(min(size, _MOST_GROUPS)))
    else:
        groups = (Group(None, _count(env, "SLURM_JOB_NUM_NODES")),)
    return groups if env.get("SLURM_JOB_ID") and all(group.nodes for group in groups) else ()


def _count(env: Mapping[str, str], name: str) -> int:
    """Return the count that a variable states, 0 if it states none."""
    text = env.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0


def is_first_process(env: Mapping[str, str]) -> bool:
    """Return whether this is the batch script's process, or one that ``salloc`` started, and not a task of a step."""
    step = env.get("SLURM_STEP_ID", "")
    return not step or (step.isascii() and step.isdigit() and int(step) >= _SPECIAL_STEP)


def _is_rank(env: Mapping[str, str]) -> bool:
    return any(env.get(name) for name in ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "PALS_RANKID", "RANK"))


def listed_hosts(env: Mapping[str, str]) -> list[str]:
    """Return the hosts of the file that the scheduler names, each once; none if it names no file."""
    for name in _HOST_FILES:
        if env.get(name):
            try:
                with open_regular(env[name]) as stream:
                    lines = stream.read(_MOST_LIST_B).decode("utf-8", "replace").splitlines()
                    words = [line.split()[0] for line in lines if line.strip()]
            except OSError:
                continue
            return list(dict.fromkeys(words))[:_MOST_HOSTS]
    return []


def _others(hosts: list[str], host: str) -> tuple[str, ...]:
    """Return the hosts without this one, or without the first if this one is not in the list."""
    here = _this(hosts, host) or hosts[0]
    return tuple(name for name in hosts if name != here)


def _this(hosts: Sequence[str], host: str) -> str:
    """Return the name that *hosts* has for this machine, whether it is a full or a short one; "" if it has none."""
    short = host.partition(".")[0]
    return next((name for name in hosts if name == host), "") or next((name for name in hosts if name.partition(".")[0] == short), "")


def _expanded(listed: str) -> list[str]:
    import subprocess

    try:
        found = subprocess.run(["scontrol", "show", "hostnames", listed], capture_output=True, text=True, timeout=10.0, check=False)  # noqa: S603, S607  the scheduler's own command
    except (OSError, subprocess.TimeoutExpired):
        return []
    return found.stdout.split()
