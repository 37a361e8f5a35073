import math

import pytest

import traincarbon
from made_runs import record, slower
from traincarbon.calibration.calibrate import calibrate
from traincarbon.calibration.own_runs import own_runs
from traincarbon.ledger.store import Ledger

PLAN = {"params": 3e9, "tokens": 6e10, "hw": "dgx-a100", "servers": 2}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The folder of a ledger, beside an empty folder of calibrations."""
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    return str(tmp_path / "store")


def keep(store, records):
    with Ledger(store) as ledger:
        ledger.add(records)


def found(shipped, store, **fields):
    return own_runs(traincarbon.estimate(database=shipped, **{**PLAN, **fields}), store=store, database=shipped)


def test_an_empty_ledger_says_nothing(shipped, store):
    assert found(shipped, store) is None


def test_a_question_makes_no_ledger(shipped, tmp_path):
    assert found(shipped, tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_two_own_runs_of_like_size_narrow_the_interval_and_move_the_hours(shipped, store):
    keep(store, slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)))
    own = found(shipped, store)
    assert sorted(own.ids) == ["run-0", "run-1"]
    assert own.command == "carbon calibrate"
    stated = own.to_dict()
    with_them, without = (stated[which]["accelerator_hours_h"] for which in ("with", "without"))
    assert without["median"] == own.estimate["accelerator_hours_h"].median
    assert with_them["median"] / without["median"] == pytest.approx(1.42, rel=0.1)
    widths = [math.log(each["high"] / each["low"]) for each in (with_them, without)]
    assert widths[0] < 0.5 * widths[1]


def test_what_is_previewed_is_what_the_calibration_then_gives(shipped, store):
    keep(store, slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)))
    previewed = found(shipped, store).preview.results
    calibrate(store=store, name="mine", database=shipped)
    assert traincarbon.estimate(database=shipped, **PLAN).results == previewed
    assert found(shipped, store) is None


def test_one_run_is_worth_as_much_as_its_interval_says(shipped, store):
    keep(store, slower(shipped, (1.3,), sizes=(3e9,)))
    own = found(shipped, store)
    hours = own.preview["accelerator_hours_h"]
    assert hours.high / hours.median == pytest.approx(1.43, abs=0.06)
    assert own.why_unused == "there is only one run, so it cannot be tested"


def test_a_saved_calibration_to_one_run_is_offered_by_name(shipped, store):
    keep(store, slower(shipped, (1.3,), sizes=(3e9,)))
    calibrate(store=store, name="probe", database=shipped)
    own = found(shipped, store)
    assert (own.calibration, own.command) == ("probe", "--calibration probe")
    assert own.preview.results == traincarbon.estimate(database=shipped, **PLAN, calibration="probe").results


@pytest.mark.parametrize("fields", [{"params": 3e11}, {"hw": "dgx-h100"}, {"kind": "lora"}, {"calibration": "none"}, {"mfu": 0.4}])
def test_runs_of_another_size_hardware_or_kind_are_not_like_the_plan(shipped, store, fields):
    keep(store, slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)))
    assert found(shipped, store, **fields) is None


def test_runs_that_teach_nothing_are_not_offered(shipped, store):
    keep(store, [record("stopped", params=3e9, state="killed"), record("uncounted", params=3e9, tokens=None)])
    assert found(shipped, store) is None


def test_runs_that_contradict_each_other_are_named_without_figures(shipped, store):
    keep(store, slower(shipped, (0.6, 1.6), sizes=(2.9e9, 3.1e9)))
    own = found(shipped, store)
    assert own.preview is None
    assert own.to_dict()["with"] is None
    assert own.why_unused.startswith("the other runs predict hours no better")


def test_hours_that_are_known_need_no_own_runs(shipped, store):
    keep(store, slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)))
    assert found(shipped, store, accelerator_hours=5e3) is None
