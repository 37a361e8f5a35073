"""The table of spellings in the documentation is what the database answers."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_spellings_is_that_of_the_database():
    assert runpy.run_path(str(DOCS / "names.py"))["page"]() == (DOCS / "names.md").read_text("utf-8"), "run make names"
