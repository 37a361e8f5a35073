"""The backtest is honest: what it predicts it has not seen, and its numbers are what they say."""

import math

import pytest

from traincarbon.calibrate import backtest as module
from traincarbon.calibrate.backtest import Backtest, Case, backtest, summary
from traincarbon.calibrate.runs import Run, SetAside, read_runs
from traincarbon.database.load import builtin_root

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


def slowed(run, factor):
    """The same run, but its published figures say that it was *factor* times slower."""
    numbers = dict(run.numbers)
    for column in ("accelerator_hours", "wallclock_days", "iter_time_s"):
        numbers |= {column: numbers[column] * factor} if column in numbers else {}
    for column in ("mfu", "hfu", "achieved_tflops_per_accelerator", "tokens_per_s_per_accelerator"):
        numbers |= {column: numbers[column] / factor} if column in numbers else {}
    return Run(run.texts, numbers)


def test_what_an_organisation_published_does_not_move_its_own_predictions_but_those_of_others(monkeypatch):
    some = [run for run in read_runs()[0] if run["organisation"] in ("Meta", "Google", "BigScience", "Microsoft")]

    def predicted(factor):
        runs = [slowed(run, factor) if run["organisation"] == "Meta" else run for run in some]
        monkeypatch.setattr(module, "read_runs", lambda _=None: (runs, []))
        return {(case.id, case.quantity): (case.low, case.median, case.high) for case in backtest().cases if case.quantity != "step_time_s"}

    as_published, otherwise = predicted(1.0), predicted(1.7)
    whose = {run["id"]: run["organisation"] for run in some}
    both = as_published.keys() & otherwise.keys()
    assert {whose[id] for id, _ in both} == {"Meta", "Google", "BigScience", "Microsoft"}
    for id, quantity in both:
        assert (as_published[id, quantity] == otherwise[id, quantity]) == (whose[id] == "Meta"), (id, quantity)


def test_runs_of_a_file_are_predicted_without_our_rows_of_the_same_id(tmp_path, monkeypatch):
    fits = []
    original = module.priors.fitted_priors
    monkeypatch.setattr(module.priors, "fitted_priors", lambda runs, *rest: fits.append({run["id"] for run in runs}) or original(runs, *rest))
    with open(f"{builtin_root()}/published_runs.csv", encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    file = tmp_path / "runs.csv"
    file.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("llama1-"))]) + "\n", encoding="utf-8")
    ids = {case.id for case in backtest(str(file)).cases}
    assert "llama1-65b" in ids
    assert fits
    assert all(not fitted & ids for fitted in fits)


def test_mape_is_the_mean_relative_error_in_ordinary_numbers():
    # 0, e - 1 and 1 - exp(-0.5) of the published figure
    assert summary("s", "mfu", THREE)["mape"] == pytest.approx((0.0 + (math.e - 1.0) + (1.0 - math.exp(-0.5))) / 3)


def test_the_co2e_of_a_run_is_compared_in_kilograms_where_its_energy_is_known(seen):
    by_key = {(case.id, case.quantity): case for case in seen[1].cases}
    assert by_key["gpt3-175b", "operational_kgco2e"].published == 552_100.0
    assert by_key["gpt3-175b", "facility_energy_kwh"].published == 1_287_000.0
    assert ("llama1-65b", "facility_energy_kwh") not in by_key  # the power cap times hours is no measurement


def test_the_simple_rules_are_worked_by_hand_for_llama_65b(seen):
    case = next(case for case in seen[1].cases if (case.id, case.quantity) == ("llama1-65b", "accelerator_hours_h"))
    at_peak_h = 6 * 65.2e9 * 1.4e12 / 312e12 / 3600
    assert case.baselines["epoch_mfu_0.375"] == pytest.approx(at_peak_h / 0.375)
    # Faiz et al. 2024: beyond a server, -5.6e-23 N^2 + 8.45e-11 N + 134.5 TFLOP/s
    rate = -5.60233749e-23 * 65.2e9**2 + 8.45435587e-11 * 65.2e9 + 134.546129
    assert case.baselines["llmcarbon"] == pytest.approx(at_peak_h * 312 / rate)


def test_steps_of_known_layout_are_timed_without_their_own_source(seen):
    timed = [case for case in seen[1].cases if case.quantity == "step_time_s"]
    assert {"Narayanan 2021 T1", "Korthikanti 2022", "MosaicML FSDP A100", "MT-NLG 530B"} <= {case.set for case in timed}
    errors = sorted(abs(case.error_ln) for case in timed if case.set in ("Narayanan 2021 T1", "Narayanan 2021 T2", "Korthikanti 2022", "MegaScale A100"))
    assert len(errors) == 30
    assert errors[15] <= 0.04
    assert errors[27] <= 0.10
