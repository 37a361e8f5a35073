"""What a test leaves in the process that runs it: open descriptors and child processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Fail where a descriptor or a child process is there afterwards that was not there before; what other tests left is not counted."""
    before = _descriptors() | _children()
    yield
    assert _descriptors() | _children() <= before


def _descriptors() -> set[str]:
    """Return each open descriptor with what it refers to, without that of the listing itself."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found.add(f"{name} is {os.readlink(f'/proc/self/fd/{name}')}")
    return found


def _children() -> set[str]:
    """Return the child processes, also those that ended and were not waited for."""
    return {f"{child.pid} is a child" for child in psutil.Process().children()}
