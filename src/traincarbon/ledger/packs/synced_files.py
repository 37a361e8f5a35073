"""New files and names that are on the disk itself, not only in the memory of the system."""

import os
from contextlib import suppress


def sync_folder(folder: str) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_synced(file: str, content: bytes, *, mode: int) -> None:
    """Write a new file, to the disk itself.

    Raises:
        OSError: it cannot be written, or exists.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
