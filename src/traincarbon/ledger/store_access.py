"""Who may read and write a store: the default one is its owner's alone, a shared one lets each user add journals."""

import os
import stat

from traincarbon.paths import data_folder

PRIVATE = 0o700
_OTHERS = 0o077
_JOURNALS = "journals"


def make_folder(folder: str) -> None:
    """Make a folder of a store and those above it, if they are missing.

    The default store is made for its owner alone, and so is everything in a folder that is. ``journals`` in a store
    that several users may write is as open as the store.

    Raises:
        OSError: it cannot be made.
    """
    missing = []
    while not os.path.isdir(folder) and folder not in ("", os.sep):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for each in reversed(missing):
        above = os.stat(os.path.dirname(each) or ".")
        try:
            os.mkdir(each, PRIVATE if each == _default() or is_private(above) else 0o777)
        except FileExistsError:  # another process made it meanwhile
            if not os.path.isdir(each):
                raise
        else:
            if os.path.basename(each) == _JOURNALS and above.st_mode & (stat.S_IWOTH | stat.S_IWGRP):
                os.chmod(each, stat.S_IMODE(above.st_mode))


def file_mode(folder: str) -> int:
    """Return the mode of a new file in *folder*, before the umask: for its owner alone in a private folder."""
    return 0o600 if is_private(os.stat(folder)) else 0o666


def is_private(status: os.stat_result) -> bool:
    """Return whether only the owner may enter a folder that this user owns; elsewhere, as on Windows, it is not known."""
    return hasattr(os, "getuid") and status.st_uid == os.getuid() and not status.st_mode & _OTHERS


def is_open_to_others(store: str) -> bool:
    """Return whether *store* is the default one and other users may read it."""
    try:
        status = os.stat(store)
    except OSError:
        return False
    return store == _default() and hasattr(os, "getuid") and bool(status.st_mode & _OTHERS)


def unreadable_folders(store: str) -> list[str]:
    """Return each folder of journals in *store* that this user may not read, as ``journals/bert-3: no permission to read it``."""
    journals = os.path.join(store, _JOURNALS)
    try:
        with os.scandir(journals) as entries:
            folders = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except PermissionError:
        folders = [journals]
    except OSError:
        return []
    return [f"{os.path.relpath(folder, store)}: no permission to read it" for folder in folders if not os.access(folder, os.R_OK | os.X_OK)]


def _default() -> str:
    return os.path.abspath(data_folder())
