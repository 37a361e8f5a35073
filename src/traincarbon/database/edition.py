"""Which facts a database holds: the day on which the newest of its sources was read, and a fingerprint of its files."""

import hashlib
import os
from collections.abc import Iterator
from os import path
from typing import NamedTuple

from traincarbon.database.load import READ, Database
from traincarbon.database.row_checks import is_date
from traincarbon.errors import DatabaseError
from traincarbon.reading import read_limited

_MOST_B = 100_000_000
_LETTERS = 8


class Edition(NamedTuple):
    """Which facts a database holds.

    Attributes:
        newest: The day or month on which the newest source was read, empty where no source says when.
        fingerprint: Eight letters that tell one set of files from another.
        has_own: Whether facts of the user's own are among them.
    """

    newest: str
    fingerprint: str
    has_own: bool

    def __str__(self) -> str:
        """Return the edition in the words of a page: ``facts 2026-11-30 (1f9a3c07)``."""
        day = f" {self.newest}" if self.newest else ""
        return f"facts{day} ({self.fingerprint}{' with your own' if self.has_own else ''})"


def edition_of(database: Database) -> Edition:
    """Return which facts a database holds; its files are read once, and one that cannot be read counts by its name."""
    return database.kept(edition_of, "", lambda: _edition(database))


def _edition(database: Database) -> Edition:
    digest = hashlib.sha256()
    for root in database.roots:
        for file in sorted(_files(root)):
            digest.update(f"{file}\n".encode("utf-8", "surrogateescape"))
            digest.update(_content(path.join(root, file)))
    return Edition(_newest(database), digest.hexdigest()[:_LETTERS], len(database.roots) > 1)


def _newest(database: Database) -> str:
    try:
        days = [source.get("retrieved", "") for source in database.sources().values()]
    except DatabaseError:
        return ""
    return max(filter(is_date, days), default="")


def _files(root: str) -> Iterator[str]:
    """Yield the files below *root* that a database reads, and whatever else lies in its folders of products."""
    for name in _names(root):
        if name not in READ:
            continue
        if path.isdir(path.join(root, name)):
            yield from (f"{name}/{each}" for each in _names(path.join(root, name)))
        else:
            yield name


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _content(file: str) -> bytes:
    """Return what is in *file*; nothing where it cannot be read, which the command that needs it says."""
    try:
        return read_limited(file, most_b=_MOST_B)
    except (OSError, ValueError):
        return b""
