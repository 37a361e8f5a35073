"""The drawing of the packages is that of the imports."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_drawing_and_the_table_are_those_of_the_imports():
    page = runpy.run_path(str(DOCS / "architecture.py"))["page"]()
    assert page == (DOCS / "architecture.md").read_text("utf-8"), "run make architecture"


def test_every_room_of_the_package_stands_in_a_layer():
    drawn = runpy.run_path(str(DOCS / "architecture.py"))
    assert {room for layer in drawn["layers"]() for room in layer} >= set(drawn["rooms"]())
