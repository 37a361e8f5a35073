"""A new file that is whole or not there: refused before the work if it cannot be, written beside its place and then moved into it."""

import os
import secrets
from contextlib import suppress
from os import path

from traincarbon.errors import CarbonError


def check_new_file(file: str) -> None:
    """Refuse a *file* that is there already or could not be written, before anything long is computed for it.

    Raises:
        CarbonError: it is there, or its folder cannot be written to.
    """
    if path.isdir(file):
        raise CarbonError(f"{file!r} is a folder", hint="name a file in it")
    beside = _beside(file)
    try:
        if _is_there(file):
            raise CarbonError(f"{file!r} is there already", hint="name another file, or remove that one first")
        with open(beside, "x", encoding="utf-8"):
            pass
        os.unlink(beside)
    except (OSError, ValueError) as error:
        raise _cannot_write(file, error) from error


def write_new_file(file: str, text: str) -> None:
    """Write *text* into a new *file*; if that fails, nothing is left behind.

    Raises:
        CarbonError: the file is there already, or cannot be written.
    """
    beside = _beside(file)
    try:
        with open(beside, "x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if _is_there(file):
            raise CarbonError(f"{file!r} came to be in the meantime", hint="name another file, or remove that one first")
        os.rename(beside, file)
    except (OSError, ValueError) as error:
        raise _cannot_write(file, error) from error
    finally:
        with suppress(OSError, ValueError):
            os.unlink(beside)


def _is_there(file: str) -> bool:
    """Say whether anything bears that name, a link that leads nowhere too; a name that cannot be is an error."""
    if not path.basename(file):
        raise ValueError("it has no name")
    try:
        os.lstat(file)
    except FileNotFoundError:
        return False
    return True


def _beside(file: str) -> str:
    return path.join(path.dirname(file), f".{secrets.token_hex(8)}.part")


def _cannot_write(file: str, error: OSError | ValueError) -> CarbonError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CarbonError(f"cannot write {file!r}: {reason}", hint="name a file in a folder that you may write to, on a disk with room")
