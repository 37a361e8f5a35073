"""Files of a store that may hang, as on a file server that is down, written in a thread so that metering never waits long for them."""

from collections.abc import Callable, Sequence

from traincarbon.ledger.appended_file import Appended
from traincarbon.ledger.patience import Task

_WAIT_S, _READ_S = 0.5, 5.0


class PatientFile:
    """Writes to *file* in a thread of its own, and gives up a line that takes too long: the line may still arrive later.

    Args:
        file: What to write to.
        wait_s: The longest time to wait for a line. [s]
    """

    def __init__(self, file: Appended, *, wait_s: float = _WAIT_S) -> None:
        self._file = file
        self._task = Task()
        self._wait_s = wait_s
        self._underway: bytes | None = None
        """The line that had not arrived when it was given up."""

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """See :meth:`traincarbon.ledger.appended_file.Appended.append`.

        Raises:
            OSError: it cannot be written, or does not answer.
        """
        if self._underway is not None:
            self._task.finish(wait_s=0.0)
            earlier, self._underway = self._underway, None
            if earlier is line:
                self._task.check()
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
            self._run(self._file.close, b"", wait_s=self._wait_s)

    def _run(self, work: Callable[[], None], line: bytes, *, wait_s: float) -> None:
        self._underway = line
        self._task.start(work)
        self._task.finish(wait_s=wait_s)
        self._underway = None
        self._task.check()
