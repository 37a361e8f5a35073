"""``%%carbon`` in a notebook: the options of its line, and cells in a real kernel."""

import os
import sys

import pytest

from traincarbon.errors import CarbonError
from traincarbon.frameworks.jupyter import options_of
from traincarbon.ledger.store import Ledger


def test_the_options_have_the_names_of_the_command_line():
    assert options_of("--project 'my toy' --max-kwh=2 --meter rapl --meter nvml --grace 5") == {
        "project": "my toy",
        "max_kwh": "2",
        "meters": ["rapl", "nvml"],
        "grace_s": 5.0,
    }
    assert options_of("") == {}
    assert options_of("--log-to mlflow --log-to tensorboard=logs") == {"log_to": ["mlflow", "tensorboard=logs"]}


@pytest.mark.parametrize("line", ["toy", "--project", "--project --max-kwh 2", "--interval soon", "--project 'toy"])
def test_a_line_that_is_none_of_options_is_refused_with_an_example(line):
    with pytest.raises(CarbonError) as error:
        options_of(line)
    assert error.value.hint


@pytest.fixture
def run_cells(tmp_path, monkeypatch):
    """Return a function that runs cells in a kernel and returns their outputs."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))

    def run(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
        return [cell["outputs"] for cell in notebook["cells"]]

    return run


def test_a_cell_is_metered_and_its_record_is_shown(run_cells, tmp_path):
    metered = (
        "%%carbon --project toy --interval 0.1\nimport time, traincarbon\nseen = 5\ntraincarbon.progress(steps=3)\ntime.sleep(0.5)\nprint('trained')\nseen + 1"
    )
    _, outputs, later = run_cells("%load_ext traincarbon", metered, "seen")
    assert [output["text"] for output in outputs if output["output_type"] == "stream"] == ["trained\n"]
    (shown,) = [output["data"] for output in outputs if output["output_type"] == "display_data"]
    assert "toy · finished" in shown["text/html"]
    assert shown["text/plain"].startswith("Run ")
    (value,) = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    assert value["text/plain"] == "6"
    assert later[0]["data"]["text/plain"] == "5"
    with Ledger(tmp_path) as ledger:
        run = ledger.run("last")
    assert (run.project, run.state, run.progress) == ("toy", "finished", {"steps": 3.0})


def test_a_cell_that_raises_has_failed_and_shows_its_own_error(run_cells, tmp_path):
    _, outputs, wrong, after = run_cells("%load_ext traincarbon", "%%carbon\nimport time; time.sleep(0.3)\n1 / 0", "%%carbon --max-kwh much\n1", "2")
    assert [output["ename"] for output in outputs if output["output_type"] == "error"] == ["ZeroDivisionError"]
    (said,) = [output["text"] for output in wrong]
    assert "max_kwh" in said
    assert "hint: " in said
    assert after[0]["data"]["text/plain"] == "2"
    with Ledger(tmp_path) as ledger:
        assert ledger.run("last").state == "failed"


def test_results_are_shown_as_tables(run_cells):
    plan = "params='7B', tokens='1T', servers=16"
    outputs = run_cells(f"import traincarbon\ntraincarbon.estimate(hw='dgx-h100', {plan})", f"traincarbon.compare(hw=['dgx-h100', 'dgx-a100'], {plan})")
    for output, word in zip(outputs, ("total_kgco2e", "fastest"), strict=True):
        assert word in output[0]["data"]["text/html"]
        assert output[0]["data"]["text/html"].startswith("<table>")
