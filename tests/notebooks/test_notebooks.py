"""The notebooks run from top to bottom on the public face, and are kept without what a run left in them."""

import ast
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MODULES = ("traincarbon", "traincarbon.report.items", "traincarbon.report.render", "pandas", "csv", "math")


def cells_of(notebook):
    return json.loads(notebook.read_text("utf-8"))["cells"]


def code_of(notebook):
    return ["".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_runs(notebook, monkeypatch, capsys):
    monkeypatch.chdir(notebook.parent)
    names = {"__name__": "__main__"}
    for number, text in enumerate(code_of(notebook), 1):
        exec(compile(text, f"{notebook.stem}, cell {number}", "exec"), names)
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_is_short_uses_the_public_face_and_holds_no_output(notebook):
    assert len(code_of(notebook)) <= 8
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells_of(notebook))
    for text in code_of(notebook):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                assert node.module in MODULES
            elif isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= set(MODULES)


def test_the_growth_of_training_is_found_with_its_uncertainty(monkeypatch, capsys):
    (notebook,) = [each for each in NOTEBOOKS if each.stem == "a-new-moores-law"]
    monkeypatch.chdir(notebook.parent)
    names = {}
    for text in code_of(notebook):
        exec(text, names)
    assert "trainings can be estimated" in capsys.readouterr().out
    growth = names["growth"]
    assert (growth["at the fastest"] <= growth["doubles in months"]).all()
    assert growth.loc["compute_flop", "doubles in months"] < 24.0
    assert names["doubling_months"]([(2020, 1.0), (2021, 2.0), (2022, 4.0)]) == pytest.approx((12.0, 12.0, 12.0))
