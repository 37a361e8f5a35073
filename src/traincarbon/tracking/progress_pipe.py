"""The pipe on which a script reports to the tracker: what names it in the environment, and how a line is written to it without ever waiting."""

import json
import os
import sys
from collections.abc import Mapping, Sequence

VARIABLE = "CARBON_PROGRESS_FD"
"""The environment variable with the descriptor to which a script writes reports, one JSON object a line."""
IDENTITY = "CARBON_PROGRESS_PIPE"
"""The environment variable with device and inode of that descriptor, which tell our pipe from a later file of the same number."""
_OUTBOX = "traincarbon.tracking.phase_outbox"


def flush_phases() -> None:
    """Send what this process has to say of its phases now, so that counts that follow belong to the phase in which they were reached."""
    if (phases := sys.modules.get(_OUTBOX)) is not None:  # it is slow to import, and most scripts name no phases
        phases.flush_own()


def send(reported: Mapping[str, object]) -> None:
    """Send a report to the tracker, if there is one; it is dropped if the pipe is full or closed."""
    if reported:
        send_lines([reported])


def send_lines(reports: Sequence[Mapping[str, object]]) -> bool:
    """Send reports to the tracker in one piece; return whether the pipe took them: all or none, and it does if there is no tracker."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return True
    return _send(named, os.environ.get(IDENTITY, ""), "".join(f"{json.dumps(reported)}\n" for reported in reports).encode())


def environment_of(descriptor: int) -> dict[str, str]:
    """Return the variables with which a child finds the *descriptor* that it inherits, the writing end of a pipe."""
    return {VARIABLE: str(descriptor), IDENTITY: _identity(os.fstat(descriptor))}


def _send(named: str, identity: str, lines: bytes) -> bool:
    """Write the whole of *lines* or nothing, and only to our own pipe or socket; return whether it was written."""
    import stat

    try:
        descriptor = int(named)
        status = os.fstat(descriptor)
        is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
        if is_pipe and identity in ("", _identity(status)) and _is_writable(descriptor):
            os.set_blocking(descriptor, False)
            return os.write(descriptor, lines) == len(lines)
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _is_writable(descriptor: int) -> bool:
    """Return whether the pipe has a reader and room, so that a write neither fails nor raises a signal."""
    import select

    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll.poll(0) == [(descriptor, select.POLLOUT)]


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"
