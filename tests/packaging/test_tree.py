"""The tree: a test file for each module that has behaviour, a first sentence in each file, and no notes to self."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "traincarbon"
MODULES = {file: ast.parse(file.read_text("utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}
ROOT_FILES = {
    *("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "NOTICE", "README.md", "SECURITY.md"),
    *("constraints.txt", "requirements.lock", "pyproject.toml"),
}


def has_behaviour(tree: ast.Module) -> bool:
    """Say whether a module defines a function or a method with more in it than a docstring; tables of data and plain types do not."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not isinstance(statement, ast.Expr) for function in functions for statement in function.body)


def is_mirrored(file: Path) -> bool:
    """Commands are tested through the command line as a whole, packages through their modules."""
    return file.name not in ("__init__.py", "__main__.py") and file.parent != PACKAGE / "cli" / "commands"


def test_a_module_with_behaviour_has_a_test_file_of_its_name() -> None:
    expected = [
        ROOT / "tests" / file.relative_to(PACKAGE).parent / f"test_{file.name}" for file, tree in MODULES.items() if is_mirrored(file) and has_behaviour(tree)
    ]
    assert [str(place.relative_to(ROOT)) for place in expected if not place.exists()] == []


def test_a_file_opens_with_a_sentence() -> None:
    silent = [file for file, tree in MODULES.items() if not (ast.get_docstring(tree) or "").partition("\n")[0].endswith((".", ":", "?"))]
    assert [str(file.relative_to(ROOT)) for file in silent] == []


def test_nothing_is_left_for_later() -> None:
    assert [str(file.relative_to(ROOT)) for file in MODULES if re.search(r"\b(TODO|FIXME|XXX)\b", file.read_text("utf-8"))] == []


def test_nothing_lies_in_the_root_that_a_tool_left_there() -> None:
    listed = subprocess.run(["git", "ls-files", "--", ":(glob)*"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert {file for file in listed if not file.startswith(".")} <= ROOT_FILES
