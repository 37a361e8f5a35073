"""One process at a time changes the packs of a store."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from traincarbon.errors import CarbonError
from traincarbon.ledger.store_access import file_mode

NAME = "compact.lock"


class BusyError(CarbonError):
    """Another process changes the packs of the store."""


@contextmanager
def alone(store: str) -> Iterator[bool]:
    """Hold the lock of a store, which the system releases if this process dies. Give whether it is held: where the system has no locks, go on without.

    Raises:
        BusyError: another process holds it.
        CarbonError: the store cannot be written.
    """
    file, flags = os.path.join(store, NAME), getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | flags, file_mode(store))
        except PermissionError:  # another user of a shared store made it
            descriptor = os.open(file, os.O_RDONLY | flags)
    except OSError as error:
        raise CarbonError(f"cannot write in {store}: {error.strerror or error}", hint="is it yours, and the disk not full?") from error
    try:
        try:
            from fcntl import LOCK_EX, LOCK_NB, flock

            flock(descriptor, LOCK_EX | LOCK_NB)
            is_held = True
        except BlockingIOError as error:
            raise BusyError(f"another process changes the packs of {store}", hint="wait until it has ended") from error
        except (ImportError, OSError):  # a system or a file server without locks
            is_held = False
        yield is_held
    finally:
        os.close(descriptor)
