"""Messages between the process that was asked to track and the one that meters: lines of JSON over two pipes."""

import json
import os
import select
import signal
import time
from typing import Any

_CHUNK_B = 1 << 16
_LONGEST_B = 1 << 22
"""A line beyond this is none of ours."""


class Wire:
    """One end of the connection. Nothing here waits, but where it is asked to, or raises: what does not fit is dropped, an end that is gone reads as the end.

    A training may close descriptors that it does not know, and open others that come to bear their numbers: those are left alone.

    Args:
        reads: Descriptor of the pipe to read from.
        writes: Descriptor of the pipe to write to.
    """

    def __init__(self, reads: int, writes: int) -> None:
        for descriptor in (reads, writes):
            os.set_blocking(descriptor, False)
        self._reads, self._writes = reads, writes
        self._ours = {descriptor: inode(descriptor) for descriptor in (reads, writes)}
        self._received = b""
        self._unsent = b""
        self._put_back: list[dict[str, Any]] = []
        self.ended = False
        """Whether the other side is gone."""

    @property
    def lost(self) -> bool:
        """Whether somebody else closed this end, so that nothing can be told any more."""
        return self._writes >= 0 and not self._holds(self._writes)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reads

    def send(self, kind: str, *, keep: bool = False, **fields: Any) -> bool:
        """Send a message of *kind*; return whether it is on its way.

        Args:
            kind: What it is about.
            keep: Whether it has to arrive: it then waits for room, which :meth:`receive` and :meth:`flush` look for. Another that does not fit
                behind what the other side has yet to read is dropped.
            fields: What it says.
        """
        if not self._push() and not keep:
            return False
        before = self._unsent
        self._unsent += json.dumps({"kind": kind, **fields}, separators=(",", ":"), default=str).encode("ascii") + b"\n"
        whole = len(self._unsent)
        if not self._push() and not keep and len(self._unsent) == whole:  # nothing of it has gone, so that all of it can be dropped
            self._unsent = before
            return False
        return True

    def flush(self, *, wait_s: float) -> bool:
        """Wait until all is handed over, *wait_s* at most; return whether it was."""
        until_s = time.monotonic() + wait_s
        while not self._push():
            left_s = until_s - time.monotonic()
            if left_s <= 0.0:
                return False
            waiter = select.poll()
            waiter.register(self._writes, select.POLLOUT)
            waiter.poll(left_s * 1e3)
        return True

    def wait(self, *, wait_s: float) -> None:
        """Wait until there is something to receive, or the other side has gone, *wait_s* at most."""
        waiter = select.poll()
        waiter.register(self._reads, select.POLLIN)
        waiter.poll(max(wait_s, 0.0) * 1e3)

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that have arrived; :attr:`ended` tells whether more can follow."""
        self._push()
        self.ended = self.ended or not self._holds(self._reads)
        while not self.ended:
            try:
                data = os.read(self._reads, _CHUNK_B)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.ended = not data
            self._received += data
        *lines, self._received = self._received.split(b"\n")
        if len(self._received) > _LONGEST_B:
            self._received = b""
        earlier, self._put_back = self._put_back, []
        return earlier + [message for line in lines if isinstance(message := _parsed(line), dict) and "kind" in message]

    def announce(self) -> None:
        """Have the system send this process a SIGIO whenever something arrives, where it can."""
        import fcntl

        try:
            fcntl.fcntl(self._reads, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(self._reads, fcntl.F_SETFL, fcntl.fcntl(self._reads, fcntl.F_GETFL) | os.O_ASYNC)
        except (OSError, AttributeError):
            return

    def put_back(self, messages: list[dict[str, Any]]) -> None:
        """Let *messages* be received again."""
        self._put_back = messages + self._put_back

    def close(self) -> None:
        """Hang up; safe to call twice."""
        for descriptor in (self._reads, self._writes):
            if self._holds(descriptor):
                os.close(descriptor)
        self._reads = self._writes = -1
        self._unsent = b""
        self.ended = True

    def _push(self) -> bool:
        """Hand over what is waiting; return whether all of it went."""
        if self._unsent and not self._holds(self._writes):
            self._unsent = b""
        while self._unsent:
            try:
                self._unsent = self._unsent[_written(self._writes, self._unsent) :]
            except BlockingIOError:
                return False
            except OSError:
                self._unsent = b""
        return True

    def _holds(self, descriptor: int) -> bool:
        return descriptor >= 0 and self._ours[descriptor] == inode(descriptor)


def inode(descriptor: int) -> tuple[int, int] | None:
    """Return what tells an open file from another that comes to bear its number, None where none is open."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _written(descriptor: int, data: bytes) -> int:
    """Write what there is room for; a reader that is gone is an error, not the signal by which it ends a training that took the default back."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGPIPE,))
    try:
        return os.write(descriptor, data)
    except BrokenPipeError:
        signal.sigtimedwait((signal.SIGPIPE,), 0.0)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
