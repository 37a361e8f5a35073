"""Reading files whose size and kind are not known: no more than a limit, and nothing that blocks."""

import os
import stat
from typing import BinaryIO

MOST_TEXT_B = 4_000_000
"""The most that is read of a file of settings or facts."""


def read_limited(file: str | os.PathLike[str], *, most_b: int = MOST_TEXT_B) -> bytes:
    """Return the content of a *file*, which may be a pipe or a device.

    Raises:
        OSError: it cannot be read.
        ValueError: it is longer than *most_b*.
    """
    with open(file, "rb") as stream:
        content = stream.read(most_b + 1)
    if len(content) > most_b:
        raise ValueError(f"it is larger than {most_b / 1e6:g} MB")
    return content


def open_regular(file: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading, but no pipe or device, which could block for ever or have no end.

    Raises:
        OSError: it is neither a file nor a link to one, or cannot be opened.
    """
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    stream = open(descriptor, "rb")  # noqa: SIM115  the caller closes it
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        stream.close()
        raise OSError("it is a folder, a pipe or a device, not a file")
    return stream
