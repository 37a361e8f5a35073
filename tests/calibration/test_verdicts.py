"""The verdict on a calibration, quantity by quantity."""

import math
from dataclasses import replace

import numpy as np
import pytest

from made_runs import fitted, slower
from traincarbon.calibration.calibrate import calibrate
from traincarbon.calibration.prediction_errors import Errors
from traincarbon.calibration.store import save
from traincarbon.calibration.verdicts import ErrorsByChip, together, unproven, verdicts_of
from traincarbon.estimation.calibration import read
from traincarbon.estimation.calibration_verdict import Verdict
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.bills import Billed

CHIP = "a100-sxm4-80gb"
PLAN = {"params": 8e9, "tokens": 1.6e11, "hw": "dgx-a100", "servers": 1}


def errors(before, left_out):
    rows = np.arange(len(before))
    sigma = np.full(len(before), 0.1)
    return Errors(rows, np.array(before), np.array(left_out), np.array(left_out), sigma, sigma)


def by_chip(before, left_out, *, chips=None):
    return ErrorsByChip(errors(before, left_out), chips or [CHIP] * len(before))


BETTER, WORSE = by_chip([0.3, 0.3], [0.1, 0.1]), by_chip([0.1, 0.1], [0.3, 0.3])


def drawing(shipped, factors, shares):
    """Return runs that take *factors* times the expected hours and whose accelerators draw *shares* of their cap of 400 W."""
    made = slower(shipped, factors)
    return [
        replace(each, energy_j={**each.energy_j, "gpu": 0.4 * share * 3.6e6 * each.duration_s * each.accelerators / 3600.0})
        for each, share in zip(made, shares, strict=True)
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    return tmp_path


def test_each_quantity_has_a_verdict_of_its_own():
    found = verdicts_of({"hours": BETTER, "energy": WORSE, "price": BETTER})
    assert [(each.quantity, each.automatic) for each in found] == [("hours", True), ("energy", False), ("price", True)]
    automatic, why = together(found)
    assert automatic
    assert why == (
        "with each run left out in turn, the mean error of hours is 0.10, without calibration 0.30;"
        f" energy is not corrected by itself: the other runs predict energy no better on {CHIP}: mean error 0.30, without calibration 0.10"
    )


def test_energy_is_tested_without_the_correction_of_hours_where_that_is_refused():
    assert not verdicts_of({"hours": WORSE, "energy": WORSE})[1].automatic
    assert verdicts_of({"hours": WORSE, "energy": WORSE}, energy_alone=BETTER.errors)[1].automatic
    assert not verdicts_of({"hours": BETTER, "energy": WORSE}, energy_alone=BETTER.errors)[1].automatic


def test_a_quantity_that_one_run_states_is_not_tested():
    assert verdicts_of({"hours": by_chip([0.3], [0.1])}) == (Verdict("hours", False, "there is only one run, so it cannot be tested"),)
    assert together([]) == (False, "")


def test_one_chip_that_gets_worse_refuses_the_quantity():
    (found,) = verdicts_of({"hours": by_chip([0.5, 0.5, 0.5, 0.1, 0.1], [0.1, 0.1, 0.1, 0.2, 0.2], chips=[CHIP] * 3 + ["h100"] * 2)})
    assert (found.automatic, found.why) == (False, "the other runs predict hours no better on h100: mean error 0.20, without calibration 0.10")


def test_what_the_rest_does_not_depend_on_is_dropped_if_it_is_worse():
    assert unproven({"host": BETTER, "step": BETTER}) == {}
    assert unproven({"host": WORSE})["host"].startswith("the power of the rest of servers is not calibrated: the other runs predict it no better")
    assert unproven({"step": by_chip([0.3], [0.1])})["step"] == "steps are not calibrated: only one run has a known layout"


@pytest.mark.usefixtures("folder")
def test_an_estimate_corrects_hours_and_leaves_a_power_that_the_priors_know_better(shipped):
    made = fitted(drawing(shipped, (1.5, 1.45, 1.55, 1.5), (0.35, 0.95, 0.4, 0.9)), shipped)
    assert [(each.quantity, each.automatic) for each in made.calibration.verdicts] == [("hours", True), ("energy", False)]
    save(made.calibration)
    answer, without, named = (estimate(database=shipped, **PLAN, **fields) for fields in ({}, {"calibration": "none"}, {"calibration": "mine"}))
    assert answer.median("accelerator_hours_h") == pytest.approx(1.5 * without.median("accelerator_hours_h"), rel=0.05)
    assert "power_calibration" not in answer.inputs
    assert "power_calibration" in named.inputs


@pytest.mark.usefixtures("folder")
def test_an_estimate_corrects_power_and_leaves_hours_that_the_priors_know_better(shipped):
    made = fitted(drawing(shipped, (1.4, 1 / 1.4, 1.4, 1 / 1.4), (0.45, 0.45, 0.45, 0.45)), shipped)
    assert [(each.quantity, each.automatic) for each in made.calibration.verdicts] == [("hours", False), ("energy", True)]
    save(made.calibration)
    answer, without = estimate(database=shipped, **PLAN), estimate(database=shipped, **PLAN, calibration="none")
    assert answer.median("accelerator_hours_h") == without.median("accelerator_hours_h")
    assert answer.inputs["power_calibration"].value.median < 0.95
    assert answer.median("facility_energy_kwh") < without.median("facility_energy_kwh")


def test_a_price_that_scatters_more_than_the_market_is_not_applied_by_itself(shipped, folder):
    def billed(usd_per_h):
        runs = slower(shipped, (1.5, 1.45, 1.55, 1.5))
        usd = [price * each.duration_s * each.accelerators / 3600.0 for price, each in zip(usd_per_h, runs, strict=True)]
        return [replace(each, billed=Billed(cost, cost, 0.0, 1, "2026-03-01", "2026-03-02")) for cost, each in zip(usd, runs, strict=True)]

    market = estimate(accelerator_hours=1.0, hw="dgx-a100", start="2026", calibration="none", database=shipped).inputs["rent_price"].value.median
    steady = calibrate(billed([2.0 * market] * 4), name="steady", database=shipped).calibration
    assert [(each.quantity, each.automatic) for each in steady.verdicts] == [("hours", True), ("price", True)]
    assert steady.errors["price"]["left_out"] < 0.01 < math.log(1.9) < steady.errors["price"]["before"]
    (folder / "steady.toml").unlink()
    wild = calibrate(billed([market * factor for factor in (3.0, 0.4, 1.1, 0.95)]), name="wild", database=shipped).calibration
    assert [(each.quantity, each.automatic) for each in wild.verdicts] == [("hours", True), ("price", False)]
    assert read("wild").verdicts == wild.verdicts
    assert estimate(database=shipped, **PLAN).inputs["rent_price"].source != "calibration wild"
    assert estimate(database=shipped, **PLAN, calibration="wild").inputs["rent_price"].source == "calibration wild"


def test_the_json_has_the_verdicts(shipped):
    made = calibrate(slower(shipped, (1.5, 1.45)), name="mine", dry_run=True, database=shipped).to_dict()
    assert [each["quantity"] for each in made["verdicts"]] == ["hours"]


def test_a_single_bill_goes_with_the_calibration(shipped, folder):
    runs = slower(shipped, (1.5, 1.45, 1.55))
    calibrate([replace(runs[0], billed=Billed(999.0, 999.0, 0.0, 1, "2026-03-01", "2026-03-02")), *runs[1:]], name="mine", database=shipped)
    assert (folder / "mine.toml").exists()
    assert estimate(database=shipped, **PLAN).inputs["rent_price"].source == "calibration mine"
