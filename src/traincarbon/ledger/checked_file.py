"""Which content of a large file was found to be sound: a checksum of all of it stands beside it, so that it is not looked through again before it changes."""

import os
import zlib
from contextlib import suppress

from traincarbon.ledger.store_access import file_mode
from traincarbon.reading import open_regular

_WORTH_B = 1 << 22
"""A smaller file is looked through in a moment."""
_PIECE_B = 1 << 20
_LONGEST_B = 200
_PENDING = "-wal"
"""What SQLite has not moved into the file yet."""


class CheckedFile:
    """A database of SQLite, of which nothing is open yet, or nothing that writes.

    Args:
        file: The database; the checksum is in ``FILE.checked``.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._beside = f"{file}.checked"
        self._state = self._now()

    @property
    def is_unchanged(self) -> bool:
        """Whether every byte is as it was when :meth:`remember` was called last."""
        if not self._state:
            return False
        try:
            with open_regular(self._beside) as stream:
                stated = stream.read(_LONGEST_B)
        except OSError:
            return False
        return stated.startswith(self._state) and stated == self._stated()

    def remember(self) -> None:
        """Keep that the whole file is sound, unless it has changed since it was looked at, is small, or its folder cannot be written."""
        stated = self._stated() if self._state else b""
        if not stated or self._now() != self._state:
            return
        new = f"{self._beside}-{os.getpid()}"
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), file_mode(os.path.dirname(self._file)))
            with open(descriptor, "wb") as stream:
                stream.write(stated)
            os.replace(new, self._beside)
        except OSError:  # the next command looks the file through again
            with suppress(OSError):
                os.remove(new)

    def _now(self) -> bytes:
        """Return the size and the time of change, nothing where the file is small, missing or not complete."""
        try:
            if os.path.exists(pending := f"{self._file}{_PENDING}") and os.path.getsize(pending):
                return b""
            state = os.stat(self._file)
        except OSError:
            return b""
        return f"1 {state.st_size} {state.st_mtime_ns} ".encode("ascii") if state.st_size >= _WORTH_B else b""

    def _stated(self) -> bytes:
        checksum = 0
        try:
            with open_regular(self._file) as stream:
                while piece := stream.read(_PIECE_B):
                    checksum = zlib.crc32(piece, checksum)
        except OSError:
            return b""
        return self._state + f"{checksum:08x}".encode("ascii")
