"""The numbers of a backtest are what they say, and the JSON is that of the contract."""

import math
from dataclasses import replace

import pytest

from traincarbon.published.reported_runs import SetAside
from traincarbon.validation.accuracy import FINE_TUNING, LANGUAGE, Backtest, Case, set_id, summary

ERRORS = {"n", "median_abs_ln", "mean_abs_ln", "p90_abs_ln", "bias_ln", "mape", "coverage_50", "coverage_90"}
KEYS = {"set", "quantity", "fitted_on", "baselines", *ERRORS}


def case(id, published, median, sigma=0.5, *, set="s", quantity="accelerator_hours_h", fitted_on=False, **baselines):
    return Case(id, set, quantity, published, median / 2, median, median * 2, sigma, baselines, fitted_on)


THREE = [case("a", 100.0, 100.0, half=50.0), case("b", 100.0, 100.0 * math.e, half=50.0), case("c", 100.0, 100.0 / math.e**0.5, half=50.0)]


def test_the_summary_of_three_cases_is_worked_by_hand():
    found = summary("s", "accelerator_hours_h", THREE).to_dict()
    assert found.keys() == KEYS
    assert found["n"] == 3
    assert found["median_abs_ln"] == pytest.approx(0.5)
    assert found["mean_abs_ln"] == pytest.approx(0.5)
    assert found["p90_abs_ln"] == pytest.approx(0.5 + 0.8 * 0.5)
    assert found["bias_ln"] == pytest.approx((0.0 + 1.0 - 0.5) / 3)
    # with sigma 0.5 the 50 % interval reaches 0.337 and the 90 % one 0.822: 0 is in both, 0.5 in the wider, 1.0 in none
    assert (found["coverage_50"], found["coverage_90"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_mape_is_the_mean_relative_error_in_ordinary_numbers():
    # 0, e - 1 and 1 - exp(-0.5) of the published figure
    assert summary("s", "mfu", THREE).errors.mape == pytest.approx((0.0 + (math.e - 1.0) + (1.0 - math.exp(-0.5))) / 3)


def test_a_rule_has_the_same_statistics_as_the_model_but_no_interval_to_be_covered():
    found = summary("s", "accelerator_hours_h", THREE).to_dict()["baselines"]["half"]
    assert found.keys() == ERRORS
    assert (found["n"], found["coverage_50"], found["coverage_90"]) == (3, None, None)
    for key in ("median_abs_ln", "mean_abs_ln", "p90_abs_ln"):
        assert found[key] == pytest.approx(math.log(2.0))
    assert found["bias_ln"] == pytest.approx(-math.log(2.0))
    assert found["mape"] == pytest.approx(0.5)


def test_a_rule_that_knows_some_rows_counts_those():
    found = summary("s", "mfu", [case("a", 1.0, 1.0, half=0.5), case("b", 1.0, 1.0)])
    assert found.baselines["half"].n == 1


def test_a_set_is_fitted_on_if_any_of_its_rows_was():
    assert summary("s", "mfu", [case("a", 1.0, 1.0), case("b", 1.0, 1.0, fitted_on=True)]).fitted_on is True
    assert summary("s", "mfu", [case("a", 1.0, 1.0)]).fitted_on is False


def whole(id, error, *, organisation, generation="hopper", family="dense-lm", unusable=""):
    """Return a whole run of 100 hours with the logarithm *error*; a simple rule is wrong by 0.5."""
    half = case(id, 100.0, 100.0 * math.exp(error), rule=100.0 * math.exp(0.5))
    return replace(half, organisation=organisation, generation=generation, family=family, unusable=unusable)


WHOLE = (
    whole("a", 0.1, organisation="one"),
    whole("b", -0.3, organisation="one", generation="ampere"),
    whole("c", 0.4, organisation="two"),
    whole("d", 9.0, organisation="two", unusable="frozen"),
    whole("e", 9.0, organisation="three", family="vision"),
)


def test_language_models_are_summed_up_by_generation_without_runs_whose_numbers_do_not_give_their_work():
    found = {entry.set: entry.errors for entry in Backtest(WHOLE, (), "built-in").generations()}
    assert {name: errors.n for name, errors in found.items()} == {"hopper": 2, "ampere": 1}
    assert found["hopper"].mean_abs_ln == pytest.approx(0.25)


def test_a_rule_is_compared_in_pairs_over_organisations():
    # one: (0.1 - 0.5 + 0.3 - 0.5) / 2 = -0.3; two: 0.4 - 0.5 = -0.1
    found = Backtest(WHOLE, (), "built-in").paired("rule")
    assert (found.organisations, found.mean_ln) == (2, pytest.approx(-0.2))
    assert found.standard_error_ln == pytest.approx(0.1)
    assert Backtest(WHOLE[:1], (), "built-in").paired("rule") is None


def test_the_json_has_the_keys_of_the_contract():
    found = Backtest(tuple(THREE), (SetAside("d", "no tokens"),), "built-in").to_dict()
    assert list(found) == ["schema", "runs", "sets", "families", "generations", "power", "targets", "rows", "set_aside"]
    assert (found["schema"], found["runs"]) == ("traincarbon/validation/1", "built-in")
    assert [entry["set"] for entry in found["sets"]] == ["s", "all"]
    assert found["rows"][0] == {"id": "a", "set": "s", "quantity": "accelerator_hours_h", "published": 100.0, "low": 50.0, "median": 100.0, "high": 200.0}
    assert found["set_aside"] == [{"id": "d", "reason": "no tokens"}]


def test_sets_are_sorted_and_quantities_pooled():
    cases = (case("a", 1.0, 1.0, set="z"), case("b", 1.0, 1.0, set="a"), case("b", 1.0, 1.0, set="a", quantity="mfu"))
    found = [(entry.set, entry.quantity, entry.errors.n) for entry in Backtest(cases, (), "x").sets()]
    assert found == [
        ("a", "accelerator_hours_h", 1),
        ("a", "mfu", 1),
        ("z", "accelerator_hours_h", 1),
        ("all", "accelerator_hours_h", 2),
        ("all", "mfu", 1),
    ]


def test_a_backtest_of_nothing_has_no_sets():
    assert Backtest((), (), "x").to_dict()["sets"] == []


@pytest.mark.parametrize(
    ("name", "id"),
    [("Narayanan 2021 T2 ZeRO-3", "narayanan-2021-t2-zero-3"), ("MT-NLG 530B", "mt-nlg-530b"), ("run/dense-lm/", "run-dense-lm"), ("a  (b)", "a-b")],
)
def test_the_id_of_a_set_is_in_lower_case_with_hyphens(name, id):
    assert set_id(name) == id


def whole(id, error, family, *, unusable="", quantity="accelerator_hours_h"):
    return Case(id, "s", quantity, 100.0, 1.0, 100.0 * math.exp(error), 1e4, 0.5, {}, family=family, unusable=unusable)


CASES = (
    whole("a", 0.1, "dense-lm"),
    whole("b", -0.3, "moe-lm"),
    whole("c", 0.2, "vision"),
    whole("d", 2.0, "dense-lm", unusable="frozen"),
    whole("e", 0.4, FINE_TUNING),
    whole("f", 0.9, ""),
    whole("g", 3.0, "dense-lm", quantity="it_energy_kwh"),
)


def test_families_count_the_hours_of_whole_runs_whose_numbers_give_their_work():
    found = {each.set: each.errors for each in Backtest(CASES, (), "x").families()}
    assert {name: errors.n for name, errors in found.items()} == {LANGUAGE: 2, "dense-lm": 1, "moe-lm": 1, "vision": 1, FINE_TUNING: 1}
    assert found[LANGUAGE].bias_ln == pytest.approx(-0.1)
    assert Backtest(CASES[5:], (), "x").families() == []


def test_the_worst_runs_come_first_and_say_what_is_wrong_with_their_numbers():
    assert [(case.id, case.unusable) for case in Backtest(CASES, (), "x").worst(3)] == [("d", "frozen"), ("e", ""), ("b", "")]
