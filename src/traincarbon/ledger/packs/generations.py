"""Which file of Parquet holds the lines of a pack: while journals are taken out of it, the next one waits beside it, named after the summaries that it is for.

Both files of a pack cannot change at once. The summaries change first, and from then on the next file is the one that counts, whether or not it has its place yet.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b

from traincarbon.ledger.packs.pack import SUMMARIES, lines_file
from traincarbon.reading import open_regular

NEXT = ".next"
GONE = ".gone"
_WAITING = re.compile(r"\.(.+)\.[0-9a-f]{16}\.next", re.DOTALL)


def next_lines(file: str, summaries: bytes) -> str:
    """Return where the lines wait that belong to the next *summaries* of a pack.

    Args:
        file: The summaries of the pack.
        summaries: What will be in that file.
    """
    folder, name = os.path.split(file)
    return os.path.join(folder, f".{name.removesuffix(SUMMARIES)}.{blake2b(summaries, digest_size=8).hexdigest()}{NEXT}")


def current_lines(file: str) -> str:
    """Return the file of Parquet that belongs to the summaries of a pack as they are.

    Raises:
        OSError: the summaries cannot be read.
    """
    for waiting in _waiting(file):
        with open_regular(file) as stream:
            if waiting == next_lines(file, stream.read()):
                return waiting
    return lines_file(file)


def current_lines_of(files: Iterable[str]) -> list[str]:
    """Return the files of Parquet of packs that are there; a pack that is taken away meanwhile has none."""
    found, changing = [], dict[str, bool]()
    for file in files:
        folder = os.path.dirname(file)
        with suppress(OSError):
            if folder not in changing:
                changing[folder] = any(_WAITING.fullmatch(name) for name in os.listdir(folder))
            lines = current_lines(file) if changing[folder] else lines_file(file)
            if os.path.isfile(lines):
                found.append(lines)
    return found


def waits_for(name: str) -> str:
    """Return the name of the summaries that a file waits for, by its name; empty if it is another file.

    Example:
        >>> waits_for(".n1-5.00ff00ff00ff00ff.next"), waits_for("n1-5.parquet")
        ('n1-5.jsonl', '')
    """
    found = _WAITING.fullmatch(name)
    return found[1] + SUMMARIES if found else ""


def settle(file: str) -> None:
    """Finish what a process began that died while it took journals out of a pack, or undo it. The caller is alone, see :mod:`traincarbon.ledger.packs.lock`.

    Raises:
        OSError: a file cannot be read, renamed or removed.
    """
    current = current_lines(file)
    if current != lines_file(file):
        os.replace(current, lines_file(file))
    for waiting in _waiting(file):
        os.remove(waiting)


def remove_pack(file: str) -> None:
    """Remove a pack of which nothing is kept. Its summaries get another name first, which needs no room: from then on there is no such pack.

    Raises:
        OSError: it cannot be removed.
    """
    folder, name = os.path.split(file)
    gone = os.path.join(folder, f".{name}{GONE}")
    os.replace(file, gone)
    finish_removal(gone)


def finish_removal(gone: str) -> None:
    """Remove what is left of a pack whose summaries have the name *gone*. The caller is alone.

    Raises:
        OSError: it cannot be removed.
    """
    folder, name = os.path.split(gone)
    file = os.path.join(folder, name[1:].removesuffix(GONE))
    if not os.path.exists(file):  # else it was copied again since
        with suppress(FileNotFoundError):
            os.remove(lines_file(file))
    os.remove(gone)


def _waiting(file: str) -> list[str]:
    folder, name = os.path.split(file)
    return [os.path.join(folder, each) for each in os.listdir(folder) if waits_for(each) == name]
