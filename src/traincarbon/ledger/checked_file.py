"""Which state of a large index was found to be sound: a note beside it, by which an index that has not changed since is not looked through again."""

import os
import time
from contextlib import suppress

from traincarbon.ledger.store_access import file_mode
from traincarbon.reading import open_regular

_WORTH_B = 1 << 22
"""A smaller file is looked through in a moment, so there is no note of it."""
_LONGEST_B = 400
_LOOKED = b"looked "
"""What follows in a note is when the whole content was looked through last, in seconds on the wall clock."""
_LEFT_S = 60.0
"""A note that is not in its place by then was left by a process that died."""
_PENDING = "-wal"
"""What SQLite has not moved into the file yet."""
_NUMBERS_WITH_PENDING = 11
"""Words of a state in which both files are."""
_TICK_S, _WHOLE_SECONDS_S = 0.02, 2.0
"""How far a file system may round the time of a change, and one that keeps whole seconds."""
_PAUSE_S = 0.01


class CheckedFile:
    """The state of a database of SQLite: which files it is, how long they are, and when anything in them changed last.

    Args:
        file: The database; the note is ``FILE.checked``.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._beside = f"{file}.checked"
        self._known = b""
        self._looked_s = 0.0

    def is_known(self, *, patience_s: float = 0.0) -> bool:
        """Return whether the content is as it was when it was looked through, or when a command of ours wrote it last, which may be about to note that."""
        return bool(self.known_state(patience_s=patience_s))

    def known_state(self, *, patience_s: float = 0.0) -> bytes:
        """Return the state for which :meth:`is_known` is true, nothing if it is not."""
        until_s = time.monotonic() + patience_s
        while state := self.state():
            noted, looked_s = self._noted()
            if state == noted:
                self._looked_s = max(self._looked_s, looked_s)
            if state in (self._known, noted):
                return state
            if not noted or not _is_fresh(self._changed_s(), patience_s) or time.monotonic() >= until_s:
                return b""
            time.sleep(_PAUSE_S)
        return b""

    def was_looked_through(self, *, within_s: float) -> bool:
        """Return whether the whole content was looked through within some time; what our own commands wrote since need not be."""
        return 0.0 <= time.time() - self._looked_s < within_s

    def remember(self, seen: bytes | None = None, *, is_looked_through: bool = False) -> None:
        """Keep that the content is sound. Nothing is kept if it has changed since it was *seen*; without a note, a later command looks it through."""
        noted, looked_s = self._noted()
        if self._is_large() and self.state() != noted and _is_fresh(self._changed_s(), _TICK_S):
            time.sleep(_TICK_S)  # a change in the same tick of the clock would give the same state
        state = self.state()
        if not state or (seen is not None and state != seen):
            return
        self._known = state
        self._looked_s = time.time() if is_looked_through else self._looked_s
        if self._is_large() and (state != noted or is_looked_through or looked_s < self._looked_s) and not self._has_whole_seconds():
            self._note(state)

    def forget(self) -> None:
        """Drop the note, as something in the file turned out to be wrong."""
        self._known = b""
        with suppress(OSError):
            os.remove(self._beside)

    def state(self) -> bytes:
        """Return what changes with the content, nothing where the file is missing."""
        try:
            states = [os.stat(self._file)]
            with suppress(FileNotFoundError):
                pending = os.stat(f"{self._file}{_PENDING}")
                states += [pending] if pending.st_size else []
        except OSError:
            return b""
        stated = " ".join(f"{each.st_dev} {each.st_ino} {each.st_size} {each.st_mtime_ns} {each.st_ctime_ns}" for each in states)
        return f"2 {stated}\n".encode("ascii")

    def is_pending(self) -> bool:
        """Return whether SQLite will move something into the file when the last connection is closed."""
        try:
            return os.path.getsize(f"{self._file}{_PENDING}") > 0
        except OSError:
            return False

    def _changed_s(self) -> float:
        """Return when the file, or what is not in it yet, changed last, on the wall clock."""
        times_s = [0.0]
        for file in (self._file, f"{self._file}{_PENDING}"):
            with suppress(OSError):
                state = os.stat(file)
                times_s.append(max(state.st_mtime, state.st_ctime))
        return max(times_s)

    def _is_large(self) -> bool:
        try:
            return os.path.getsize(self._file) >= _WORTH_B
        except OSError:
            return False

    def _has_whole_seconds(self) -> bool:
        """Return whether the times of the file are too coarse to tell a change that follows at once."""
        changed_s = self._changed_s()
        return changed_s.is_integer() and _is_fresh(changed_s, _WHOLE_SECONDS_S)

    def _noted(self) -> tuple[bytes, float]:
        """Return the state in the note, and when the content was looked through; nothing and 0 without one."""
        try:
            with open_regular(self._beside) as stream:
                state, _, looked = (stream.read(_LONGEST_B) if self._is_large() else b"").partition(_LOOKED)
        except OSError:
            return b"", 0.0
        return state, float(looked) if looked.strip().isdigit() else 0.0

    def _note(self, state: bytes) -> None:
        new = f"{self._beside}-{os.urandom(6).hex()}"  # threads have one number of a process
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), file_mode(os.path.dirname(self._file)))
            with open(descriptor, "wb") as stream:
                stream.write(state + _LOOKED + f"{int(self._looked_s)}\n".encode("ascii"))
            os.replace(new, self._beside)
            self._remove_leftovers()
        except OSError:  # the next command looks the file through again
            with suppress(OSError):
                os.remove(new)

    def _remove_leftovers(self) -> None:
        folder, name = os.path.split(self._beside)
        for each in os.listdir(folder or "."):
            path = os.path.join(folder, each)
            if each.startswith(f"{name}-") and not _is_fresh(os.stat(path).st_mtime, _LEFT_S):
                os.remove(path)


def is_same_state(known: bytes, seen: bytes) -> bool:
    """Return whether a file is as it was, by two states; SQLite sets the permissions of what it has not moved yet when it opens that, which is a time."""
    before, after = known.split(), seen.split()
    return bool(known) and (before == after or (len(before) == len(after) == _NUMBERS_WITH_PENDING and before[:-1] == after[:-1]))


def _is_fresh(changed_s: float, within_s: float) -> bool:
    return abs(time.time() - changed_s) < within_s
