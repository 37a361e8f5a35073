"""An append-only file of a store, which is made with its folders when the first line comes and made again if somebody removes it."""

import os
from collections.abc import Sequence
from typing import Protocol


class Appended(Protocol):
    """What a journal writes its lines to."""

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """Append a line that ends with a newline; *head* comes first if the file is empty.

        Raises:
            OSError: it cannot be written now.
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

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """See :meth:`Appended.append`."""
        try:
            if self._descriptor >= 0 and not os.fstat(self._descriptor).st_nlink:  # removed: what is written to it would be lost
                self.close()
            if self._descriptor < 0:
                self._descriptor, is_empty = _open(self._path)
                self._fresh = is_empty
                for earlier in head if is_empty else ():
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
            data = data[written:]
        self._fresh = True

    def _release(self) -> None:
        try:
            self.close()
        except OSError:  # the first error is the one to report
            return


def _open(path: str) -> tuple[int, bool]:
    """Open the file, made with its folders if it is missing, and return whether it is empty."""
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        from traincarbon.ledger.store_access import file_mode, make_folder

        folder = os.path.dirname(path) or "."
        make_folder(folder)
        descriptor = os.open(path, flags | os.O_CREAT, file_mode(folder))
    return descriptor, os.fstat(descriptor).st_size == 0
