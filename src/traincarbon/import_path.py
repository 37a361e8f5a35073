"""The import path of this process as another one can be given it, on its command line."""

import sys


def import_path() -> list[str]:
    """Return the entries of ``sys.path`` that Python uses and that fit into an argument; some programs add other objects.

    Example:
        >>> all(isinstance(entry, str) for entry in import_path())
        True
    """
    return [entry for entry in sys.path if isinstance(entry, str) and "\0" not in entry]
