"""The pipe on which a script reports to the tracker: what names it in the environment, and how a line is written to it without ever waiting."""

import json
import os
from collections.abc import Mapping

VARIABLE = "CARBON_PROGRESS_FD"
"""The environment variable with the descriptor to which a script writes reports, one JSON object a line."""
IDENTITY = "CARBON_PROGRESS_PIPE"
"""The environment variable with device and inode of that descriptor, which tell our pipe from a later file of the same number."""


def send(reported: Mapping[str, object]) -> None:
    """Send a report to the tracker, if there is one; it is dropped if the pipe is full or closed."""
    named = os.environ.get(VARIABLE)
    if named is not None and reported:
        _send(named, os.environ.get(IDENTITY, ""), f"{json.dumps(reported)}\n".encode())


def environment_of(descriptor: int) -> dict[str, str]:
    """Return the variables with which a child finds the *descriptor* that it inherits, the writing end of a pipe."""
    return {VARIABLE: str(descriptor), IDENTITY: _identity(os.fstat(descriptor))}


def _send(named: str, identity: str, line: bytes) -> None:
    """Write the whole *line* or nothing, and only to our own pipe or socket."""
    import stat

    try:
        descriptor = int(named)
        status = os.fstat(descriptor)
        is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
        if is_pipe and identity in ("", _identity(status)) and _is_writable(descriptor):
            os.set_blocking(descriptor, False)
            os.write(descriptor, line)
    except (OSError, ValueError, OverflowError):
        return


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
