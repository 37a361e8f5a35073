"""An append-only file of a store, which is made with its folders when the first line comes and made again if somebody removes it."""

import os
from collections.abc import Callable, Sequence
from typing import Protocol


class Appended(Protocol):
    """What a journal writes its lines to."""

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """Append a line that ends with a newline; *head* comes first if the file is empty.

        Raises:
            OSError: it cannot be written now.
        """
        ...

    @property
    def end_b(self) -> int | None:
        """The size of the file if it is open and nothing but what was appended is in it, else None."""
        ...

    def append_made(self, make: Callable[[], bytes | None]) -> None:
        """Append the line that *make* reads from the file, if it makes one; that may take a moment.

        Raises:
            OSError: the file cannot be read or written now.
        """
        ...

    def close(self) -> None:
        """Close the file until the next line; safe to call twice.

        Raises:
            OSError: the system reports only now that an earlier line was lost.
        """
        ...


class AppendedFile:
    """The file itself.

    Args:
        path: Where it is. A store that is private, as the default one, gets files that only their owner can read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._fresh = True
        self._size_b: int | None = 0

    @property
    def end_b(self) -> int | None:
        """See :attr:`Appended.end_b`."""
        return self._size_b if self._descriptor >= 0 and self._fresh else None

    def append_made(self, make: Callable[[], bytes | None]) -> None:
        """See :meth:`Appended.append_made`."""
        line = make()
        if line is not None:
            self.append(line)

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """See :meth:`Appended.append`."""
        try:
            if self._descriptor >= 0 and not os.fstat(self._descriptor).st_nlink:  # removed: what is written to it would be lost
                self.close()
            if self._descriptor < 0:
                self._descriptor, size_b = _open(self._path)
                self._fresh = not size_b
                self._size_b = size_b if size_b in (0, self._size_b) else None
                for earlier in () if size_b else head:
                    self._put(earlier)
            self._put(line)
        except OSError:
            self._release()
            raise

    def close(self) -> None:
        """See :meth:`Appended.close`."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _put(self, line: bytes) -> None:
        # the line before may be cut off, by a full disk or a killed writer
        data = line if self._fresh else b"\n" + line
        while data:
            written = os.write(self._descriptor, data)
            self._fresh = False
            self._size_b = None if self._size_b is None else self._size_b + written
            data = data[written:]
        self._fresh = True

    def _release(self) -> None:
        try:
            self.close()
        except OSError:  # the first error is the one to report
            return


def _open(path: str) -> tuple[int, int]:
    """Open the file, made with its folders if it is missing, and return its size."""
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe in its place must not block
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        from traincarbon.ledger.store_access import file_mode, make_folder

        folder = os.path.dirname(path) or "."
        make_folder(folder)
        descriptor = os.open(path, flags | os.O_CREAT, file_mode(folder))
    return descriptor, os.fstat(descriptor).st_size
