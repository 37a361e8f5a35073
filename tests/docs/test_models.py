"""The table of known models is that of the database."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_models_is_that_of_the_database():
    made = runpy.run_path(str(DOCS / "models.py"))["table"]()
    assert f"\n{made}\n" in (DOCS / "models.md").read_text("utf-8"), "run make models"
