"""The results of a session: energy valued, progress counted, budgets watched, and nothing that is not known."""

import json

import pytest

from traincarbon.quantities import CostBasis
from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.messages import from_line, to_line
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.reports import Report
from traincarbon.tracking.settings import BudgetPolicy
from traincarbon.tracking.value.run_budgets import Demand
from traincarbon.tracking.value.run_results import Coefficients, Part
from traincarbon.tracking.value.session import Session
from traincarbon.tracking.value.valuation import EarlierSessions, Valuation
from traincarbon.uncertain import Uncertain

DEVICES = {"gpu:0": "NVIDIA H100 80GB HBM3"}


@pytest.fixture
def make_session(tmp_path, monkeypatch):
    """Return a function that makes a session, for options as those of ``carbon track``; valued by the shipped database unless told otherwise."""
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))

    def make(*, is_valued=True, earlier=EarlierSessions(), **options):  # noqa: B008  it is immutable
        from traincarbon.tracking.value.rates import look_up

        session = Session(settings_from(argv=["train.py"], **options))
        session.set_devices(names=DEVICES, accelerators=1)
        if is_valued:
            session.set_valuation(look_up(session.question(journal="own"))._replace(earlier=earlier))
        return session

    return make


def test_the_start_names_devices_and_an_interval_says_that_ranks_count_their_own(make_session):
    session = make_session(is_valued=False)
    assert session.start_fields()["device_names"] == DEVICES
    session.add_reports([Report(1.0, tokens=5.0)])
    assert "per_rank" not in session.interval_fields()
    session.add_reports([Report(2.0, tokens=5.0, rank="1")])
    assert session.interval_fields()["per_rank"] is True


def meter(session, *, energy_j, elapsed_s):
    session.update({"gpu": Part(energy_j, "counter", 0.0)}, elapsed_s=elapsed_s, time_s=1000.0 + elapsed_s)


def state(session, *, elapsed_s=10.0):
    return session.live_state(devices=(), elapsed_s=elapsed_s)


def test_before_anything_is_known_nothing_is_stated(make_session):
    session = make_session(is_valued=False)
    assert session.interval_fields() == {"mfu": None}
    shown = state(session)
    assert (shown.results, shown.budgets, shown.forecast, shown.plan, shown.metered_kwh) == ({}, (), {}, {}, None)
    assert session.counts() == {}


def test_energy_is_valued_by_place_and_hardware(make_session):
    session = make_session(region="FR", pue="1.25", carbon_intensity="100", hw="h100-sxm5-80gb")
    meter(session, energy_j=3.6e6, elapsed_s=3600.0)
    fields = session.interval_fields()
    energy, emitted = fields["facility_energy_kwh"], fields["operational_kgco2e"]
    assert energy["low"] <= energy["median"] <= energy["high"]
    assert energy["median"] >= 1.25
    assert emitted["median"] == pytest.approx(energy["median"] * 0.1, rel=1e-3)
    assert sum(fields["sources_kwh"].values()) == pytest.approx(energy["median"] / 1.25, rel=0.01)
    json.dumps(fields, allow_nan=False)


def test_tokens_are_counted_by_steps_of_known_size_where_only_steps_are_reported(make_session):
    session = make_session(plan={"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1, "batch_tokens": 5e5})
    for step in (1.0, 4.0):
        session.add_reports([Report(1000.0 + step, steps=step)])
    meter(session, energy_j=4e3, elapsed_s=10.0)
    progress = state(session).progress
    assert progress.j_per_token == pytest.approx(4e3 / 2e6)
    assert progress.mfu == session.interval_fields()["mfu"] > 0.0
    assert session.counts() == {"steps": 4.0}


def test_utilisation_is_work_done_over_what_the_boards_could_do(make_session):
    """A forward and a backward pass of 1e9 parameters are 6e9 FLOP a token; an H100 does 989.4e12 a second."""
    session = make_session(params="1e9", hw="h100-sxm5-80gb")
    session.add_reports([Report(1001.0, tokens=1e5), Report(1009.0, tokens=1e6)])
    meter(session, energy_j=7e3, elapsed_s=10.0)
    assert session.interval_fields()["mfu"] == pytest.approx(6e9 * 1e6 / (10.0 * 989.4e12), rel=0.02)


def test_a_budget_is_watched_from_what_earlier_sessions_took_and_says_each_thing_once(make_session):
    session = make_session(max_kwh=1.0, on_budget="signal", earlier=EarlierSessions({"facility_energy_kwh": Uncertain(0.9)}))
    meter(session, energy_j=3.6e6, elapsed_s=10.0)
    (message,) = [text for text in session.take_messages() if "spent" in text]
    assert "in earlier sessions" in message
    assert session.take_demands() == [Demand(BudgetPolicy.SIGNAL)]
    meter(session, energy_j=7.2e6, elapsed_s=20.0)
    assert (session.take_messages(), session.take_demands()) == ([], [])
    (budget,) = session.budgets()
    assert (budget.name, budget.limit) == ("kwh", 1.0)
    assert budget.spent > 2.9


def test_the_live_state_has_each_note_once_and_only_the_latest(make_session):
    session = make_session(is_valued=False)
    for number in range(1000):
        session.note(f"note {number % 500}")
    notes = state(session).notes
    assert len(notes) < 30
    assert notes[-1] == "note 499"
    assert len(set(notes)) == len(notes)


def test_the_facts_are_those_of_plan_boards_and_database(make_session):
    plan = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
    fields = make_session(plan=plan).start_fields()
    assert (fields["hw"], fields["accelerators"], fields["params"]) == ("h100-sxm5-80gb", 1, 1e9)
    assert fields["plan"]["params"] == 1e9
    assert fields["plan"]["facility_energy_kwh"]["median"] > 0.0
    assert make_session(is_valued=False).start_fields()["plan"] is None


def test_the_question_to_the_database_states_what_is_known(make_session):
    question = make_session(is_valued=False, region="FR").question(journal="own")
    assert (question.devices, question.accelerators, question.stated, question.journal) == (DEVICES, 1, {"region": "FR"}, "own")


def test_reported_tokens_count_and_not_the_steps_reported_beside_them(make_session):
    session = make_session(plan={"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1, "batch_tokens": 5e5})
    for step in (1.0, 4.0):
        session.add_reports([Report(1000.0 + step, steps=step, tokens=1e5 * step)])
    meter(session, energy_j=4e3, elapsed_s=10.0)
    assert state(session).progress.j_per_token == pytest.approx(4e3 / 4e5)


def test_a_live_state_can_be_sent(make_session):
    session = make_session(hw="h100-sxm5-80gb", region="FR", max_kwh=1.0, plan={"params": 1e9, "tokens": 1e9})
    session.add_reports([Report(1001.0, tokens=1e5), Report(1009.0, tokens=1e6)])
    meter(session, energy_j=7e3, elapsed_s=10.0)
    shown = session.live_state(devices=(DeviceState("gpu:0", "gpu", 700.0),), elapsed_s=10.0)
    assert from_line(to_line(shown)) == shown
    assert {"duration_s", "facility_energy_kwh"} <= shown.forecast.keys() & shown.plan.keys()
    assert shown.metered_kwh == pytest.approx(7e3 / 3.6e6)
    assert shown.cost_basis is CostBasis.OWN


def test_a_result_without_bounds_is_not_shown(make_session):
    session = make_session(is_valued=False)
    session.set_valuation(Valuation(coefficients=Coefficients(pue=Uncertain(1.1), carbon_intensity=Uncertain(1e308))))
    meter(session, energy_j=1e9, elapsed_s=10.0)
    assert "facility_energy_kwh" in state(session).results
    assert "operational_kgco2e" not in state(session).results


def test_what_leaves_out_a_gpu_that_is_there_is_no_total(make_session):
    session = make_session(hw="h100-sxm5-80gb", total_steps=10.0)
    session.set_devices(names={}, accelerators=None, has_unread_gpu=True)
    session.add_reports([Report(1001.0, steps=1.0, tokens=50.0), Report(1002.0, steps=2.0, tokens=100.0)])
    session.update({"cpu": Part(3.6e6, "modelled", 0.4)}, elapsed_s=10.0, time_s=1010.0)
    shown = state(session)
    assert (shown.results, shown.metered_kwh, shown.progress.j_per_token) == ({}, None, None)
    assert set(shown.forecast) <= {"duration_s"}
    assert "facility_energy_kwh" not in session.interval_fields()
    assert session.start_fields()["unread_gpu"] is True


def test_a_machine_whose_processor_is_the_accelerator_has_the_making_of_its_hardware_and_a_utilisation(make_session):
    session = make_session(is_valued=False, params="1e6", total_tokens=1000)
    session.set_devices(names={}, accelerators=None)
    known = Coefficients(pue=Uncertain(1.0), carbon_intensity=Uncertain(100.0), embodied_kgco2e_per_h=Uncertain(0.5), peak_flop_per_s=Uncertain(1e9))
    session.set_valuation(Valuation(coefficients=known, processors=1.0, flop_per_token=6e6))
    session.add_reports([Report(1000.0, tokens=0.0), Report(2000.0, tokens=250.0), Report(4600.0, tokens=500.0)])
    for at_s in (1800.0, 3600.0):
        session.update({"cpu": Part(1000.0 * at_s, "modelled", 0.0)}, elapsed_s=at_s, time_s=1000.0 + at_s)
    fields = session.interval_fields()
    assert fields["embodied_kgco2e"]["median"] == pytest.approx(0.5)
    assert fields["forecast"]["total_kgco2e"]["median"] > fields["forecast"]["operational_kgco2e"]["median"]
    assert fields["mfu"] == pytest.approx(500 * 6e6 / (3600.0 * 1e9))
    assert session.start_fields()["accelerators"] is None


def settle(session, *, energy_j, time_s):
    session.settle_phases({"gpu": Part(energy_j, "counter", 0.0)}, time_s=time_s)


def phase_energy_j(session):
    return {name: phase["energy_j"] for name, phase in session.interval_fields()["phases"].items()}


@pytest.mark.parametrize("shown_s", [(), (1001.9,), (1001.2, 1001.5, 1001.9, 1001.97)])
def test_phases_have_their_energy_however_often_results_are_worked_out_between_two_readings(make_session, shown_s):
    """1 kW all the time."""
    session = make_session(is_valued=False)
    session.begin(1000.0)
    session.add_reports([Report(1000.0, phase="train")])
    settle(session, energy_j=1000.0, time_s=1001.0)
    for time_s in (time_s for time_s in shown_s if time_s < 1001.95):
        meter(session, energy_j=1000.0, elapsed_s=time_s - 1000.0)
    session.add_reports([Report(1001.95, phase="eval")])
    for time_s in (time_s for time_s in shown_s if time_s > 1001.95):
        meter(session, energy_j=1000.0, elapsed_s=time_s - 1000.0)
    settle(session, energy_j=2000.0, time_s=1002.0)
    assert phase_energy_j(session) == pytest.approx({"train": 1950.0, "eval": 50.0})


def test_a_late_report_of_phases_takes_their_energy_back_however_often_results_are_worked_out(make_session):
    """1 kW all the time."""
    session = make_session(is_valued=False)
    session.begin(1000.0)
    settle(session, energy_j=1000.0, time_s=1001.0)
    meter(session, energy_j=1000.0, elapsed_s=1.5)
    session.add_reports([Report(1001.6, from_s=1000.6, spent_s={"load": 0.5, "step": 0.5})])
    settle(session, energy_j=2000.0, time_s=1002.0)
    assert phase_energy_j(session) == pytest.approx({"load": 500.0, "step": 500.0})
