"""The folders and journals of a store, as the index finds them on disk."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

from traincarbon.ledger.journal_lines import PACKS

_AT_A_TIME, _AT_A_TIME_B = 500, 8_000_000
"""Journals that are read before their runs are combined, and their size."""


class JournalFile(NamedTuple):
    """A journal of the store."""

    folder: str
    name: str
    size: int
    mtime_ns: int


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
