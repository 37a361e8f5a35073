"""Calibrating from Python: runs or ids to a saved calibration, its readings at the wall, and what is refused."""

from dataclasses import replace

import pytest

from made_runs import record, slower
from traincarbon import calibrate, estimate
from traincarbon.calibration.calibrate import calibrations
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.store import Ledger

JOB = {"params": 8e9, "tokens": 160e9, "hw": "dgx-a100", "servers": 1}


@pytest.fixture(autouse=True)
def _own(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))


@pytest.fixture
def slow(shipped):
    return slower(shipped, (1.5, 1.45, 1.55, 1.5))


def test_a_calibration_is_saved_under_the_hardware_and_changes_the_next_estimate(slow):
    before = estimate(**JOB).median("accelerator_hours_h")
    made = calibrate(slow)
    assert (made.calibration.name, made.replaced) == ("dgx-a100", "")
    assert made.file.endswith("dgx-a100.toml")
    assert estimate(**JOB).median("accelerator_hours_h") > 1.2 * before
    assert made.to_dict()["file"] == made.file
    assert [row["id"] for row in made.to_dict()["rows"]] == list(made.fitted.used.ids)


def test_a_dry_run_saves_nothing(slow):
    assert calibrate(slow, dry_run=True).file == ""
    assert calibrations() == ((), ())


def test_ids_are_looked_up_in_the_ledger_and_all_of_it_counts_by_default(slow):
    with pytest.raises(CarbonError, match="no runs in"):
        calibrate()
    with Ledger() as ledger:
        ledger.add(slow)
    assert len(calibrate(dry_run=True).fitted.used.ids) == len(slow)
    assert len(calibrate([slow[0].run_id, *slow[1:]], dry_run=True).fitted.used.ids) == len(slow)
    with pytest.raises(NotFoundError):
        calibrate(["nothing"])


def test_a_run_that_shared_its_gpus_is_left_out_and_named(slow):
    with Ledger() as ledger:
        ledger.add([replace(slow[0], shared_with=("other",)), *slow[1:]])
    made = calibrate(dry_run=True)
    assert slow[0].run_id not in made.fitted.used.ids
    (reason,) = [each["reason"] for each in made.to_dict()["set_aside"] if each["id"] == slow[0].run_id]
    assert reason.startswith("shared accelerators: they also ran other")


def test_a_second_calibration_says_which_day_the_first_was_made_and_others_are_rivals(slow):
    first = calibrate(slow)
    assert calibrate(slow).replaced == first.calibration.made[:10]
    other = calibrate(slow, name="other")
    assert other.rivals == (("dgx-a100",) if other.calibration.automatic else ())


def test_a_reading_at_the_wall_names_one_run_by_the_beginning_of_its_id(slow, shipped):
    metered = slower(shipped, (1.5, 1.45, 1.55, 1.5), prefix="metered", gpu_kwh=100.0)
    made = calibrate(metered, wall={"metered-0": 150.0, "metered-1": "150 kWh"}, dry_run=True)
    (meter,) = made.calibration.meters
    assert (meter["hw"], meter["readings"]) == ("dgx-a100", 2)
    assert meter["factor"] == pytest.approx(1.5)
    with pytest.raises(CarbonError, match="names no run"):
        calibrate(slow, wall={"nothing": 1.0})
    with pytest.raises(CarbonError, match="names 2 runs"):
        calibrate([record("same-1"), record("same-2")], wall={"same": 1.0})


def test_a_name_that_cannot_be_a_file_is_refused_before_the_fit(slow):
    with pytest.raises(CarbonError):
        calibrate(slow, name="../elsewhere")
