"""The rows of measured power, and the law of power on rows that it was not fitted to: low utilisation, cards, processors, and the bounds on every accelerator."""

import math
from dataclasses import replace
from statistics import median

import pytest

from traincarbon.estimation.facts.hardware import power_scope, speed_up_of
from traincarbon.formulas.power import accelerator_power_w
from traincarbon.formulas.throughput import narrowed_mfu
from traincarbon.published import power_priors, power_rows
from traincarbon.published.prior_rows import NARROW_SHARE
from traincarbon.published.runs_file import read_measured_power, read_runs

RUNS, METERED = read_runs()[0], read_measured_power()
BY_ID = {run.id: run for run in METERED}


@pytest.fixture(scope="module")
def rows(shipped):
    return power_rows.of_runs(RUNS, METERED, shipped)


@pytest.fixture(scope="module")
def errors(rows):
    """The logarithm of measured over predicted power of each row, predicted without its organisation."""
    found = {}
    for row in rows:
        others = [other for other in rows if other.observed.group != row.observed.group]
        predicted, _ = power_priors.fit_of(row)(others).predict(row.observed.effects, "run")
        found[row.id] = row.observed.y - (predicted if row.law == "type=cpu" else min(predicted, 0.0))
    return found


def _of(errors, rows, is_of):
    return [errors[row.id] for row in rows if is_of(row)]


def _size(found):
    """Return number, median size and mean of errors."""
    return len(found), median(map(abs, found)), sum(found) / len(found)


def test_a_row_worked_by_hand(shipped):
    # 1,281,167 images x 6 x 4.11e9 FLOP in 5,017.2 s are 6.30e12 FLOP/s of 16.3e12; 232.3 W of 260
    (row,) = power_rows.of_runs([], [BY_ID["zeus-rtx6000-resnet50-b128"]], shipped)
    assert math.exp(row.observed.y) == pytest.approx(232.3 / 260.0, rel=1e-3)
    assert (row.segment, row.law, row.observed.effects["exponent"]) == ("workstation", "segment=workstation", 0.0)  # busy from 0.2 on


def test_cards_with_a_higher_cap_than_the_reference_card_take_all_of_theirs(shipped):
    (row,) = power_rows.of_runs([], [BY_ID["ye-rtx-3080-fp32"]], shipped)
    assert BY_ID["ye-rtx-3080-fp32"].mean_power_w_per_accelerator > shipped.product("accelerators", "rtx-3080").value("board_power_w")
    assert row.observed.y == 0.0


def test_the_cap_of_the_metered_card_counts_where_it_is_stated(shipped):
    (row,) = power_rows.of_runs([], [BY_ID["yin-rtx-3060-laptop-resnet18"]], shipped)
    assert math.exp(row.observed.y) == pytest.approx(94.4 / 95.0, rel=1e-3)
    assert (row.segment, row.law) == ("laptop", "segment=laptop")


def test_a_processor_needs_no_work_and_may_exceed_its_thermal_design_power(shipped):
    (row,) = power_rows.of_runs([], [BY_ID["fischer-i9-13900k-wavenet"]], shipped)
    assert math.exp(row.observed.y) == pytest.approx(156.1 / 125.0, rel=1e-3)
    assert (row.segment, row.law, row.observed.effects) == ("processor", "type=cpu", {"all": 1.0, "processor=i9-13900k": 1.0})


def test_an_rtx_4090_that_small_networks_keep_busy_in_part_only_takes_less_than_the_law_says(errors, rows):
    large, other = ([errors[row.id] for row in rows if row.segment == "consumer" and ("4090" in row.id) == is_large] for is_large in (True, False))
    assert len(large) == 6
    assert max(large) < 0.0
    assert _size(other) == pytest.approx((30, 0.067, 0.023), abs=0.005)


@pytest.mark.parametrize("gone", [{"hardware": "nothing"}, {"mean_power_w_per_accelerator": None}, {"samples": None}])
def test_a_row_without_hardware_power_or_work_is_left_out(shipped, gone):
    assert power_rows.of_runs([], [replace(BY_ID["zeus-v100-resnet50-b8"], **gone)], shipped) == []


def test_rows_of_data_centres_are_predicted_by_those_of_other_organisations(errors, rows):
    found = _of(errors, rows, lambda row: not row.law and not row.id.startswith("zeus"))
    assert _size(found) == pytest.approx((16, 0.14, -0.12), abs=0.005)


def test_the_law_of_data_centres_holds_for_the_v100_and_the_p100_of_zeus_which_it_was_not_fitted_to(errors, rows):
    assert _size(_of(errors, rows, lambda row: not row.law and row.id.startswith("zeus"))) == pytest.approx((10, 0.12, 0.04), abs=0.005)


def test_low_utilisation_is_predicted_as_well_as_high_utilisation(errors, rows):
    # below a quarter of the utilisation at which the power rises no more
    low, high = (
        _of(errors, rows, lambda row, low=low: row.law != "type=cpu" and (row.observed.effects["exponent"] < math.log(0.25)) == low) for low in (True, False)
    )
    assert _size(low) == pytest.approx((16, 0.119, -0.044), abs=0.005)
    assert _size(high) == pytest.approx((59, 0.091, -0.049), abs=0.005)


@pytest.mark.parametrize(
    ("segment", "size"), [("consumer", (36, 0.07, -0.05)), ("workstation", (10, 0.08, -0.05)), ("laptop", (3, 0.105, 0.095)), ("processor", (13, 0.40, 0.27))]
)
def test_cards_are_predicted_by_those_of_other_organisations(errors, rows, segment, size):
    assert _size(_of(errors, rows, lambda row: row.segment == segment)) == pytest.approx(size, abs=0.005)


def _prior(shipped, name, *scopes):
    found = {row["scope"]: float(row["median"]) for row in shipped.rows("priors", name)}
    return next(found[scope] for scope in scopes if scope in found)


def _share(shipped, chip, mfu, precision):
    scope = power_scope(chip)
    shared = "segment=*" if scope.startswith("segment=") else scope
    wide_mfu = _prior(shipped, "power_reference_mfu", shared, "*")
    return accelerator_power_w(
        board_power_w=1.0,
        reference_share=_prior(shipped, "power_share", scope, f"generation={chip.generation}", "generation=*"),
        mfu=mfu,
        reference_mfu=narrowed_mfu(mfu=wide_mfu, speed_up=speed_up_of(chip, precision), narrow_share=NARROW_SHARE),
        exponent=_prior(shipped, "power_exponent", shared, "*"),
        idle_share=_prior(shipped, "idle_share", "*"),
    )


@pytest.mark.parametrize("mfu", [1e-6, 0.001, 0.05, 0.2, 0.5, 1.0])
def test_the_power_of_every_accelerator_lies_between_idle_and_cap(shipped, mfu):
    shares = [_share(shipped, chip, mfu, "fp32") for chip in shipped.products("accelerators")]
    assert len(shares) > 400
    assert min(shares) >= _prior(shipped, "idle_share", "*")
    assert max(shares) <= 1.0


def test_every_built_in_accelerator_says_who_it_is_made_for(shipped):
    assert [chip.id for chip in shipped.products("accelerators") if not chip.segment] == []
