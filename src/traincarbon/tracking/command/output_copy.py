"""A command's output passed on unchanged while a copy goes to whoever looks for progress in it."""

import contextlib
import errno
import os
import select
import threading
from typing import Any

from traincarbon.tracking.command.launch import pipe

_CHUNK_B = 1 << 16
_STREAMS = (1, 2)
_MOST_WAITING_B = 1 << 20
"""What a pipe holds at most."""


class Relay:
    """Stands between a command and where its output goes: a terminal behind a terminal, a pipe behind all else.

    Output that goes to one place stays in order. The copy never holds the command up: what its reader does not take in time is left out, line by line.

    Args:
        copy: The writing end of a pipe for the copy, which does not block.
    """

    def __init__(self, copy: int) -> None:
        self._copy = copy
        self._torn = False
        self._lock = threading.Lock()
        self._stop, self._stopped = pipe()
        self._channels: list[tuple[int, int]] = []
        """What to read, and where to write it."""
        self._theirs: list[int] = []
        self._threads: list[threading.Thread] = []
        self.actions: list[Any] = []
        """What a spawned command has to do to write to us."""
        opened: dict[tuple[int, int], int] = {}
        for stream in _STREAMS:
            try:
                status = os.fstat(stream)
            except OSError:
                continue  # closed, and so it stays for the command
            place = (status.st_dev, status.st_ino)
            if place not in opened:
                opened[place] = self._open(stream)
            self.actions.append((os.POSIX_SPAWN_DUP2, opened[place], stream))

    def start(self) -> None:
        """Begin to pass on, now that the command has its ends."""
        for descriptor in self._theirs:
            os.close(descriptor)
        self._theirs.clear()
        for source, target in self._channels:
            thread = threading.Thread(target=self._pass_on, args=(source, target), daemon=True)
            thread.start()
            self._threads.append(thread)

    def resize(self) -> None:
        """Tell the command's terminal the size of ours."""
        for source, target in self._channels:
            if os.isatty(target):
                with contextlib.suppress(OSError):  # either may be gone
                    _copy_size(target, source)

    def close(self) -> None:
        """Pass on what the command has written and stop; what processes that outlive it write is not waited for."""
        os.close(self._stopped)
        for thread in self._threads:
            thread.join()
        for descriptor in (*self._theirs, *(source for source, _ in self._channels), self._stop):
            os.close(descriptor)

    def _open(self, stream: int) -> int:
        if os.isatty(stream):
            source, theirs = os.openpty()
            _copy_size(stream, source)
            _leave_line_ends(theirs)
        else:
            source, theirs = pipe()
        self._channels.append((source, stream))
        self._theirs.append(theirs)
        return theirs

    def _pass_on(self, source: int, target: int) -> None:
        waiter = select.poll()
        waiter.register(source, select.POLLIN)
        waiter.register(self._stop, select.POLLIN)
        last_b = _MOST_WAITING_B
        while last_b > 0:
            ready = dict(waiter.poll())
            if source in ready:
                data = _read(source)
                if not data or not _write(target, data):
                    _point_at_nothing(source)  # as the reader has gone, so the command is told
                    return
                self._tap(data)
            elif self._stop in ready:
                return
            if self._stop in ready:  # what the command wrote is in the pipe by now; others may write for ever
                last_b -= len(data)

    def _tap(self, data: bytes) -> None:
        with self._lock:
            data = b"\n" + data if self._torn else data
            try:
                self._torn = os.write(self._copy, data) < len(data)
            except OSError:
                self._torn = True


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK_B)
    except OSError as error:
        if error.errno in (errno.EIO, errno.EBADF):  # a terminal that all have left
            return b""
        raise


def _write(descriptor: int, data: bytes) -> bool:
    """Write all of *data*; return whether anybody takes it."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return False
    return True


def _point_at_nothing(descriptor: int) -> None:
    """Let go of what *descriptor* reads and keep its number, which another would bear before we are done with it."""
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def _copy_size(terminal: int, other: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(other, termios.TIOCSWINSZ, fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8))


def _leave_line_ends(terminal: int) -> None:
    """The terminal behind ends the lines; this one leaves them."""
    import termios

    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
