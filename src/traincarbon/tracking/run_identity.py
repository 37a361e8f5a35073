"""The id of a run that is tracked without one: that of its launcher, else one that the processes of one launcher on this node share, else a new one."""

import os
from platform import node

from traincarbon.procfs import stat_of
from traincarbon.tracking.launcher import Launch
from traincarbon.tracking.launchers.run_ids import digest

_ID_B = 6


def run_id_of(launch: Launch) -> str:
    """Return the id of the run that a process with *launch* belongs to.

    Example:
        >>> run_id_of(Launch(run_id="slurm-8121-0")), len(run_id_of(Launch()))
        ('slurm-8121-0', 12)
    """
    return launch.run_id or (_of_parent() if launch.local_rank is not None else "") or os.urandom(_ID_B).hex()


def _of_parent() -> str:
    """Return an id that all ranks share which one launcher, as torchrun, started on this node; "" where the system does not show it."""
    parent = stat_of(os.getppid())
    return "" if parent is None else digest(_boot(), str(os.getppid()), str(parent.born), size_b=_ID_B)


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return node()
