"""Pass a command's output on unchanged, with a copy for the search for progress."""

import contextlib
import errno
import os
import select
import threading
from typing import TYPE_CHECKING

from traincarbon.blocked_signals import signals_blocked
from traincarbon.tracking.command.launch import pipe

if TYPE_CHECKING:
    from traincarbon.tracking.command.spawn import FileAction

_CHUNK_B = 1 << 16
_STREAMS = (1, 2)
_MOST_WAITING_B = 1 << 20
"""The largest buffer of a pipe."""


class OutputCopy:
    """Connects a command's output to its destination: through a terminal if that is one, else through a pipe.

    Output to one destination stays in order. The copy never blocks the command: lines that its reader does not take in time are dropped.

    Args:
        copy: The writing end of a non-blocking pipe for the copy.
    """

    def __init__(self, copy: int) -> None:
        self._copy = copy
        self._torn = False
        self._lock = threading.Lock()
        self._stop, self._stopped = pipe()
        self._channels: list[tuple[int, int]] = []
        """Pairs of a source to read and the target to write."""
        self._child_ends: list[int] = []
        self._threads: list[threading.Thread] = []
        self.actions: list[FileAction] = []
        """What ``os.posix_spawn`` has to do so that the command writes to this object."""
        opened: dict[tuple[int, int], int] = {}
        for stream in _STREAMS:
            try:
                status = os.fstat(stream)
            except OSError:
                continue  # closed, and it stays closed for the command
            destination = (status.st_dev, status.st_ino)
            if destination not in opened:
                opened[destination] = self._open(stream)
            self.actions.append((os.POSIX_SPAWN_DUP2, opened[destination], stream))

    def start(self) -> None:
        """Begin to pass output on, once the command is started."""
        for descriptor in self._child_ends:
            os.close(descriptor)
        self._child_ends.clear()
        for source, target in self._channels:
            thread = threading.Thread(target=self._pass_on, args=(source, target), daemon=True)
            with signals_blocked():
                thread.start()
            self._threads.append(thread)

    def resize(self) -> None:
        """Give the command's terminal the size of the user's."""
        for source, target in self._channels:
            if os.isatty(target):
                with contextlib.suppress(OSError):  # either may be closed
                    _copy_size(target, source)

    def close(self) -> None:
        """Pass on what the command has written and stop, without waiting for processes that outlive it."""
        os.close(self._stopped)
        for thread in self._threads:
            thread.join()
        for descriptor in (*self._child_ends, *(source for source, _ in self._channels), self._stop):
            os.close(descriptor)

    def _open(self, stream: int) -> int:
        if os.isatty(stream):
            source, theirs = os.openpty()
            _copy_size(stream, source)
            _keep_line_ends(theirs)
        else:
            source, theirs = pipe()
        self._channels.append((source, stream))
        self._child_ends.append(theirs)
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
                    _redirect_to_null(source)  # so that the command notices that the reader is gone
                    return
                self._copy_data(data)
            elif self._stop in ready:
                return
            if self._stop in ready:  # what the command wrote is in the pipe by now; other processes may never stop writing
                last_b -= len(data)

    def _copy_data(self, data: bytes) -> None:
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
        if error.errno in (errno.EIO, errno.EBADF):  # a terminal that every process has closed
            return b""
        raise


def _write(descriptor: int, data: bytes) -> bool:
    """Write all of *data*; return False if the reader is gone."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return False
    return True


def _redirect_to_null(descriptor: int) -> None:
    """Close what *descriptor* reads but keep its number in use, so that no other file gets it yet."""
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, descriptor, inheritable=False)
    os.close(null)


def _copy_size(terminal: int, other: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(other, termios.TIOCSWINSZ, fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8))


def _keep_line_ends(terminal: int) -> None:
    """Stop *terminal* from translating line ends, as the user's terminal does it."""
    import termios

    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
