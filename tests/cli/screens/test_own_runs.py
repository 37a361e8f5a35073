import json

import pytest
from click.testing import CliRunner

import traincarbon
from made_runs import slower
from traincarbon.cli.commands.estimate import command
from traincarbon.ledger.store import Ledger

PLAN = ("--params", "3B", "--tokens", "60B", "--hw", "dgx-a100", "--servers", "2")


@pytest.fixture
def runs(shipped, tmp_path, monkeypatch):
    """Two own runs of like size in the ledger."""
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    with Ledger() as ledger:
        ledger.add(slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)))


def shown(*words):
    done = CliRunner().invoke(command, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.usefixtures("runs")
def test_the_screen_says_that_own_runs_exist_and_what_they_change():
    text = " ".join(shown(*PLAN).split())
    assert "Own runs: 2 runs of yours are of like size on this hardware (run-" in text
    assert "instead of" in text
    assert "To use them: carbon calibrate" in text


@pytest.mark.usefixtures("runs")
def test_the_explanation_says_so_too():
    assert "Own runs: 2 runs of yours" in shown(*PLAN, "--explain")


@pytest.mark.usefixtures("runs")
def test_json_states_the_same():
    found = json.loads(shown(*PLAN, "--json"))
    own = found["own_runs"]
    assert own["without"]["accelerator_hours_h"] == found["results"]["accelerator_hours_h"]
    assert own["with"]["accelerator_hours_h"]["median"] > own["without"]["accelerator_hours_h"]["median"]


@pytest.mark.usefixtures("runs")
def test_once_calibrated_the_screen_says_what_the_calibration_changes():
    traincarbon.calibrate(name="mine")
    text = " ".join(shown(*PLAN).split())
    assert "Own runs:" not in text
    assert "Calibration: mine, made" in text
    assert "Without it:" in text


@pytest.mark.usefixtures("runs")
def test_who_asks_for_no_calibration_hears_of_none():
    assert "Own runs" not in shown(*PLAN, "--calibration", "none")
    assert json.loads(shown(*PLAN, "--calibration", "none", "--json"))["own_runs"] is None


def test_a_ledger_that_does_not_answer_is_a_warning(monkeypatch):
    monkeypatch.setenv("CARBON_STORE", "s3://bucket/runs")
    done = CliRunner().invoke(command, [*PLAN, "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["own_runs"] is None
    assert "warning: " in done.stderr
