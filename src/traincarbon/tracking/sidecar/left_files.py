"""Files that killed processes leave in the folder in which metering processes find each other."""

import os
import time
from contextlib import suppress

from traincarbon.tracking.sidecar.runtime_folder import runtime_folder

_KEPT_S = 30 * 86400.0
"""No process of a run goes on with what another left so long ago."""
_WITH_A_LOCK = (".sock", ".session")
"""Files that belong to the holder of a lock."""


def remove_left_files(*, turn: str = "") -> None:
    """Remove the *turn* of a run that has ended here, and what other runs left a month ago, unless a living process holds it.

    A process that ends removes its own files; one that is killed cannot, and a folder of a machine that runs for years would fill up.
    It never raises.
    """
    folder = runtime_folder()
    if folder is None:
        return
    with suppress(OSError):
        if turn:
            os.unlink(turn)
    with suppress(OSError):
        names = set(os.listdir(folder))
        for name in names:
            stem, ending = os.path.splitext(name)
            belongs = [f"{stem}{each}" for each in _WITH_A_LOCK if f"{stem}{each}" in names] if ending == ".lock" else []
            is_alone = ending in _WITH_A_LOCK and f"{stem}.lock" not in names
            if ending in (".lock", ".turn") or is_alone:
                _remove([os.path.join(folder, each) for each in (*belongs, name)], is_locked=not is_alone)


def _remove(files: list[str], *, is_locked: bool) -> None:
    """Remove files that are all old. If *is_locked*, the last one is a lock: it must be free, and is removed while it is held."""
    with suppress(OSError):
        if time.time() - max(os.lstat(file).st_mtime for file in files) < _KEPT_S:
            return
        descriptor = _held(files[-1]) if is_locked else -1
        try:
            for file in files:
                os.unlink(file)
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _held(lock: str) -> int:
    """Return the descriptor of a lock that was taken.

    Raises:
        OSError: another process holds it.
    """
    import fcntl

    descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
