"""Whose turn it is to replace a metering process that was killed: one process of the run on this node starts first.

All ranks of a node notice at once that it is gone. If all of them started a process at once, the first to meter would have to share the processor with all others.
Once one meters, the others start side by side and hand over to it.
"""

import fcntl
import os
import time
from contextlib import suppress

from traincarbon.procfs import stat_of
from traincarbon.tracking.sidecar.runtime_folder import runtime_folder

_LONGEST_S = 2.0
"""Longest wait: the one before may hang."""
_PAUSE_S = 0.01
_LONGEST_B = 20


def turn_file(run_id: str, store: str) -> str:
    """Return the file whose lock is the turn of the processes of a run on this node, "" if there is no place for it."""
    from _blake2 import blake2s  # hashlib loads OpenSSL, which takes time and memory

    folder = runtime_folder()
    key = blake2s(f"{run_id}\0{store}".encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    return "" if folder is None else os.path.join(folder, f"{key}.turn")


def take_turn(file: str) -> int:
    """Wait until no other process is starting, two seconds at most; return the descriptor that holds the turn, -1 if another process meters already."""
    if not file:
        return -1
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return -1
    until_s = time.monotonic() + _LONGEST_S
    while time.monotonic() < until_s:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        except OSError:  # a file system without locks
            break
        else:
            if _meters(os.pread(descriptor, _LONGEST_B, 0)):
                break
            return descriptor
    os.close(descriptor)
    return -1


def end_turn(descriptor: int) -> None:
    """Let the other processes start, as this one meters now."""
    if descriptor >= 0:
        with suppress(OSError):
            os.pwrite(descriptor, b"%-20d" % os.getpid(), 0)
        os.close(descriptor)


def _meters(written: bytes) -> bool:
    """Return whether the process lives that wrote its number when it began to meter."""
    number = written.strip()
    stat = stat_of(int(number)) if number.isdigit() else None
    return stat is not None and not stat.has_ended
