"""Files of a sweep while they are written: each is locked, so that what killed processes left is told apart from what another one writes."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from os import path
from typing import BinaryIO

from traincarbon.files import unfinished_file

HINT = "name a file in a folder that you may write to, on a disk with room: what was computed is kept"
_ENDING = ".unfinished"


@contextmanager
def written_whole(folder: str, file: str, place: Callable[[str], object]) -> Iterator[BinaryIO]:
    """Open a new file in *folder* for what *file* will hold, and call *place* to move it there when it is whole.

    Raises:
        CarbonError: it cannot be written or moved.
    """
    unfinished = path.join(folder, f"{secrets.token_hex(8)}{_ENDING}")
    with ExitStack() as held, unfinished_file(unfinished, place, file=file, hint=HINT) as stream:
        lock = os.dup(stream.fileno())  # *stream* is closed before the file is moved, and the lock holds until after that
        held.callback(os.close, lock)
        with suppress(OSError):  # without locks, files that a killed process left stay
            _lock(lock)
        yield stream


def remove_abandoned(folder: str) -> bool:
    """Remove the files in *folder* that no process writes any more, and return whether none are left that one may write.

    Where the system or the file server has no locks, all stay.
    """
    left = 0
    for file in _unfinished_in(folder):
        try:
            _remove(file)
        except FileNotFoundError:
            continue
        except OSError:
            left += 1
    return not left


def remove_folder(folder: str) -> None:
    """Remove *folder* with all that is in it, unless a process still writes there: that one removes it when it is done."""
    if remove_abandoned(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _unfinished_in(folder: str) -> list[str]:
    try:
        return [path.join(folder, name) for name in os.listdir(folder) if name.endswith(_ENDING)]
    except OSError:
        return []


def _remove(file: str) -> None:
    """Remove a *file*.

    Raises:
        OSError: a process writes it, or it cannot be locked or removed.
    """
    descriptor = os.open(file, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        _lock(descriptor)
        os.unlink(file)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError as error:
        raise OSError("this system has no locks") from error
    flock(descriptor, LOCK_EX | LOCK_NB)
