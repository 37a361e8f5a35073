"""The folders and journals of a store, as the index finds them on disk."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

from traincarbon.ledger.index_file import rows_of
from traincarbon.ledger.journal_lines import PACKS

_FRESH_NS = 2_000_000_000
"""A folder that changed within this time may change again without a new time of change."""
_AT_A_TIME, _AT_A_TIME_B = 500, 8_000_000
"""Journals that are read before their runs are combined, and their size."""


class JournalFile(NamedTuple):
    """A journal of the store."""

    folder: str
    name: str
    size: int
    mtime_ns: int


class Changes(NamedTuple):
    """What has changed since an index took in the journals of a store.

    Attributes:
        gone: Folder and name of each file that is gone.
        changed: The files that are new or changed.
        folders: The folders that were read, with their times of change.
    """

    gone: list[tuple[str, str]]
    changed: list[JournalFile]
    folders: dict[str, int]


def changes_in(journals: str, connection: sqlite3.Connection) -> Changes:
    """Return what has changed in the folder of journals since the index that is open took it in."""
    noted = {name: (mtime_ns, is_settled) for name, mtime_ns, is_settled in rows_of(connection, "folders")}
    known: dict[str, dict[str, tuple[int, int]]] = {}
    for folder, name, size, mtime_ns in connection.execute("SELECT folder, name, size, mtime_ns FROM files"):
        known.setdefault(folder, {})[name] = (size, mtime_ns)
    recent_ns = time.time_ns() - _FRESH_NS
    gone: list[tuple[str, str]] = []
    changed: list[JournalFile] = []
    folders: dict[str, int] = {}
    for folder, mtime_ns in folders_in(journals):
        before = known.pop(folder, {})
        if noted.get(folder) == (mtime_ns, 1):
            continue
        found = files_in(os.path.join(journals, folder), folder)
        changed_here = [file for file in found if before.pop(file.name, None) != (file.size, file.mtime_ns)]
        gone += [(folder, name) for name in before]
        changed += changed_here
        if changed_here or before or mtime_ns < recent_ns:
            folders[folder] = mtime_ns if mtime_ns < recent_ns else 0
    gone += [(folder, name) for folder, names in known.items() for name in names]
    return Changes(gone, changed, {name: mtime_ns for name, mtime_ns in folders.items() if name not in noted or noted[name][0] != mtime_ns})


def folders_in(journals: str) -> Iterator[tuple[str, int]]:
    """Yield each folder of journals and the time of its last change."""
    try:
        with os.scandir(journals) as entries:
            for entry in entries:
                with suppress(OSError):  # gone since it was listed
                    if entry.is_dir(follow_symlinks=False):
                        yield entry.name, entry.stat(follow_symlinks=False).st_mtime_ns
    except (FileNotFoundError, PermissionError):  # the latter is a fault of the store, see unreadable_folders
        return


def files_in(path: str, folder: str) -> list[JournalFile]:
    """Return the journals in the folder at *path*, which has the name *folder* in its store."""
    found = []
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    found.append(JournalFile(folder, entry.name, state.st_size, state.st_mtime_ns))
    return found


def at_a_time(files: Sequence[JournalFile]) -> Iterator[list[JournalFile]]:
    """Yield journals in groups that fit into memory, those of a run's folder together. A pack has a thousand runs of its own."""
    group: list[JournalFile] = []
    for _, of_a_folder in groupby(files, key=lambda file: (file.folder, file.name if file.folder.startswith(PACKS) else "")):
        group += of_a_folder
        if len(group) >= _AT_A_TIME or sum(file.size for file in group) >= _AT_A_TIME_B:
            yield group
            group = []
    if group:
        yield group
