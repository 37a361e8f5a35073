"""The processes of a training: whether they live, how to signal them, and how to find those that outlive it."""

import os
import signal
from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.procfs import PROC, name_of, read_bytes, stat_of

MARK = "CARBON_SESSION"
"""The environment variable that marks the processes of a training, however they were started."""
RUN_ID = "CARBON_RUN_ID"
"""The environment variable with the run's id, for programs that the training starts."""
MLFLOW_TAG = "carbon.run_id"
"""The tag of MLflow's runs with the run's id."""
STORE = "CARBON_STORE"
"""The environment variable with the folder of the runs, for trackers that the training starts."""

_MOST_NAMED = 5


class LiveProcess(NamedTuple):
    """A process of the training that is alive."""

    pid: int
    name: str


class ProcessHandle:
    """A process, not confused with a later one of the same number.

    Args:
        pid: Its number; it must be alive, or a child that has not been waited for.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = -1
        try:
            self._descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # not Linux, or it has ended
            self._gone = not _is_there(pid)
        else:
            self._gone = False

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the process ends, -1 if the system has none."""
        return self._descriptor

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        if not self._gone and self._descriptor >= 0:
            import select

            self._gone = bool(select.select([self._descriptor], [], [], 0.0)[0])
        elif not self._gone:
            self._gone = not _is_there(self.pid)
        return self._gone

    @property
    def stopped(self) -> bool:
        """Whether a signal has stopped it."""
        return not self.gone and _state(self.pid) == "T"

    def send(self, number: int) -> bool:
        """Send it a signal; return False if it has ended."""
        if self.gone:
            return False
        try:
            if self._descriptor >= 0:
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                os.kill(self.pid, number)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the descriptor; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._gone = True


def marked_processes(session: str, *, but: Iterable[int] = (), proc: str = PROC) -> list[LiveProcess]:
    """Return the live processes with the mark of *session*; none if the system does not show environments.

    Args:
        session: Value of the mark.
        but: Processes to leave out.
        proc: The process file system.
    """
    mark = f"{MARK}={session}".encode()
    skipped = set(but)
    try:
        names = os.listdir(proc)
    except OSError:
        return []
    pids = [int(name) for name in names if name.isdigit() and int(name) not in skipped]
    return [LiveProcess(pid, name_of(pid, proc=proc)) for pid in sorted(pids) if _is_marked(pid, mark, proc=proc)]


def describe_survivors(survivors: list[LiveProcess]) -> str:
    """Return a sentence on the processes that outlive the training.

    Example:
        >>> describe_survivors([LiveProcess(71, "python"), LiveProcess(72, "sh")])
        '2 processes of the training outlive it and are not metered any more: 71 python, 72 sh'
    """
    named = ", ".join(f"{each.pid} {each.name}" for each in survivors[:_MOST_NAMED])
    more = f" and {len(survivors) - _MOST_NAMED} more" if len(survivors) > _MOST_NAMED else ""
    one = len(survivors) == 1
    return f"{len(survivors)} process{'' if one else 'es'} of the training outlive{'s' if one else ''} it and {'is' if one else 'are'} not metered any more: {named}{more}"


def send_all(number: int, processes: Iterable[LiveProcess]) -> None:
    """Send a signal to each of *processes*."""
    for each in processes:
        try:
            os.kill(each.pid, number)
        except OSError:
            continue


def has_handler(pid: int, number: int, *, proc: str = PROC) -> bool:
    """Return whether a process has its own handler for a signal; most signals end a process without one."""
    try:
        with open(f"{proc}/{pid}/status", encoding="ascii", errors="replace") as stream:
            caught = next((line for line in stream if line.startswith("SigCgt:")), "SigCgt: 0")
    except OSError:
        return False
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _is_marked(pid: int, mark: bytes, *, proc: str) -> bool:
    try:
        if mark not in read_bytes(f"{proc}/{pid}/environ").split(b"\0"):
            return False
    except OSError:
        return False
    stat = stat_of(pid, proc=proc)
    return stat is not None and not stat.has_ended


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _state(pid) != "Z"


def _state(pid: int) -> str:
    stat = stat_of(pid)
    return "" if stat is None else stat.state
