"""The house in order: a test file for each module, a first sentence for each file, and nothing left undone."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "traincarbon"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400


def name(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


def mirrored(file: Path) -> bool:
    """Commands are tested through the command line as a whole, packages through their modules."""
    return file.name != "__init__.py" and file.parent != PACKAGE / "cli" / "commands"


@pytest.mark.parametrize("file", [file for file in MODULES if mirrored(file)], ids=name)
def test_a_module_has_a_test_file_of_its_name(file: Path) -> None:
    place = ROOT / "tests" / file.relative_to(PACKAGE).parent / f"test_{file.name}"
    assert place.exists(), f"no {place.relative_to(ROOT)}"


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_file_opens_with_a_sentence(file: Path) -> None:
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    assert docstring is not None
    assert docstring.splitlines()[0].endswith((".", ":", "?"))


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_nothing_is_left_for_later(file: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", file.read_text("utf-8"))


def test_nothing_lies_in_the_root_that_a_tool_left_there() -> None:
    known = {
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "LICENSE",
        "Makefile",
        "NOTICE",
        "README.md",
        "constraints.txt",
        "pyproject.toml",
    }
    listed = subprocess.run(["git", "ls-files", "--", ":(glob)*"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert {file for file in listed if not file.startswith(".")} <= known
