"""A second home for the lines of a journal while its store cannot be written: a small store of its own, from which ``carbon runs merge`` takes them."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from traincarbon.ledger.appended_file import Appended, AppendedFile
from traincarbon.ledger.store_access import PRIVATE, is_private
from traincarbon.paths import data_folder

_NAME = "unsaved"
_TEMPORARY = ("/var/tmp", "/tmp", "/dev/shm")  # noqa: S108  a folder of the user's own is made there, and checked


def spare_stores() -> list[str]:
    """Return the folders that keep what another store does not take, the best first, whether they exist or not.

    That is a folder below the user's data, then one in each folder for temporary files.
    """
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    own = data_folder()
    temporary = [os.environ.get("TMPDIR") or os.environ.get("TEMP") or "", *(folder for folder in _TEMPORARY if os.sep == "/")]
    below = [os.path.join(folder, f"traincarbon-{_NAME}{user}") for folder in dict.fromkeys(filter(os.path.isabs, temporary))]
    return [*([] if own.startswith("~") else [os.path.join(os.path.abspath(own), _NAME)]), *below]


def unsaved_journals(store: str) -> Iterator[str]:
    """Yield the paths of the journals in a spare store; none if it is not this user's own."""
    with suppress(OSError):
        if is_private(os.lstat(store)):
            for parent, _, names in os.walk(os.path.join(store, "journals")):
                yield from (os.path.join(parent, name) for name in sorted(names) if name.endswith(".jsonl"))


class SpareFile(AppendedFile):
    """A file in a spare store, which is made for its user alone and refused if it is not.

    Args:
        store: The spare store.
        path: The file in it.
    """

    def __init__(self, store: str, path: str) -> None:
        super().__init__(path)
        self._store = store

    def append(self, line: bytes, *, head: Sequence[bytes] = ()) -> None:
        """See :meth:`traincarbon.ledger.appended_file.Appended.append`."""
        with suppress(FileExistsError):
            os.makedirs(os.path.dirname(self._store), exist_ok=True)
            os.mkdir(self._store, PRIVATE)
        status = os.lstat(self._store)
        if hasattr(os, "getuid") and not (stat.S_ISDIR(status.st_mode) and is_private(status)):
            raise PermissionError(None, f"{self._store} is not this user's own")
        super().append(line, head=head)


class SpareJournal:
    """The lines that wait for a store, in the first spare store that takes them.

    Args:
        path: Where the journal is within its store.
        stores: The spare stores to try.
        opens: Makes what lines are written to, given a spare store and the path of a file in it.

    Attributes:
        store: The spare store that holds the lines, "" if none does.
    """

    def __init__(self, path: str, *, stores: Sequence[str], opens: Callable[[str, str], Appended] = SpareFile) -> None:
        self.store = ""
        self._path = path
        self._untried = list(stores)
        self._opens = opens
        self._file: Appended | None = None
        self._latest = b""

    def keep(self, lines: Sequence[bytes], *, head: Sequence[bytes]) -> None:
        """Keep all of *lines*, of which it may have the first already; *head* comes before them."""
        while self._file is not None or self._untried:
            if self._file is None:
                self.store, self._latest = self._untried.pop(0), b""
                self._file = self._opens(self.store, os.path.join(self.store, self._path))
            try:
                for line in lines[_after(lines, self._latest) :]:
                    self._file.append(line, head=head)
                    self._latest = line
            except OSError as error:
                if not isinstance(error, TimeoutError):
                    self._remove_empty()
                self._file = None
            else:
                return
        self.store = ""

    def _remove_empty(self) -> None:
        """Leave nothing behind in a spare store that takes no line."""
        path = os.path.join(self.store, self._path)
        with suppress(OSError):
            if not os.path.getsize(path):
                os.remove(path)
                _remove_folders(path, self.store)

    def discard(self) -> None:
        """Remove what was kept, as the store has it now."""
        if self._file is None:
            return
        with suppress(OSError):  # what stays is merged once more, which changes nothing
            self._file.close()
            path = os.path.join(self.store, self._path)
            os.remove(path)
            _remove_folders(path, self.store)
        self._file, self._latest = None, b""
        self._untried.insert(0, self.store)
        self.store = ""


def _remove_folders(path: str, store: str) -> None:
    """Remove the folders above *path*, up to the store itself, until one is not empty."""
    while (path := os.path.dirname(path)) != os.path.dirname(store):
        os.rmdir(path)


def _after(lines: Sequence[bytes], latest: bytes) -> int:
    """Return the place after *latest*, the first if it is not among *lines*."""
    return next((place + 1 for place in range(len(lines) - 1, -1, -1) if lines[place] is latest), 0)
