"""Budgets warn in time, signal once and stop once, also over several sessions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import merge
from traincarbon.tracking.live_state import BudgetState
from traincarbon.tracking.settings import Limits
from traincarbon.tracking.value.budget import Budget, earlier_sessions
from traincarbon.tracking.value.valuation import EarlierSessions
from traincarbon.uncertain import Interval, Uncertain

LIMIT = Limits(kwh=100.0)


def of(kwh=None, **others):
    figures = {} if kwh is None else {"facility_energy_kwh": Uncertain(kwh)}
    return {**figures, **{name: Uncertain(value) for name, value in others.items()}}


def kinds(budget, kwh, forecast=None, time_s=0.0):
    return [action.kind for action in budget.check(of(kwh), None if forecast is None else of(forecast), time_s=time_s)]


def test_it_warns_once_when_four_fifths_are_spent():
    budget = Budget(LIMIT)
    assert [kinds(budget, kwh) for kwh in (79.9, 80.0, 90.0, 79.0, 81.0)] == [[], ["warn"], [], [], []]


def test_the_warning_says_the_share_and_the_interval():
    action = Budget(Limits(kwh=1000.0)).check({"facility_energy_kwh": Uncertain(900.0, {"pue": 0.1})}, time_s=0.0)[0]
    assert action.text == "90 % of the budget of 1,000 kWh is spent: 900 kWh (763 to 1,060) of facility energy"


def test_small_amounts_are_written_out():
    (action,) = Budget(Limits(usd=1e-3)).check({"cost_usd": Uncertain(1.34e-3, {"price": 0.326})}, time_s=0.0)
    assert action.text == "the budget of $0.00100 is spent: $0.00134 (0.000784 to 0.00229)"


def test_it_warns_once_when_the_run_is_heading_beyond():
    budget = Budget(LIMIT)
    assert [kinds(budget, 10.0, forecast) for forecast in (99.0, 101.0, 90.0, 200.0)] == [[], ["warn"], [], []]
    action = Budget(Limits(usd=50.0)).check({}, of(cost_usd=1.0), time_s=0.0)
    assert action == []  # what is spent is not known yet
    action = Budget(Limits(usd=50.0)).check(of(cost_usd=1.0), {"cost_usd": Uncertain(80.0, {"rent_price": 0.2})}, time_s=0.0)[0]
    assert action.text == "the run will take $80 (57.6 to 111), more than its budget of $50"


def test_the_median_decides_and_not_the_bounds():
    assert Budget(LIMIT).check({"facility_energy_kwh": Uncertain(79.0, {"pue": 1.0})}, time_s=0.0) == []


def test_policy_warn_only_warns():
    budget = Budget(LIMIT, policy="warn")
    assert [kinds(budget, kwh, time_s=time_s) for time_s, kwh in enumerate((100.0, 150.0, 900.0))] == [["warn"], [], []]


def test_policy_signal_signals_once():
    budget = Budget(LIMIT, policy="signal")
    assert [kinds(budget, kwh, time_s=1000.0 * kwh) for kwh in (50.0, 100.0, 150.0)] == [[], ["signal"], []]


def test_policy_stop_signals_and_stops_once_after_the_grace_period():
    budget = Budget(LIMIT, policy="stop", grace_s=60.0)
    assert [kinds(budget, 100.0, time_s=time_s) for time_s in (0.0, 59.9, 60.0, 61.0, 1e9)] == [["signal"], [], ["stop"], [], []]


def test_a_figure_that_falls_back_takes_nothing_back():
    budget = Budget(LIMIT, policy="stop", grace_s=10.0)
    assert kinds(budget, 100.0, time_s=0.0) == ["signal"]
    assert kinds(budget, 50.0, time_s=20.0) == []
    assert kinds(budget, 100.0, time_s=30.0) == ["stop"]


def test_a_run_that_begins_over_its_budget_is_stopped_at_once_with_the_reason():
    budget = Budget(LIMIT, policy="stop", earlier=of(120.0))
    actions = budget.check(of(0.0), time_s=0.0)
    assert [action.kind for action in actions] == ["stop"]
    assert (
        actions[0].text
        == "the budget of 100 kWh is spent: 120 kWh of facility energy, 120 kWh of it in earlier sessions: stopped at once, as none of the budget is left"
    )
    assert budget.check(of(1.0), time_s=1.0) == []


def test_it_is_stopped_at_once_even_before_this_session_knows_anything():
    assert [action.kind for action in Budget(LIMIT, policy="stop", earlier=of(120.0)).check({}, time_s=0.0)] == ["stop"]


def test_what_earlier_sessions_spent_counts():
    budget = Budget(LIMIT, policy="stop", earlier=of(60.0))
    assert [kinds(budget, kwh) for kwh in (19.0, 20.0, 40.0)] == [[], ["warn"], ["signal"]]


def test_each_limit_is_watched_in_its_own_unit():
    limits = Limits(kwh=10.0, usd=10.0, kgco2e=10.0, hours=10.0)
    spent = of(9.0, cost_usd=9.0, total_kgco2e=9.0, duration_s=9.0 * 3600.0)
    texts = [action.text for action in Budget(limits).check(spent, time_s=0.0)]
    assert texts == [
        f"90 % of the budget of {limit} is spent: {actual}"
        for limit, actual in (("10 kWh", "9 kWh of facility energy"), ("$10", "$9"), ("10 kg CO2e", "9 kg CO2e"), ("10 h", "9 h"))
    ]


def test_a_second_limit_warns_and_does_not_signal_again():
    budget = Budget(Limits(kwh=10.0, hours=1.0), policy="signal")
    assert kinds(budget, 10.0) == ["signal"]
    assert [action.kind for action in budget.check(of(10.0, duration_s=3600.0), time_s=5.0)] == ["warn"]


@pytest.mark.parametrize("figure", [math.nan, math.inf, -1.0])
def test_a_figure_that_cannot_be_does_nothing(figure):
    budget = Budget(LIMIT, policy="stop")
    assert budget.check(of(figure), of(figure), time_s=0.0) == []
    assert kinds(budget, 10.0) == []


@pytest.mark.parametrize("policy", ["warn", "signal", "stop"])
def test_a_training_that_has_ended_is_neither_signalled_nor_stopped(policy):
    budget = Budget(LIMIT, policy=policy)
    (action,) = budget.check(of(2.0 * LIMIT.kwh), time_s=1.0, ended=True)
    assert (action.kind, action.text.endswith(" kWh of facility energy")) == ("warn", True)
    assert budget.check(of(3.0 * LIMIT.kwh), time_s=99.0, ended=True) == []


def test_what_is_spent_and_forecast_is_in_the_unit_of_the_limit():
    budget = Budget(Limits(kwh=100.0, usd=5.0, hours=4.0), earlier=of(20.0))
    spent = of(30.0, duration_s=3600.0)
    assert budget.states(spent, {"duration_s": Uncertain(7200.0)}) == (BudgetState("kwh", 100.0, 50.0), BudgetState("hours", 4.0, 1.0, Interval(2.0, 2.0, 2.0)))


def test_a_limit_on_an_unknown_quantity_is_reported():
    budget = Budget(Limits(kwh=100.0, usd=5.0))
    assert budget.unwatched(of(1.0)) == ["the budget of $5 cannot be watched: the cost is not known here"]


def test_a_limit_that_counts_electricity_alone_on_a_machine_with_gpus_is_reported():
    budget = Budget(Limits(usd=5.0, kgco2e=2.0))
    spent = of(1.0, cost_usd=0.1, total_kgco2e=0.3)
    assert budget.partial(spent, cost_basis="electricity alone", accelerators=8.0) == [
        "the budget of $5 counts electricity alone: the price of this hardware is unknown (see --rent-price)",
        "the budget of 2 kg CO2e counts electricity alone: the emissions of making this hardware are unknown",
    ]
    assert budget.partial(spent, cost_basis="electricity alone", accelerators=0.0) == []
    assert budget.partial(of(1.0, cost_usd=0.1, total_kgco2e=0.3, embodied_kgco2e=0.1), cost_basis="rent", accelerators=8.0) == []


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf])
def test_a_budget_that_cannot_be_is_refused(limit):
    with pytest.raises(CarbonError, match="is not possible"):
        Budget(Limits(usd=limit))


def test_an_unknown_policy_is_refused():
    with pytest.raises(CarbonError, match="unknown budget policy 'kill'") as caught:
        Budget(LIMIT, policy="kill")
    assert caught.value.hint == "on-budget is one of warn, signal, stop"


@given(st.lists(st.tuples(st.floats(0.0, 200.0), st.floats(0.0, 400.0)), max_size=40), st.sampled_from(["warn", "signal", "stop"]), st.floats(0.0, 150.0))
def test_each_action_comes_once_and_in_order(path, policy, earlier):
    budget = Budget(LIMIT, policy=policy, earlier=of(earlier), grace_s=3.0)
    actions = [action for time_s, (kwh, forecast) in enumerate(path) for action in budget.check(of(kwh), of(forecast), time_s=float(time_s))]
    order = [action.kind for action in actions if action.kind != "warn"]
    assert order in ([], ["signal"], ["signal", "stop"], ["stop"])
    assert policy != "warn" or order == []
    assert policy == "stop" or "stop" not in order
    assert sum(action.kind == "warn" for action in actions) <= 3


def test_what_earlier_sessions_spent_is_read_from_the_ledger():
    figure = {"low": 1.0, "median": 2.0, "high": 4.0}
    lines = lines_of(figures=dict.fromkeys(("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e"), figure))
    earlier = earlier_sessions(merge(lines, now_s=WALL_S + 1e6))
    spent = earlier.values
    assert spent["total_kgco2e"].median == 4.0
    assert spent["facility_energy_kwh"].interval()[1] == pytest.approx(4.0)
    assert spent["duration_s"].median == 15.0
    assert earlier.notes == ("earlier sessions of this run do not state the cost: it counts from this session on",)
    assert earlier_sessions(None) == EarlierSessions()
    unknown = lines_of(start={"hw": ""}, figures={"facility_energy_kwh": figure})
    assert earlier_sessions(merge(unknown, now_s=WALL_S + 1e6)).notes == ()
