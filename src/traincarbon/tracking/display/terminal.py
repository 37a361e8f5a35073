"""The bottom rows of a terminal, separated from other output by a scroll region that ends above them.

Other output to the terminal (by the training, its progress bars, the shell) is neither read nor delayed. Each frame is one
``write``, which the kernel does not mix with other writes, and restores cursor and colours.
"""

import contextlib
import os
import select
import threading
from collections.abc import Sequence
from typing import Protocol, TextIO

from traincarbon.tracking.display.patient_stream import PatientStream

LEAST_COLUMNS = 60
LEAST_ROWS = 12
"""A smaller terminal has no room for the rows beside the training's output."""

_INCAPABLE = ("", "dumb", "unknown", "emacs")
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_PLAIN = "\x1b[0m"
_WHOLE_SCREEN = "\x1b[r"
_ERASE_BELOW = "\x1b[J"
_DOWN = "\x1bD"
"""Move down a row in the same column and scroll at the bottom; a line feed may go to the first column."""
_FRAME_WAIT_S = 0.02
"""How long a frame waits for a busy terminal before it is dropped. [s]"""
_LAST_WAIT_S = 0.5
"""How long the last write waits for a blocked terminal, as after Ctrl-S. [s]"""


class Stream(Protocol):
    """A stream with a file descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


def size_of(stream: Stream) -> os.terminal_size | None:
    """Return columns and rows of the terminal behind *stream*; None if it is not a terminal or its size is unknown."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return size if size.columns > 0 and size.lines > 0 else None


def is_capable(stream: Stream) -> bool:
    """Return whether the terminal behind *stream* has scroll regions and enough room."""
    size = size_of(stream)
    known = os.environ.get("TERM", "") not in _INCAPABLE and hasattr(os, "tcgetpgrp")
    return known and size is not None and size.columns >= LEAST_COLUMNS and size.lines >= LEAST_ROWS


def restore_terminal(terminal: str, undo: str) -> None:
    """Restore a terminal whose owner was killed; do nothing if it is closed or blocked.

    Args:
        terminal: Its file, as ``/dev/pts/3``.
        undo: The escape sequence of :meth:`BottomRows.undo`.
    """
    try:
        descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return
    with contextlib.suppress(OSError):
        os.write(descriptor, undo.encode("ascii"))
    os.close(descriptor)


class BottomRows:
    """The bottom rows of a terminal, to draw on; safe to use from several threads.

    No method raises, and only :meth:`release` may wait for longer than a moment, half a second at most. A terminal that is blocked, closed or
    used by another job is left alone.

    Args:
        stream: Any stream to the terminal.
        group: Another process group that may hold the terminal, as the training's.
    """

    def __init__(self, stream: TextIO | PatientStream, *, group: int | None = None) -> None:
        self._stream = stream if isinstance(stream, PatientStream) else PatientStream(stream)
        self._group = group
        self._lock = threading.RLock()
        self._size: os.terminal_size | None = None
        self._rows = 0

    def draw(self, lines: Sequence[str]) -> bool:
        """Show *lines* in the bottom rows; return False if that is not possible now.

        The first frame reserves the rows, and a later one reserves them again if the terminal was resized or there are more lines.

        Args:
            lines: The lines, each shorter than the terminal is wide; they may set colours.
        """
        with self._lock:
            size = size_of(self._stream)
            if size is None or size.lines - len(lines) < 2 or not self._is_ours() or not self._is_ready(_FRAME_WAIT_S):
                return False
            if self._stream.is_busy and not self._write("", wait_s=_FRAME_WAIT_S):  # the rest of an earlier frame
                return False
            rows = max(len(lines), self._rows) if size == self._size else len(lines)
            frame = ""
            if (rows, size) != (self._rows, self._size):
                frame = self._released(size) + _DOWN * rows + f"\x1b[{rows}A"
            self._rows, self._size = rows, size
            self._write(frame + self._painted([""] * (rows - len(lines)) + list(lines)), wait_s=_FRAME_WAIT_S)
            return True

    def release(self, *, end: bool = False) -> None:
        """Release the rows and restore the cursor; the next frame reserves them again.

        Args:
            end: Whether this was the last frame: reset colours and show the cursor, which a killed training may have changed, and begin a
                new line if its output ended within one.
        """
        with self._lock:
            if self._rows and self._is_ours() and self._is_ready(_LAST_WAIT_S):
                size = size_of(self._stream)
                # as many blanks as columns reach the next line, unless they began at the start of a line
                fresh = f"{_PLAIN}\x1b[?25h{' ' * size.columns}\r\x1b[K" if end and size is not None else ""
                self._write(self._released(size) + fresh, wait_s=_LAST_WAIT_S)
                self._rows, self._size = 0, None

    def undo(self) -> bytes:
        """Return the escape sequence that releases the rows, for a process that outlives this one."""
        return self._released(self._size).encode() if self._rows else b""

    def _painted(self, lines: Sequence[str]) -> str:
        """Return the escape sequence that draws *lines*; it sets the region each time, as a program may have reset it."""
        assert self._size is not None
        top = self._size.lines - len(lines)
        rows = "".join(f"\x1b[{top + row};1H{_PLAIN}{line}{_PLAIN}\x1b[K" for row, line in enumerate(lines, 1))
        return f"{_SAVE}\x1b[1;{top}r{rows}{_RESTORE}"

    def _released(self, size: os.terminal_size | None) -> str:
        """Return the escape sequence that releases the rows; after a resize only the rows below the cursor are known to be ours."""
        if not self._rows or self._size is None:
            return ""
        if size != self._size:
            return f"{_SAVE}{_WHOLE_SCREEN}{_RESTORE}{_ERASE_BELOW}"
        rows = "".join(f"\x1b[{self._size.lines - row};1H\x1b[2K" for row in range(self._rows))
        return f"{_SAVE}{_PLAIN}{_WHOLE_SCREEN}{rows}{_RESTORE}"

    def _is_ours(self) -> bool:
        """Return whether this job is in the foreground: a background job may be stopped when it writes."""
        try:
            holder = os.tcgetpgrp(self._stream.fileno())
        except (OSError, ValueError):
            return True  # not a controlling terminal
        return holder in (os.getpgrp(), self._group)

    def _is_ready(self, wait_s: float) -> bool:
        try:
            return bool(select.select([], [self._stream.fileno()], [], wait_s)[1])
        except (OSError, ValueError):
            return False

    def _write(self, frame: str, *, wait_s: float) -> bool:
        """Write *frame* after what still waits; return whether all of it is on its way."""
        try:
            self._stream.write(frame)
            return self._stream.send(wait_s=wait_s)
        except (OSError, ValueError):
            return False
