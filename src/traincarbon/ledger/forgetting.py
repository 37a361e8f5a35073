"""Delete the journals of runs, and the lines of imported runs in journals that hold others too."""

import os
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress

from traincarbon.errors import CarbonError
from traincarbon.ledger.journal_lines import read_lines
from traincarbon.reading import open_regular


def remove(files: Iterable[str]) -> None:
    """Remove journals, and their folders where nothing else is in them.

    Raises:
        CarbonError: one cannot be removed.
    """
    files = list(files)
    try:
        for file in files:
            os.remove(file)
        for folder in {os.path.dirname(file) for file in files}:
            if not os.listdir(folder):
                os.rmdir(folder)
    except OSError as error:
        raise CarbonError(f"cannot remove {error.filename}: {error.strerror}", hint="is it yours?") from error


def remove_lines(file: str, runs: Collection[str]) -> None:
    """Write a journal anew without the lines of *runs*; what is not a line of a run stays. It is complete or as it was.

    Raises:
        CarbonError: it cannot be written.
    """
    part = f"{file}.part"
    try:
        with open_regular(file) as stream:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), stat.S_IMODE(os.fstat(stream.fileno()).st_mode))
            with open(descriptor, "wb") as kept:
                begin_b = 0
                for line, _, end_b in read_lines(file):
                    content = stream.read(end_b - begin_b)
                    begin_b = end_b
                    if line is None or line["run_id"] not in runs:
                        kept.write(content)
                kept.write(stream.read())
        os.replace(part, file)
    except OSError as error:
        with suppress(OSError):
            os.remove(part)
        raise CarbonError(f"cannot remove runs from {file}: {error.strerror or error}", hint="is it yours, and the disk not full?") from error
