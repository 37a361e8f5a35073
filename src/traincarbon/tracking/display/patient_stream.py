"""A stream to a terminal or a pipe that may not be read for a while: nothing waits for it longer than asked."""

import os
import select
import stat
import time
from contextlib import suppress
from typing import TextIO

_MOST_B = 1 << 16
"""The most that waits for a reader; later text is dropped."""
_CHUNK_B = 512
"""A pipe that has room at all has room for this much."""


class PatientStream:
    """Writes what there is room for, and keeps the rest until the next write.

    A terminal or a pipe is opened once more, as only an open file of its own can be made non-blocking without changing that of the training.

    Args:
        stream: Where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._unsent = b""
        self._descriptor: int | None = None
        self._blocks = True

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "ascii"

    @property
    def is_busy(self) -> bool:
        """Whether earlier text still waits for a reader."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._stream.isatty()

    def write(self, text: str) -> int:
        """Take *text*, unless too much waits already; :meth:`flush` writes it."""
        if len(self._unsent) < _MOST_B:
            self._unsent += text.encode(self.encoding, "replace")
        return len(text)

    def flush(self) -> None:
        """Write what there is room for now.

        Raises:
            OSError: nobody can read it any more; it is dropped.
        """
        self.send(wait_s=0.0)

    def send(self, *, wait_s: float) -> bool:
        """Write, and wait for room no longer than *wait_s*; return whether everything was written.

        Raises:
            OSError: nobody can read it any more; it is dropped.
        """
        try:
            descriptor = self._opened()
        except (OSError, ValueError, AttributeError):  # a stream without a file, as of a notebook or a test
            text, self._unsent = self._unsent.decode(self.encoding, "replace"), b""
            self._stream.write(text)
            self._stream.flush()
            return True
        until_s = time.monotonic() + wait_s
        try:
            while self._unsent:
                if not select.select([], [descriptor], [], max(until_s - time.monotonic(), 0.0))[1]:
                    return False
                with suppress(BlockingIOError):
                    self._unsent = self._unsent[os.write(descriptor, self._unsent[: _CHUNK_B if self._blocks else None]) :]
        except OSError:
            self._unsent = b""
            raise
        return True

    def close(self) -> None:
        """Drop what still waits, and close what this object opened; safe to call twice."""
        self._unsent = b""
        if self._descriptor is not None and not self._blocks:
            os.close(self._descriptor)
        self._descriptor, self._blocks = None, True

    def _opened(self) -> int:
        """Return the descriptor to write to."""
        if self._descriptor is None:
            given = self._stream.fileno()
            self._descriptor = given
            if os.isatty(given) or stat.S_ISFIFO(os.fstat(given).st_mode):
                with suppress(OSError):  # a terminal of another user, or no file system that shows descriptors
                    self._descriptor = os.open(f"/proc/self/fd/{given}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
                    self._blocks = False
        return self._descriptor
