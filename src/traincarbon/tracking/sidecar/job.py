"""The training as the metering process sees it: whether it lives, what it left behind, and how to bring it to an end."""

import os
import signal
from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.procfs import PROC, name_of, stat_of

MARK = "CARBON_SESSION"
"""The variable by which the processes of a training are told from all others, however they were started."""
RUN_ID = "CARBON_RUN_ID"
"""The variable that names the run to what a training starts."""

_MOST_NAMED = 5


class Left(NamedTuple):
    """A process of the training that is still there."""

    pid: int
    name: str


class Life:
    """Whether a process lives, without mistaking a later one of the same number for it.

    Args:
        pid: The process; it has to be alive, or a child that nobody has waited for.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = -1
        try:
            self._descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # no Linux, or it is gone already
            self._gone = not _is_there(pid)
        else:
            self._gone = False

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the process ends, -1 where the system has none."""
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
        """Whether it stands still by a signal."""
        return not self.gone and _state(self.pid) == "T"

    def send(self, number: int) -> bool:
        """Send it a signal; return whether it was there to receive it."""
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
        """Let go of the process; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._gone = True


def left_behind(session: str, *, but: Iterable[int] = (), proc: str = PROC) -> list[Left]:
    """Return the processes that carry the mark of *session*, wherever they have gone since; none where the system does not show.

    Args:
        session: Value of the mark.
        but: Processes that are not meant.
        proc: Where the system shows processes.
    """
    mark = f"{MARK}={session}".encode()
    skipped = set(but)
    try:
        names = os.listdir(proc)
    except OSError:
        return []
    pids = [int(name) for name in names if name.isdigit() and int(name) not in skipped]
    return [Left(pid, name_of(pid, proc=proc)) for pid in sorted(pids) if _is_marked(pid, mark, proc=proc)]


def told(left: list[Left]) -> str:
    """Return who is left in a few words.

    Example:
        >>> told([Left(71, "python"), Left(72, "sh")])
        '2 processes of the training outlive it and are not metered any more: 71 python, 72 sh'
    """
    named = ", ".join(f"{each.pid} {each.name}" for each in left[:_MOST_NAMED])
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    one = len(left) == 1
    return f"{len(left)} process{'' if one else 'es'} of the training outlive{'s' if one else ''} it and {'is' if one else 'are'} not metered any more: {named}{more}"


def send_all(number: int, left: Iterable[Left]) -> None:
    """Send a signal to each of the processes that are *left*."""
    for each in left:
        try:
            os.kill(each.pid, number)
        except OSError:
            continue


def catches(pid: int, number: int, *, proc: str = PROC) -> bool:
    """Say whether a process handles a signal itself; without a handler most signals just end it."""
    try:
        with open(f"{proc}/{pid}/status", encoding="ascii", errors="replace") as stream:
            caught = next((line for line in stream if line.startswith("SigCgt:")), "SigCgt: 0")
    except OSError:
        return False
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _is_marked(pid: int, mark: bytes, *, proc: str) -> bool:
    try:
        with open(f"{proc}/{pid}/environ", "rb") as stream:
            if mark not in stream.read().split(b"\0"):
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
