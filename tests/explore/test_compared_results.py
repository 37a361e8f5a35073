"""Compared figures are the estimate's own, also when it is brought to other hours and energy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import PlanError
from traincarbon.explore.compared_results import COST, added, chosen_money, intervals, is_many, money_of, plain, results_of, scaled
from traincarbon.quantities import COMPARED
from traincarbon.uncertain import median_of

factors = st.floats(0.01, 10.0)


@pytest.fixture(scope="module")
def answer(ask):
    return ask(servers=8, region="france")


@pytest.mark.parametrize("money", ["rent", "own"])
def test_figures_are_those_of_the_estimate(answer, money):
    found = results_of(answer, money)
    assert found.keys() == set(COMPARED)
    assert found["cost_usd"] is answer.values[COST[money]]
    assert found["total_kgco2e"] is answer.values["total_kgco2e"]


@pytest.mark.parametrize("money", ["rent", "own"])
def test_scaling_by_one_changes_nothing(answer, money):
    for name, value in scaled(answer, money).items():
        assert median_of(value) == pytest.approx(median_of(results_of(answer, money)[name])), name


@pytest.mark.parametrize("money", ["rent", "own"])
@given(factor=factors)
def test_all_figures_follow_hours_and_energy_together(answer, money, factor):
    for name, value in scaled(answer, money, hours=factor, accelerator_energy=factor).items():
        assert median_of(value) == pytest.approx(factor * median_of(results_of(answer, money)[name])), name


def test_less_energy_of_the_chips_leaves_hours_and_rent_and_the_hosts_share(answer):
    found, before = scaled(answer, "rent", accelerator_energy=0.5), results_of(answer, "rent")
    assert found["cost_usd"].median == before["cost_usd"].median
    assert found["accelerator_hours_h"].median == before["accelerator_hours_h"].median
    draws = {link.formula.__name__: median_of(value) for link, _, value in answer.links}
    chip, host = draws["accelerator_power_w"], draws["host_power_w"]
    assert found["facility_energy_kwh"].median == pytest.approx(before["facility_energy_kwh"].median * (0.5 * chip + host) / (chip + host))


def test_what_is_unknown_stays_unknown(ask):
    answer = ask(hw="h100")
    assert scaled(answer, "rent", hours=2.0)["duration_s"] is None
    assert added(results_of(answer, "rent"), results_of(answer, "rent"))["duration_s"] is None


def test_sums_are_figure_by_figure(answer):
    both = added(results_of(answer, "rent"), results_of(answer, "rent"))
    assert both["cost_usd"].median == pytest.approx(2.0 * answer.median("rent_usd"))


def test_intervals_are_those_of_the_estimate_and_fit_for_json(answer):
    found = intervals(results_of(answer, "rent"), answer.level)
    assert found["facility_energy_kwh"] == answer["facility_energy_kwh"]
    assert plain(found)["cost_usd"] == answer["rent_usd"]._asdict()
    assert intervals({"cost_usd": 3.0}, 0.9)["cost_usd"] == (3.0, 3.0, 3.0)


def test_money_is_rent_where_it_is_known_and_what_is_stated_wins(answer, ask):
    assert money_of(answer) == "rent"
    assert money_of(ask(purchase_price=2e5)) == "own"
    assert money_of(ask(hw="dgx-h100", rent="reserved_3y", rent_price=2.0, purchase_price=2e5)) == "rent"
    assert chosen_money(answer, "own") == "own"


def test_money_of_another_kind_is_refused(answer):
    with pytest.raises(PlanError, match="'lease'"):
        chosen_money(answer, "lease")


def test_arrays_are_many_plans(ask, answer):
    import numpy as np

    assert is_many(ask(params=np.array([1e9, 2e9])))
    assert not is_many(answer)
    assert math.isfinite(answer.median("rent_usd"))
