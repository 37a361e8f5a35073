"""The paragraph compiles with LaTeX, with any name in it."""

import shutil
import subprocess

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.paper import write


def test_the_paragraph_has_the_figures_and_the_failed_attempts(disclosed):
    text = write(disclosed())["paper.md"]
    for part in ("1.3 NVIDIA A100 SXM4 80GB-days", "16 kWh (12 kWh – 20 kWh)", "2 attempts, 1 of which ended early", "@software{traincarbon"):
        assert part in text, part


def test_special_characters_are_escaped(disclosed, of_run):
    text = write(disclosed(of_run(project=r"50% & \input{x} $y_1 ~^ #{}")))["paper.tex"]
    assert r"50\% \& \textbackslash{}input\{x\} \$y\_1 \textasciitilde{}\textasciicircum{} \#\{\}" in text


def test_a_plan_is_expected_and_unknowns_are_said(disclosed, of_plan, of_run):
    assert "is expected to take" in write(disclosed(of_plan()))["paper.md"]
    assert "Not known: " in write(disclosed(of_run(**UNKNOWN)))["paper.md"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is here")
def test_it_compiles(disclosed, of_run, of_plan, tmp_path):
    names = disclosed(of_run(run_id="ünï–x", project="<>{}\\%$&#_^~ 東京"), of_plan(region="france"), of_run(**UNKNOWN))
    (tmp_path / "paper.tex").write_text(write(names)["paper.tex"], encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
