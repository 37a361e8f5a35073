"""What a process that changed packs and died has left: files that were not finished, packs without summaries whose journals are all still there, and packs of which nothing is kept."""

import os
from collections.abc import Iterator
from contextlib import suppress

from traincarbon.ledger.packs.generations import GONE, finish_removal, settle, waits_for
from traincarbon.ledger.packs.joining import clear_unfinished
from traincarbon.ledger.packs.pack import LINES, MONTH, PART, SUMMARIES
from traincarbon.ledger.packs.pack_file import contents


def remove_leftovers(journals: str) -> None:
    """Remove what is in no use. The caller is alone, see :mod:`traincarbon.ledger.packs.lock`."""
    clear_unfinished(journals)
    for folder in _folders(journals):
        names = set(os.listdir(folder))
        for name in [each for each in names if each.startswith(".") and each.endswith(GONE)]:
            with suppress(OSError):
                finish_removal(os.path.join(folder, name))
        for name in names:
            is_part = name.startswith(".") and name.endswith(PART)
            is_orphan = name.endswith(LINES) and name.removesuffix(LINES) + SUMMARIES not in names
            is_unclaimed = bool(waits_for(name)) and waits_for(name) not in names
            with suppress(OSError):
                if is_part or is_unclaimed or (is_orphan and _is_spare(journals, os.path.join(folder, name))):
                    os.remove(os.path.join(folder, name))
        for name in {waits_for(name) for name in names} & names:
            with suppress(OSError):
                settle(os.path.join(folder, name))
        with suppress(OSError):
            os.rmdir(folder)  # where nothing is in it any more


def _folders(journals: str) -> Iterator[str]:
    try:
        with os.scandir(journals) as entries:
            yield from [entry.path for entry in entries if entry.name.startswith(MONTH) and entry.is_dir(follow_symlinks=False)]
    except OSError:
        return


def _is_spare(journals: str, file: str) -> bool:
    """Return whether all journals of a pack are where they were, so that it can be made again."""
    sizes: dict[str, int] = {}
    try:
        for part in contents(file):
            sizes[part.journal] = sizes.get(part.journal, 0) + len(part.content)
        return all(os.path.getsize(os.path.join(journals, *name.split("/"))) >= size_b for name, size_b in sizes.items())
    except OSError:
        return False
