"""Write the table of formats in docs/readers.md from the readers: ``make readers``."""

import re
import sys
from pathlib import Path

from traincarbon.readers.formats import formats_table

PAGE = Path(__file__).parent / "readers.md"
MARKED = re.compile(r"(<!-- formats -->\n).*?(<!-- end -->\n)", re.DOTALL)


def page() -> str:
    """Return the page with the table of today."""
    return MARKED.sub(lambda found: f"{found[1]}{formats_table()}\n{found[2]}", PAGE.read_text("utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name}: written\n")
