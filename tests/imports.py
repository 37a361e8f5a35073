"""Files of other programs, saved for the tests or written by them."""

import io
from pathlib import Path

from traincarbon.readers.formats import read_file
from traincarbon.readers.imported import Imported, ImportOptions

DATA = Path(__file__).parent / "readers" / "data"


def kept(name: str) -> str:
    """The path of a saved file; the beginning of its name is enough."""
    (file,) = [file for file in sorted(DATA.iterdir()) if file.name.startswith(name)]
    return str(file)


def read_kept(name: str, **options: object) -> Imported:
    return read_file(kept(name), options=ImportOptions(**options))


def read_text(reader, text: str, **options: object) -> Imported:
    return reader(io.StringIO(text, newline=""), ImportOptions(**options))
