"""Files that are written whole or not at all: first under another name beside their place, then moved into it."""

import io
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from os import path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_HINT = "name a file in a folder that you may write to, on a disk with room"
Content: TypeAlias = str | bytes | Iterable[bytes] | Callable[[BinaryIO], object]
"""What a file will hold: text, bytes, pieces of them, or what writes them into it."""


def check_new_file(file: str) -> None:
    """Refuse a *file* that exists or could not be written, before anything long is computed for it.

    Raises:
        CarbonError: it exists, or its folder cannot be written to.
    """
    if path.isdir(file):
        raise CarbonError(f"{file!r} is a folder", hint="name a file in it")
    try:
        if _exists(file):
            raise CarbonError(f"{file!r} already exists", hint="name another file, or remove that one first")
    except (OSError, ValueError) as error:
        raise cannot_write(file, error, _HINT) from error
    check_writable(path.dirname(file), name=file)


def check_writable(folder: str, *, name: str = "", hint: str = _HINT) -> None:
    """Refuse a *folder* in which no file can be made. Nothing is left there.

    Args:
        folder: An existing folder, empty for the current one.
        name: What the message names; the folder unless given.
        hint: What to do about it.

    Raises:
        CarbonError: it cannot be written to.
    """
    probe = _beside(path.join(folder, ""))
    try:
        with open(probe, "x", encoding="utf-8"):
            pass
        os.unlink(probe)
    except (OSError, ValueError) as error:
        raise cannot_write(name or folder, error, hint) from error


def write_new_file(file: str, content: Content) -> None:
    """Write *content* into a new *file*. If that fails, nothing is left behind.

    Raises:
        CarbonError: the file exists already, or cannot be written. Errors of computing *content* stay what they are.
    """

    def place(unfinished: str) -> None:
        if _exists(file):
            raise CarbonError(f"{file!r} was made by another program in the meantime", hint="name another file, or remove that one first")
        os.rename(unfinished, file)

    _write(file, content, place, hint=_HINT)


def replace_file(file: str, content: Content, *, hint: str = _HINT) -> None:
    """Make *content* the whole content of *file* and make its folder where needed: at any time it is the old or the new content, never a part.

    Raises:
        CarbonError: it cannot be written; the old content stands, also after an error of computing *content*, which stays what it is.
    """
    try:
        os.makedirs(path.dirname(path.abspath(file)), exist_ok=True)
    except (OSError, ValueError) as error:
        raise cannot_write(file, error, hint) from error
    _write(file, content, lambda unfinished: os.replace(unfinished, file), hint=hint)


def cannot_write(file: str, error: OSError | ValueError, hint: str) -> CarbonError:
    """Return the error that says why *file* cannot be written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CarbonError(f"cannot write {file!r}: {reason}", hint=hint)


@contextmanager
def unfinished_file(unfinished: str, place: Callable[[str], object], *, file: str, hint: str = _HINT) -> Iterator[BinaryIO]:
    """Open *unfinished* for what *file* will hold, and call *place* to move it there when it is whole; if anything fails, it is removed.

    Raises:
        CarbonError: it cannot be opened, written or moved. An error of what computes the content is no error of the file, and stays what it is.
    """
    try:
        with _saying(file, hint):
            raw = _File(unfinished, file, hint)
        with io.BufferedWriter(raw) as stream:
            yield stream
            stream.flush()
            with _saying(file, hint):
                os.fsync(stream.fileno())
        with _saying(file, hint):
            place(unfinished)
    finally:
        with suppress(OSError, ValueError):
            os.unlink(unfinished)


class _File(io.FileIO):
    """A new file that says itself why it cannot be written, so that whatever computes its content need not be told apart from it."""

    def __init__(self, unfinished: str, file: str, hint: str) -> None:
        super().__init__(unfinished, "xb")
        self._file, self._hint = file, hint

    def write(self, content: "ReadableBuffer", /) -> int:
        with _saying(self._file, self._hint):
            return super().write(content)


@contextmanager
def _saying(file: str, hint: str) -> Iterator[None]:
    """Raise errors of the system as the one that says why *file* cannot be written."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise cannot_write(file, error, hint) from error


def _write(file: str, content: Content, place: Callable[[str], None], *, hint: str) -> None:
    with unfinished_file(_beside(file), place, file=file, hint=hint) as stream:
        if callable(content):
            content(stream)
        else:
            stream.writelines([content.encode("utf-8")] if isinstance(content, str) else [content] if isinstance(content, bytes) else content)


def _exists(file: str) -> bool:
    """Return whether anything has that name, a broken link too."""
    if not path.basename(file):
        raise ValueError("it has no name")
    try:
        os.lstat(file)
    except FileNotFoundError:
        return False
    return True


def _beside(file: str) -> str:
    return path.join(path.dirname(file), f".{secrets.token_hex(8)}.part")
