"""The folder in which the processes of one user on one machine find each other; what killed ones leave is removed by :mod:`traincarbon.tracking.sidecar.left_files`."""

import os
import stat

_NAME = "traincarbon"


def runtime_folder() -> str | None:
    """Return the folder, made if it is not there; None if there is none that only this user can write.

    It is in ``$XDG_RUNTIME_DIR``, else in the folder for temporary files, with the user's number in its name. A folder that belongs to
    somebody else, that others may read, or that is a link is never used.
    """
    if not hasattr(os, "getuid"):
        return None
    user = os.getuid()
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    shared = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  the folder below it is checked
    if os.path.isabs(given) and (found := _private(os.path.join(given, _NAME), user)):
        return found
    return _private(os.path.join(shared, f"{_NAME}-{user}"), user)


def _private(folder: str, user: int) -> str | None:
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return None
    try:
        status = os.lstat(folder)
    except OSError:
        return None
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & 0o077
    return folder if is_ours else None
