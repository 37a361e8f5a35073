"""Reading files whose size and kind are not known: no more than a limit, and nothing that blocks."""

import errno
import io
import os
import stat
import time
from typing import BinaryIO

MOST_TEXT_B = 4_000_000
"""The most that is read of a file of settings or facts."""
PATIENCE_S = 3.0
"""How long a named pipe may give nothing. [s]"""
_STEP_S = 0.02


def read_limited(file: str | os.PathLike[str], *, most_b: int = MOST_TEXT_B) -> bytes:
    """Return the content of a *file*, which may be a pipe or a device.

    Raises:
        OSError: it cannot be read, or is a named pipe into which nobody writes.
        ValueError: it is longer than *most_b*.
    """
    with open_input(file) as stream:
        content = stream.read(most_b + 1)
    if len(content) > most_b:
        raise ValueError(f"it is larger than {most_b / 1e6:g} MB")
    return content


def open_input(file: str | os.PathLike[str]) -> BinaryIO:
    """Open what a user names as an input: a file, a device, or a pipe, as a shell makes it of ``<(COMMAND)``.

    A named pipe that nobody writes into is not waited for: reading it is a ``TimeoutError`` after :data:`PATIENCE_S`.

    Raises:
        OSError: it cannot be opened, or is a folder or a socket.
    """
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(file))
        if stat.S_ISFIFO(mode) and not _is_inherited(file):
            return io.BufferedReader(_NamedPipe(descriptor))
        if hasattr(os, "set_blocking"):
            os.set_blocking(descriptor, True)
        return open(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def _is_inherited(file: str | os.PathLike[str]) -> bool:
    """Return whether a path names a pipe that this process was given, whose writer exists: ``/dev/stdin``, ``/dev/fd/63``."""
    return "/fd/pipe:" in os.path.realpath(file)


class _NamedPipe(io.RawIOBase):
    """A named pipe that is read with patience."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._has_writer = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the standard library allows any buffer
        """Read some bytes, none at the end.

        Raises:
            TimeoutError: nothing comes.
        """
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            try:
                content = os.read(self._descriptor, len(buffer))
            except BlockingIOError:
                self._has_writer = True
            else:
                self._has_writer = self._has_writer or bool(content)
                if self._has_writer:
                    buffer[: len(content)] = content
                    return len(content)
            time.sleep(_STEP_S)
        raise TimeoutError(f"it is a named pipe, and nothing was written into it for {PATIENCE_S:g} s")

    def close(self) -> None:
        """Close the pipe. It is safe to call twice."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


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
