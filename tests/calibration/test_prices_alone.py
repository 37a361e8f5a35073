"""Bills of runs that counted no tokens give the price of a GPU-hour, and nothing else."""

import json

import pytest
from click.testing import CliRunner

import traincarbon
from made_runs import record
from traincarbon.calibration.calibrate import calibrate
from traincarbon.cli.screens.calibration import listing, screen
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import read
from traincarbon.ledger.bills import Billed
from traincarbon.terminal_text import plain

PLAN = {"params": 7e9, "tokens": 140e9, "hw": "dgx-a100", "servers": 2}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))


def billed(**fields):
    return record("slurm-7", hours_h=100.0, tokens=None, billed=Billed(150.0, 150.0, 0.0, 1, "2026-03-01", "2026-03-02"), **fields)


def test_bills_without_tokens_give_a_price(shipped):
    made = calibrate([billed()], name="bills", database=shipped)
    assert (made.calibration.automatic, made.calibration.effects, read("bills").rents) == (False, (), made.calibration.rents)
    assert json.loads(json.dumps(made.to_dict()))["rents"][0]["usd_per_h"] == 1.5
    assert made.to_dict()["rows"] == []
    answer = traincarbon.estimate(**PLAN, calibration="bills")
    without = traincarbon.estimate(**PLAN, calibration="none")
    assert answer.inputs["rent_price"].value.median == 1.5
    assert answer["facility_energy_kwh"] == without["facility_energy_kwh"]


def test_the_screen_has_the_price_and_why_nothing_else(shipped):
    made = calibrate([billed()], name="bills", dry_run=True, database=shipped)
    text = " ".join(plain(screen(made.fitted)).split())
    assert text.startswith("Real price: $1.50 per GPU-hour of a100-sxm4-80gb: $150.00 for 100 GPU-hours of 1 run")
    assert "no tokens were counted" in text
    assert "a100-sxm4" in listing([made.calibration])


def test_without_bills_it_is_the_error_that_it_was(shipped):
    with pytest.raises(CarbonError, match="no run can be used; 'slurm-7': no tokens were counted"):
        calibrate([record("slurm-7", tokens=None)], database=shipped)


def test_the_estimate_names_the_calibration_on_its_screen(shipped):
    from traincarbon.cli.commands.estimate import command

    calibrate([billed()], name="bills", database=shipped)
    done = CliRunner().invoke(command, ["--params", "7B", "--tokens", "140B", "--hw", "a100-sxm4-80gb", "--gpus", "8", "--calibration", "bills"])
    assert done.exit_code == 0, done.output
    assert "$1.50 per GPU-hour (bills of 1 own run" in " ".join(done.stdout.split())
