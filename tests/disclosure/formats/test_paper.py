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


def test_what_is_not_known_is_no_amount_in_a_sentence(disclosed, of_run):
    for statement in (of_run(accelerators=None), of_run(accelerators=None, tokens=None), of_run(hw="", accelerators=None, params=None)):
        assert "took not known" not in write(disclosed(statement))["paper.md"]
    assert "tiny took 0.083 days of wall-clock on" in write(disclosed(of_run(accelerators=None, tokens=None)))["paper.md"]


def test_a_run_that_is_still_going_has_taken_so_far(disclosed, of_run):
    assert "Training tiny has taken so far 1.3 NVIDIA" in write(disclosed(of_run(state="running")))["paper.md"]


def test_one_attempt_is_and_two_are_in_the_figures(disclosed):
    assert "1 attempt that ended early is in these figures" in write(disclosed())["paper.md"]


def test_a_hostile_name_is_no_markup(disclosed, of_run):
    text = write(disclosed(of_run(run_id="a*b", project="<img src=x> *y* `z`")))["paper.md"]
    assert "<img" not in text
    assert r"\*y\* \`z\`" in text
