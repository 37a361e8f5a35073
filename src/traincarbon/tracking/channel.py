"""A two-way channel between the owner of a run and its metering process: messages over two pipes."""

import os
import select
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traincarbon.tracking.messages import Message

_CHUNK_B = 1 << 16
_LONGEST_B = 1 << 22
"""A longer line is not a message."""


class Channel:
    """One end of the channel. It never blocks unless asked to, and never raises: messages that do not fit are dropped, a closed peer reads as end of stream.

    A training may close descriptors that it does not know, and open files that get the same numbers. The channel leaves those files alone.

    Args:
        reads: Descriptor of the pipe to read from.
        writes: Descriptor of the pipe to write to.
        received: What another process has read from it before.
    """

    def __init__(self, reads: int, writes: int, *, received: bytes = b"") -> None:
        for descriptor in (reads, writes):
            os.set_blocking(descriptor, False)
        self._reads, self._writes = reads, writes
        self._ours = {descriptor: inode(descriptor) for descriptor in (reads, writes)}
        self._received = received
        self._unsent = b""
        self._put_back: list[Message] = []
        self.ended = False
        """Whether the other end is closed."""

    @property
    def lost(self) -> bool:
        """Whether other code closed this end, so that nothing can be sent any more."""
        return self._writes >= 0 and not self._holds(self._writes)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reads

    def send(self, message: "Message", *, keep: bool = False) -> bool:
        """Send *message*; return False if it was dropped.

        Args:
            message: What to send.
            keep: Whether it must arrive: it then waits for room, and :meth:`receive` and :meth:`flush` retry. Other messages are dropped
                if they do not fit into the pipe.
        """
        from traincarbon.tracking.messages import to_line  # here, as the decoder takes time that the start of the metering process does not have

        if not self._push() and not keep:
            return False
        before = self._unsent
        self._unsent += to_line(message)
        whole = len(self._unsent)
        if not self._push() and not keep and len(self._unsent) == whole:  # nothing was written, so the whole message can be dropped
            self._unsent = before
            return False
        return True

    def flush(self, *, wait_s: float) -> bool:
        """Wait until everything is written, *wait_s* at most; return whether it is."""
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
        """Wait until there is something to receive or the other end is closed, *wait_s* at most."""
        waiter = select.poll()
        waiter.register(self._reads, select.POLLIN)
        waiter.poll(max(wait_s, 0.0) * 1e3)

    def receive(self) -> "list[Message]":
        """Return the messages that have arrived, without malformed ones; :attr:`ended` tells whether more can follow."""
        from traincarbon.tracking.messages import from_line

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
        return earlier + [message for line in lines if (message := from_line(line)) is not None]

    def signal_arrivals(self) -> None:
        """Ask the system to send this process a SIGIO whenever something arrives, if it can."""
        import fcntl

        try:
            fcntl.fcntl(self._reads, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(self._reads, fcntl.F_SETFL, fcntl.fcntl(self._reads, fcntl.F_GETFL) | os.O_ASYNC)
        except (OSError, AttributeError):
            return

    def put_back(self, messages: "list[Message]") -> None:
        """Return *messages* from the next :meth:`receive`."""
        self._put_back = messages + self._put_back

    def unread(self) -> bytes:
        """Return what has arrived and was not taken by :meth:`receive`, for another process that goes on with this end."""
        from traincarbon.tracking.messages import to_line

        return b"".join(map(to_line, self._put_back)) + self._received

    def close(self) -> None:
        """Close this end; safe to call twice."""
        for descriptor in (self._reads, self._writes):
            if self._holds(descriptor):
                os.close(descriptor)
        self._reads = self._writes = -1
        self._unsent = b""
        self.ended = True

    def _push(self) -> bool:
        """Write what is waiting; return whether everything was written."""
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
    """Return device and inode, which tell an open file from a later one with the same descriptor; None if it is closed."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _written(descriptor: int, data: bytes) -> int:
    """Write as much as fits; a closed reader is an error and not a SIGPIPE, which would end a training that restored its default handler."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGPIPE,))
    try:
        return os.write(descriptor, data)
    except BrokenPipeError:
        signal.sigtimedwait((signal.SIGPIPE,), 0.0)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
