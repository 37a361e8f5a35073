"""Files of a sweep while they are written: each is locked, and named after its machine, so that what killed processes left is told apart from what another one writes."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from os import path
from typing import BinaryIO

from traincarbon.files import unfinished_file
from traincarbon.ledger.store_folder import host_name
from traincarbon.quantities import S_PER_DAY

HINT = "name a file in a folder that you may write to, on a disk with room: what was computed is kept"
UNIT = ".arrow"
"""How the name of a unit ends that waits to be joined."""
_ENDING = ".unfinished"
_NODE_LETTERS = 12


class _TakenAway(Exception):  # noqa: N818  no error, but a turn of a loop
    """Another process removed a new file before it was locked."""


@contextmanager
def written_whole(folder: str, file: str, place: Callable[[str], object]) -> Iterator[BinaryIO]:
    """Open a new file in *folder* for what *file* will hold, and call *place* to move it there when it is whole.

    Raises:
        CarbonError: it cannot be written or moved.
    """
    while True:
        unfinished = path.join(folder, f"{_node()}-{secrets.token_hex(8)}{_ENDING}")
        with suppress(_TakenAway), ExitStack() as held, unfinished_file(unfinished, place, file=file, hint=HINT) as stream:
            lock = os.dup(stream.fileno())  # *stream* is closed before the file is moved, and the lock holds until after that
            held.callback(os.close, lock)
            with suppress(OSError):  # without locks, only its age tells what a killed process left
                _lock(lock, waits=True)
            if not path.exists(unfinished):
                raise _TakenAway
            yield stream
            return


def remove_abandoned(folder: str) -> bool:
    """Remove the files in *folder* that no process writes any more, and return whether none are left that one may write.

    A lock may hold on its own machine only, and some systems and file servers have none: a file of another machine, and one that cannot be locked, must not have changed for a day.
    """
    left = 0
    for file in _files_in(folder, _ENDING):
        try:
            _remove(file)
        except FileNotFoundError:
            continue
        except OSError:
            left += 1
    return not left


def remove_folder(folder: str) -> None:
    """Remove *folder*, whose units are joined, but for files that a process still writes: that one removes it when it is done."""
    if remove_abandoned(folder):
        shutil.rmtree(folder, ignore_errors=True)
    for unit in _files_in(folder, UNIT):
        with suppress(OSError):
            os.unlink(unit)


def _node() -> str:
    """Return what tells this machine apart from others, without its name."""
    return sha256(host_name().encode("utf-8", "surrogateescape")).hexdigest()[:_NODE_LETTERS]


def _files_in(folder: str, ending: str) -> list[str]:
    try:
        return [path.join(folder, name) for name in os.listdir(folder) if name.endswith(ending)]
    except OSError:
        return []


def _remove(file: str) -> None:
    """Remove a *file*.

    Raises:
        OSError: a process writes it, or may write it, or it cannot be removed.
    """
    descriptor = os.open(file, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        is_old = abs(time.time() - os.fstat(descriptor).st_mtime) > S_PER_DAY
        try:
            _lock(descriptor)
        except BlockingIOError:
            raise
        except OSError:
            if not is_old:
                raise
        if not is_old and not path.basename(file).startswith(f"{_node()}-"):
            raise PermissionError(None, "a process on another machine may write it", file)
        os.unlink(file)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, waits: bool = False) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError as error:
        raise OSError("this system has no locks") from error
    flock(descriptor, LOCK_EX | (0 if waits else LOCK_NB))
