"""The bottom rows of a terminal, kept apart from what others write to it: a scroll region ends above them.

Who else writes to the terminal (the training, its progress bars, the shell's line discipline) is neither read nor held up. Each frame is one
``write``, which the kernel does not mix with other writes, and puts cursor and colours back where it found them.
"""

import contextlib
import os
import select
import threading
from collections.abc import Sequence
from typing import Protocol

LEAST_COLUMNS = 60
LEAST_ROWS = 12
"""In a smaller terminal the rows would take from the training what it needs itself."""

_INCAPABLE = ("", "dumb", "unknown", "emacs")
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_PLAIN = "\x1b[0m"
_WHOLE_SCREEN = "\x1b[r"
_ERASE_BELOW = "\x1b[J"
_DOWN = "\x1bD"
"""Down a row in the same column, scrolling at the bottom; a line feed would go to the first column."""
_GLANCE_S = 0.02
"""How long a frame waits for a terminal that is busy with a burst of output, before it is left out."""
_PATIENCE_S = 2.0
"""How long the last write waits for a terminal that takes nothing, as after Ctrl-S."""


class Stream(Protocol):
    """What is asked of a stream: the descriptor behind it."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


def size_of(stream: Stream) -> os.terminal_size | None:
    """Return columns and rows of the terminal behind *stream*; None where there is none, or its size is not known."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return size if size.columns > 0 and size.lines > 0 else None


def is_capable(stream: Stream) -> bool:
    """Return whether the bottom rows of the terminal behind *stream* can be kept apart: it has scroll regions and room."""
    size = size_of(stream)
    known = os.environ.get("TERM", "") not in _INCAPABLE and hasattr(os, "tcgetpgrp")
    return known and size is not None and size.columns >= LEAST_COLUMNS and size.lines >= LEAST_ROWS


def give_back(terminal: str, undo: str) -> None:
    """Write what :meth:`BottomRows.undo` gave to a terminal whose owner was killed; nothing happens where it is gone or takes nothing.

    Args:
        terminal: Its file, as ``/dev/pts/3``.
        undo: What gives its rows back.
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

    Nothing here raises, and only giving the rows back waits for longer than a moment, two seconds at most: a terminal that takes no more, is in the hands of another
    job or is gone is left alone.

    Args:
        stream: Any stream to the terminal.
        group: A process group that may hold the terminal in our stead, as the training's; our own may always.
    """

    def __init__(self, stream: Stream, *, group: int | None = None) -> None:
        self._stream = stream
        self._group = group
        self._lock = threading.RLock()
        self._size: os.terminal_size | None = None
        self._rows = 0

    def draw(self, lines: Sequence[str]) -> bool:
        """Show *lines* in the bottom rows; return False where that could not be done now.

        The rows are taken from the terminal with the first frame, and anew when it has another size or more lines come.

        Args:
            lines: What to show, each shorter than the terminal is wide; they may set colours.
        """
        with self._lock:
            size = size_of(self._stream)
            if size is None or size.lines - len(lines) < 2 or not self._is_ours() or not self._is_ready(_GLANCE_S):
                return False
            rows = max(len(lines), self._rows) if size == self._size else len(lines)
            frame = ""
            if (rows, size) != (self._rows, self._size):
                frame = self._left(size) + _DOWN * rows + f"\x1b[{rows}A"
            self._rows, self._size = rows, size
            return self._write(frame + self._painted([""] * (rows - len(lines)) + list(lines)))

    def release(self, *, end: bool = False) -> None:
        """Give the rows back, the cursor where the others left it; the next frame takes them again.

        Args:
            end: Nothing will be drawn any more: drop the colours and show the cursor that a killed training may have left, and go to a line
                of its own where it left off within one.
        """
        with self._lock:
            if self._rows and self._is_ours() and self._is_ready(_PATIENCE_S):
                size = size_of(self._stream)
                # as many blanks as columns end in the next line, unless they began at the start of one
                fresh = f"{_PLAIN}\x1b[?25h{' ' * size.columns}\r\x1b[K" if end and size is not None else ""
                self._write(self._left(size) + fresh)
                self._rows, self._size = 0, None

    def undo(self) -> bytes:
        """Return what gives the rows back, for a process that outlives this one."""
        return self._left(self._size).encode() if self._rows else b""

    def _painted(self, lines: Sequence[str]) -> str:
        """Return what draws *lines*; the region is set each time, as a program may have reset it in between."""
        assert self._size is not None
        top = self._size.lines - len(lines)
        rows = "".join(f"\x1b[{top + place};1H{_PLAIN}{line}{_PLAIN}\x1b[K" for place, line in enumerate(lines, 1))
        return f"{_SAVE}\x1b[1;{top}r{rows}{_RESTORE}"

    def _left(self, size: os.terminal_size | None) -> str:
        """Return what undoes the rows that are taken; where the size changed only what lies below the cursor is known to be ours."""
        if not self._rows or self._size is None:
            return ""
        if size != self._size:
            return f"{_SAVE}{_WHOLE_SCREEN}{_RESTORE}{_ERASE_BELOW}"
        rows = "".join(f"\x1b[{self._size.lines - place};1H\x1b[2K" for place in range(self._rows))
        return f"{_SAVE}{_PLAIN}{_WHOLE_SCREEN}{rows}{_RESTORE}"

    def _is_ours(self) -> bool:
        """Return whether we are in the foreground: a job in the background that writes may be stopped for it."""
        try:
            holder = os.tcgetpgrp(self._stream.fileno())
        except (OSError, ValueError):
            return True  # not the terminal that jobs are controlled by
        return holder in (os.getpgrp(), self._group)

    def _is_ready(self, patience_s: float) -> bool:
        try:
            return bool(select.select([], [self._stream.fileno()], [], patience_s)[1])
        except (OSError, ValueError):
            return False

    def _write(self, frame: str) -> bool:
        data = frame.encode("utf-8", "replace")
        try:
            while data:
                try:
                    data = data[os.write(self._stream.fileno(), data) :]
                except BlockingIOError:  # the training made the terminal non-blocking, for us too
                    if not self._is_ready(_PATIENCE_S):
                        return False
        except (OSError, ValueError):
            return False
        return True
