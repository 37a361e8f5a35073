"""Files of a store that may hang, as on a file server that is down, written in a thread so that metering never waits long for them."""

import errno
from collections.abc import Callable, Sequence

from traincarbon.helper_thread import HelperThread
from traincarbon.ledger.appended_file import Appended

_WAIT_S, _READ_S = 0.5, 5.0


class PatientFile:
    """Writes to *file* in a thread, and gives up a line that takes too long: the line may still arrive later.

    The thread waits for the next line, as starting one for each would take ten times as long as writing it.

    Args:
        file: What to write to.
        wait_s: The longest time to wait for a line. [s]
    """

    def __init__(self, file: Appended, *, wait_s: float = _WAIT_S) -> None:
        self._file = file
        self._thread: HelperThread | None = None
        self._wait_s = wait_s
        self._underway: bytes | None = None
        """The line that had not arrived when it was given up."""

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """See :meth:`traincarbon.ledger.appended_file.Appended.append`.

        Raises:
            OSError: it cannot be written, or does not answer.
        """
        if self._underway is not None:
            self._finish(wait_s=0.0)
            earlier, self._underway = self._underway, None
            if earlier is line:
                self._check()
                return
        before = tuple(head)
        self._run(lambda: self._file.append(line, head=before), line, wait_s=self._wait_s)

    @property
    def end_b(self) -> int | None:
        """See :attr:`traincarbon.ledger.appended_file.Appended.end_b`."""
        return self._file.end_b if self._underway is None else None

    def append_made(self, make: Callable[[], bytes | None]) -> None:
        """See :meth:`traincarbon.ledger.appended_file.Appended.append_made`."""
        if self._underway is None:
            self._run(lambda: self._file.append_made(make), b"", wait_s=_READ_S)

    def close(self) -> None:
        """See :meth:`traincarbon.ledger.appended_file.Appended.close`; a file that hangs stays open."""
        if self._underway is None:
            try:
                self._run(self._file.close, b"", wait_s=self._wait_s)
            finally:
                self._end()

    def _run(self, work: Callable[[], None], line: bytes, *, wait_s: float) -> None:
        if self._thread is None:
            try:
                self._thread = HelperThread()
            except RuntimeError:  # the system allows no more threads
                work()
                return
        self._underway = line
        self._thread.ask(work)
        self._finish(wait_s=wait_s)
        self._underway = None
        self._check()

    def _finish(self, *, wait_s: float) -> None:
        """Wait until the line that is underway has arrived or failed.

        Raises:
            TimeoutError: that takes longer.
        """
        if self._thread is not None and not self._thread.answers(wait_s=wait_s):
            raise TimeoutError(errno.ETIMEDOUT, "it does not answer")

    def _check(self) -> None:
        """Raise the error of the line that was written last, if it failed."""
        if self._thread is not None:
            self._thread.answer()

    def _end(self) -> None:
        if self._thread is not None and not self._thread.busy:
            self._thread.end()
            self._thread = None
