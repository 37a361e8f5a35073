"""One compaction of a store at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from traincarbon.errors import CarbonError
from traincarbon.ledger.store_access import file_mode

NAME = "compact.lock"


class BusyError(CarbonError):
    """Another process compacts the store."""


@contextmanager
def alone(store: str) -> Iterator[None]:
    """Hold the lock of a store, which the system releases if this process dies. Where the system has no locks, go on: a journal that is packed twice counts once.

    Raises:
        BusyError: another process holds it.
        CarbonError: the store cannot be written.
    """
    try:
        descriptor = os.open(os.path.join(store, NAME), os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0), file_mode(store))
    except OSError as error:
        raise CarbonError(f"cannot write in {store}: {error.strerror or error}", hint="is it yours, and the disk not full?") from error
    try:
        try:
            from fcntl import LOCK_EX, LOCK_NB, flock

            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another process compacts {store}", hint="wait until it has ended") from error
        except (ImportError, OSError):  # a system or a file server without locks
            pass
        yield
    finally:
        os.close(descriptor)
