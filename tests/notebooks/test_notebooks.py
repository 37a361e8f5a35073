"""The notebooks run from top to bottom on the public face, and are kept in one form with what came out of them."""

import ast
import re
from pathlib import Path

import pytest

import proof
from benches import made_bench
from execute import FOLDER, canonical, code_of, execute, read
from page import page_of
from traincarbon.benching.bench_facts import facts_of, write_facts
from traincarbon.benching.mean_power import MeanPower
from traincarbon.database.load import Database, builtin_root
from traincarbon.quantities import EnergySource

NOTEBOOKS = [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.ipynb"))]
MODULES = {"traincarbon", "numpy", "pandas", "drawing", "proof", "os", "pathlib", "sys", "tempfile"}
MOST_B, MOST_WITH_REPORT_B = 300_000, 400_000
"""Size of a notebook, and of one that shows a report."""


@pytest.fixture
def hasty(monkeypatch):
    """Trainings of a tenth of their length, on a machine that was measured before."""
    planned = proof.Proof.training

    def bench(self, *_):
        root = str(self.folder / "facts")
        loaded = (MeanPower("cpu", 6.0, EnergySource.MODELLED, 0.7, 1),)
        write_facts(facts_of(made_bench(idle=(), loaded=loaded), Database([builtin_root(), root]), root=root), root)
        return 20e9

    monkeypatch.setattr(proof.Proof, "training", lambda self, *size, seconds, **rate: planned(self, *size, seconds=seconds / 10.0, **rate))
    monkeypatch.setattr(proof.Proof, "bench", bench)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")


def outputs_of(notebook):
    return [[(output["output_type"], sorted(output.get("data", {}))) for output in cell["outputs"]] for cell in notebook["cells"] if "outputs" in cell]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_runs_and_shows_what_was_kept_of_it(path):
    kept = read(path)
    assert outputs_of(execute(kept, name=path.stem)) == outputs_of(kept)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_is_kept_in_its_canonical_form(path):
    assert path.read_text("utf-8") == canonical(read(path)), "run make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_the_page_of_a_notebook_is_that_of_its_saved_output(path):
    assert (FOLDER / "html" / f"{path.stem}.html").read_text("utf-8") == page_of(read(path)), "run make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_is_short_and_small_and_draws(path):
    notebook = read(path)
    assert len(code_of(notebook)) <= 12
    assert sum(len(text.splitlines()) for text in code_of(notebook)) <= 180
    has_report = any("srcdoc=" in "".join(output.get("data", {}).get("text/html", "")) for cell in notebook["cells"] for output in cell.get("outputs", ()))
    assert path.stat().st_size <= (MOST_WITH_REPORT_B if has_report else MOST_B)
    assert sum("image/png" in kinds for cell in outputs_of(notebook) for _, kinds in cell) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_uses_the_public_face(path):
    for text in code_of(read(path)):
        for node in ast.walk(ast.parse("\n".join(line for line in text.splitlines() if not line.startswith("!")))):
            if isinstance(node, ast.ImportFrom):
                assert node.module in MODULES - {"traincarbon"}
            elif isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= MODULES
            elif isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_")


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_the_links_of_a_notebook_lead_somewhere(path):
    text = "".join("".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    missing = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not (link.startswith("https://") or (FOLDER / link).exists())]
    assert not missing


def test_the_readme_lists_every_notebook():
    text = (FOLDER / "README.md").read_text("utf-8")
    assert set(re.findall(r"\((\S+\.ipynb)\)", text)) == {path.name for path in FOLDER.glob("*.ipynb")}


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_says_nothing_of_the_machine_that_ran_it(path):
    text = path.read_text("utf-8")
    for place in ("/tmp/", "/home/", ".venv", str(Path.home()), str(FOLDER.parent)):
        assert place not in text
