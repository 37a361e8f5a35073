"""The files of other programs in a folder, found by the names that the programs give to them."""

import os
from collections.abc import Sequence
from fnmatch import fnmatch

from traincarbon.errors import CarbonError

_MOST = 100_000
"""Files of other names are not looked at, so this many of a known name are meant for a ledger."""


def files_in(folder: str, patterns: Sequence[str]) -> list[str]:
    """Return the files in a folder and in the folders within whose names match a pattern, in the order of their paths. Hidden folders are left out.

    A pattern may begin with the name of the folder of its files: ``impacttracker/data.json``.

    Raises:
        CarbonError: the folder cannot be read, or holds too many.
    """
    found: list[str] = []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        within = os.path.basename(os.path.abspath(place))
        found += [os.path.join(place, name) for name in sorted(names) if any(fnmatch(f"{within}/{name}" if "/" in each else name, each) for each in patterns)]
        if len(found) > _MOST:
            raise CarbonError(f"{folder!r} holds more than {_MOST:,} files", hint="import its folders one by one")
    return found


def _refuse(error: OSError) -> None:
    raise CarbonError(f"cannot read {error.filename!r}: {error.strerror or error}", hint="name a folder that you may read") from error
