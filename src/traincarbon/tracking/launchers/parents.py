"""What a launcher states on the command lines of its own processes, where its ranks get no variable for it."""

import os
from collections.abc import Mapping

from traincarbon.procfs import PROC, stat_of

CONTROL_PORT = "hydra_pmi_proxy --control-port"
"""Where MPICH's process on each node reports to ``mpiexec``: the same on all nodes, and the only thing that its ranks have in common."""
_PROXY, _OPTION = "hydra_pmi_proxy", "--control-port"
_RANK = "PMI_RANK"
_MOST_PARENTS = 8
"""A rank may be started by a shell or another tracker below MPICH's process."""
_MOST_B = 1 << 16


def environment_with_parents(env: Mapping[str, str], *, proc: str = PROC) -> dict[str, str]:
    """Return *env*, with what MPICH's process above this one states; as it is for processes that MPICH did not start.

    Args:
        env: The environment.
        proc: The process file system.
    """
    if not env.get(_RANK):
        return dict(env)
    stated = _control_port(proc)
    return {**env, CONTROL_PORT: stated} if stated else dict(env)


def _control_port(proc: str) -> str:
    """Return host and port, "" if no parent states them."""
    pid = os.getppid()
    for _ in range(_MOST_PARENTS):
        words = _command_line(pid, proc)
        if words and os.path.basename(words[0]) == _PROXY:
            at = words.index(_OPTION) + 1 if _OPTION in words else len(words)
            return words[at] if at < len(words) else ""
        stat = stat_of(pid, proc=proc)
        if stat is None or stat.parent <= 1:
            break
        pid = stat.parent
    return ""


def _command_line(pid: int, proc: str) -> list[str]:
    try:
        with open(f"{proc}/{pid}/cmdline", "rb") as stream:
            return os.fsdecode(stream.read(_MOST_B)).split("\0")
    except OSError:
        return []
