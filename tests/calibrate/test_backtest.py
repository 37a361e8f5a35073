"""The backtest is honest: what it predicts it has not seen, and its numbers are what they say."""

import math

import pytest

from traincarbon.calibrate import backtest as module
from traincarbon.calibrate.backtest import Backtest, Case, backtest, summary
from traincarbon.calibrate.runs import SetAside

KEYS = {"set", "quantity", "fitted_on", "n", "median_abs_ln", "mean_abs_ln", "p90_abs_ln", "bias_ln", "mape", "coverage_50", "coverage_90", "baselines"}


def case(id, published, median, sigma=0.5, **baselines):
    return Case(id, "s", "accelerator_hours_h", published, median / 2, median, median * 2, sigma, baselines)


THREE = [case("a", 100.0, 100.0, half=50.0), case("b", 100.0, 100.0 * math.e, half=50.0), case("c", 100.0, 100.0 / math.e**0.5, half=50.0)]


def test_the_summary_of_three_cases_is_worked_by_hand():
    found = summary("s", "accelerator_hours_h", THREE)
    assert found.keys() == KEYS
    assert found["n"] == 3
    assert found["median_abs_ln"] == pytest.approx(0.5)
    assert found["mean_abs_ln"] == pytest.approx(0.5)
    assert found["p90_abs_ln"] == pytest.approx(0.5 + 0.8 * 0.5)
    assert found["bias_ln"] == pytest.approx((0.0 + 1.0 - 0.5) / 3)
    # with sigma 0.5 the 50 % interval reaches 0.337 and the 90 % one 0.822: 0 is in both, 0.5 in the wider, 1.0 in none
    assert (found["coverage_50"], found["coverage_90"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert found["baselines"]["half"]["bias_ln"] == pytest.approx(-math.log(2.0))
    assert found["fitted_on"] is False


def test_the_json_has_the_keys_of_the_contract():
    found = Backtest(tuple(THREE), (SetAside("d", "no tokens"),), "built-in").to_dict()
    assert found.keys() == {"schema", "runs", "sets", "rows", "set_aside"}
    assert found["schema"] == "traincarbon/validation/1"
    assert [entry["set"] for entry in found["sets"]] == ["s", "all"]
    assert found["rows"][0].keys() == {"id", "set", "quantity", "published", "low", "median", "high"}
    assert found["set_aside"] == [{"id": "d", "reason": "no tokens"}]


@pytest.fixture(scope="module")
def seen():
    """Which runs each fit of a whole backtest was given, and the backtest."""
    fits = []
    original = module.priors.fitted_priors

    def spy(runs, database):
        fits.append({run["organisation"] or run["source"] for run in runs})
        return original(runs, database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.priors, "fitted_priors", spy)
        return fits, backtest()


def test_no_organisation_is_predicted_with_its_own_rows(seen):
    fits, _ = seen
    everyone = set().union(*fits)
    left_out = [everyone - fit for fit in fits]
    assert all(len(missing) == 1 for missing in left_out)
    assert len({tuple(missing) for missing in left_out}) == len(everyone)


def test_the_pooled_hours_keep_the_accuracy_that_the_documentation_states(seen):
    (pooled,) = [entry for entry in seen[1].to_dict()["sets"] if (entry["set"], entry["quantity"]) == ("all", "accelerator_hours_h")]
    assert pooled["n"] >= 95
    assert pooled["median_abs_ln"] <= 0.36
    assert 0.82 <= pooled["coverage_90"] <= 0.96
    assert pooled["median_abs_ln"] < min(baseline["median_abs_ln"] for baseline in pooled["baselines"].values())


def test_every_row_is_tried_or_set_aside_with_a_reason(seen):
    found = seen[1]
    tried = {case.id for case in found.cases}
    aside = {row.id for row in found.set_aside}
    assert len(tried | aside) == 338
    assert all(row.reason for row in found.set_aside)


def test_every_median_lies_in_its_interval(seen):
    assert all(case.low < case.median < case.high for case in seen[1].cases)
