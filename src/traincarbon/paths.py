"""The folders that hold the user's own files: ``traincarbon`` below the system's folder for settings or data."""

import sys
from os import environ, path

NAME = "traincarbon"
_OLD_SETTINGS = "carbon"
"""The name of the folder of settings in earlier versions, below ``~/.config`` on every system."""


def settings_folder() -> str:
    """Return the folder of the user's own facts and calibrations, whether it exists or not.

    ``$XDG_CONFIG_HOME`` names the folder above it. A folder that an earlier version made, ``carbon``, is used as long as there is no new one.
    It begins with ``~`` if there is no home folder.
    """
    stated = environ.get("XDG_CONFIG_HOME", "")
    folder = path.join(stated or _system_folder("~/.config"), NAME)
    old = path.join(stated or path.expanduser("~/.config"), _OLD_SETTINGS)
    return old if path.isdir(old) and not path.isdir(folder) else folder


def data_folder() -> str:
    """Return the folder of the user's recorded runs, whether it exists or not. On Linux ``$XDG_DATA_HOME`` names the folder above it.

    It begins with ``~`` if there is no home folder.
    """
    stated = environ.get("XDG_DATA_HOME", "")
    return path.join(stated if path.isabs(stated) and sys.platform not in ("darwin", "win32") else _system_folder("~/.local/share"), NAME)


def _system_folder(unix: str) -> str:
    """Return the folder in which this system keeps the settings and data of programs."""
    if sys.platform == "darwin":
        return path.expanduser("~/Library/Application Support")
    if sys.platform == "win32":
        return environ.get("LOCALAPPDATA") or path.expanduser("~/AppData/Local")
    return path.expanduser(unix)
