"""A live state in words: only what is known."""

import pytest

from made_states import gpu, interval, state
from traincarbon.quantities import CostBasis
from traincarbon.tracking.display import wording
from traincarbon.tracking.live_state import BudgetState, DeviceState, LiveState, ProgressState


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "0:00:00"), (59.9, "0:00:59"), (3600.0, "1:00:00"), (1e6, "277:46:40"), (-1.0, "–"), (None, "–")])
def test_a_time_is_shown_to_the_second(seconds, shown):
    assert wording.clock(seconds) == shown


@pytest.mark.parametrize(
    ("watts", "shown"), [(0.0, "0 W"), (999.4, "999 W"), (999.9, "1 kW"), (10.2e3, "10.2 kW"), (25e6, "25 MW"), (9.4, "9.4 W"), (0.0004, "0 W")]
)
def test_a_power_is_shown_with_three_digits(watts, shown):
    assert wording.watts(watts) == shown


def test_what_was_spent_is_the_medians_and_what_was_metered():
    assert [str(item) for item in wording.spent(state())] == ["facility 1.31 kWh", "CO2e 405 g", "rent $3.05", "metered 1.13 kWh", "hardware 72 g"]
    assert wording.spent(LiveState("r")) == []


@pytest.mark.parametrize(("basis", "shown"), [(CostBasis.RENT, "rent"), (CostBasis.ELECTRICITY, "electricity"), (CostBasis.OWN, "own"), (None, "cost")])
def test_a_cost_is_called_by_what_it_counts(basis, shown):
    assert str(wording.spent(state(cost_basis=basis))[2]) == f"{shown} $3.05"


def test_a_negligible_amount_is_not_written_out():
    shown = wording.spent(LiveState("r", metered_kwh=3e-7 / 3.6e6, results={"cost_usd": interval(2e-9), "operational_kgco2e": interval(0.0)}))
    assert [str(item) for item in shown] == ["CO2e 0 kg", "cost <$0.01", "metered <1 Wh"]


def test_samples_and_steps_are_shown_without_tokens():
    shown = wording.training(ProgressState({"steps": 1200}, {"samples": 12.34}))
    assert [str(item) for item in shown] == ["12.3 samples/s", "1,200 steps"]
    assert wording.time_left(-5.0) == "0 s left"


def test_the_power_of_a_whole_server_is_that_of_its_meter_and_an_unknown_one_is_not_zero():
    assert wording.power_w([gpu(0), gpu(1)]) == 1290.0
    assert wording.power_w([gpu(0), DeviceState("server:0", "server", 2000.0)]) == 2000.0
    assert wording.power_w([DeviceState("gpu:0", "gpu")]) is None


def test_the_share_of_a_budget_is_the_worse_of_spent_and_forecast():
    (share,) = wording.budgets([BudgetState("kwh", 5.0, 1.0, interval(6.0))])
    assert (share.text, share.spent, share.worst) == ("20 % of 5 kWh", 0.2, 1.2)
    assert wording.budgets([BudgetState("hours", 4.0, 5.0)])[0].worst == 1.25


@pytest.mark.parametrize(("name", "text"), [("kwh", "5 MWh"), ("usd", "$5k"), ("kgco2e", "5 t"), ("hours", "5,000 h")])
def test_a_limit_is_shown_in_its_own_unit(name, text):
    assert wording.budgets([BudgetState(name, 5000.0, 500.0)])[0].text == f"10 % of {text}"


def test_emissions_name_the_gas():
    assert [wording.with_unit(name, 12.5) for name in wording.FORECAST] == ["12.5 s", "12.5 kWh", "12.5 kg CO2e", "$12.5"]


@pytest.mark.parametrize(
    ("value", "planned", "shown"), [(100.0, 0.0, ""), (0.0, 10.0, "−100 %"), (20.0, 10.0, "× 2"), (10.04, 10.0, "±0 %"), (11.0, 10.0, "+10 %")]
)
def test_a_deviation_is_in_per_cent_and_from_double_on_a_factor(value, planned, shown):
    assert wording.deviation(value, planned) == shown


def test_a_small_share_is_not_shown_as_none():
    assert [wording.percent(share) for share in (0.0, 0.004, 0.5, 1.0, 12.0)] == ["0 %", "<1 %", "50 %", "100 %", "1200 %"]


def test_notes_are_clean_and_on_one_line():
    assert wording.notes(LiveState("r", notes=("a\nb\x1b[2J", "3"))) == ["a b�[2J", "3"]
