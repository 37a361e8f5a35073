"""The statement of a run has the figures of its record, and a reason for each that it lacks."""

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.of_run import statement_of_run
from traincarbon.disclosure.statement import RESULTS, Boundary


def test_amounts_are_those_of_the_record(of_run, run_of):
    statement, record = of_run(), run_of()
    assert statement.result("facility_energy_kwh")._asdict() == record.facility_energy_kwh
    assert statement.result("operational_kgco2e")._asdict() == record.operational_kgco2e
    assert statement.result("accelerator_energy_kwh").median == pytest.approx(10.0)
    assert statement.result("it_energy_kwh").median == pytest.approx(16.0 / 1.25)
    assert statement.result("accelerator_hours_h").median == pytest.approx(32.0)
    assert (statement.hardware, statement.accelerator, statement.place) == ("NVIDIA DGX A100 640GB", "NVIDIA A100 SXM4 80GB", "Paris")
    assert statement.ended.startswith("2026-03-01T08:00:00")


def test_scopes_are_parts_of_the_electricity_in_proportion(of_run):
    statement = of_run()
    assert statement.result("scope2_location_kgco2e").median == pytest.approx(0.8 * 20 / 50)
    assert statement.result("scope3_upstream_kgco2e").median == pytest.approx(0.8 * 30 / 50)


def test_shares_add_up_and_name_what_was_measured(of_run):
    shares = of_run().shares
    assert shares["measured"] == pytest.approx(10.0 / 16.0)
    assert shares["modelled"] == pytest.approx(1.0 / 16.0)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_both_counts_of_compute_and_their_ratio(of_run):
    compute = of_run().compute
    assert compute.by_architecture.median == pytest.approx(6e18)
    assert compute.by_hardware.median == pytest.approx(32.0 * 3600.0 * 312e12 * compute.utilisation)
    assert compute.ratio == pytest.approx(compute.by_hardware.median / 6e18)
    assert compute.agrees is (abs(compute.ratio - 1.0) <= 0.3)


def test_what_is_not_known_is_missing_with_its_reason_and_never_0(of_run):
    statement = of_run(**UNKNOWN)
    for name in RESULTS:
        assert (statement.result(name) is None) == (name in statement.missing), name
    assert statement.missing["energy of dram"] == "no meter of the memory"
    assert statement.shares == {}
    assert statement.compute.flop is None
    assert statement.widest[0] is Boundary.ACCELERATOR


def test_a_run_that_is_still_going_and_one_with_mute_nodes_say_so(of_run):
    assert "still going" in of_run(state="running").missing["the rest of the run"]
    assert of_run(state="running").ended == ""
    assert "sent nothing" in of_run(state="incomplete").missing["nodes"]


def test_failed_attempts_are_counted(of_run):
    assert of_run().failed_attempts == 1


def test_the_compute_is_counted_as_in_the_plan(of_run, ask):
    plan = {"params": 47e9, "active_params": 13e9, "tokens": 1e12, "hw": "dgx-a100"}
    mixture = of_run(plan=plan, params=47e9).compute
    assert (mixture.by_architecture.median, mixture.how) == (pytest.approx(6.0 * 13e9 * 1e9), "6nd")
    adapters = of_run(plan={"params": 1e9, "tokens": 1e8, "hw": "dgx-a100", "kind": "lora"}).compute
    planned = ask(params=1e9, tokens=1e8, hw="dgx-a100", kind="lora").median("compute_flop")
    assert adapters.by_architecture.median == pytest.approx(10.0 * planned)


def test_a_plan_that_cannot_be_counted_leaves_the_parameters(of_run):
    assert of_run(plan={"hw": "no such hardware"}).compute.by_architecture.median == pytest.approx(6e18)


def test_a_contract_is_that_of_the_plan_or_the_one_stated(run_of, shipped):
    run = run_of(plan={"market_intensity": 30.0})
    assert statement_of_run(run, database=shipped).result("scope2_market_kgco2e").median == pytest.approx(0.48)
    assert statement_of_run(run, database=shipped, market_intensity=10.0).result("scope2_market_kgco2e").median == pytest.approx(0.16)
    assert statement_of_run(run_of(plan={"market_intensity": "none"}), database=shipped).result("scope2_market_kgco2e") is None


def test_a_fine_tune_names_its_base(of_run):
    found = of_run(plan={"kind": "rl", "model": "hub:acme/base-7b"})
    assert (found.is_fine_tuning, found.base_model) == (True, "acme/base-7b")
    assert not of_run(plan={"kind": "pretrain", "model": "hub:acme/base-7b"}).base_model


def test_the_water_is_that_of_the_last_forecast_of_a_run_that_is_over(of_run):
    water = {"low": 1.0, "median": 2.0, "high": 3.0}
    done = of_run(forecast={"share_done": 1.0, "water_l": water})
    assert done.result("water_l").median == 2.0
    assert "water_l" not in done.missing
    for half in ({"share_done": 0.5, "water_l": water}, {"share_done": 1.0}):
        assert of_run(forecast=half).missing["water_l"] == "the record of the run states no water"
    assert of_run(forecast={"share_done": 1.0, "water_l": water}, state="running").result("water_l") is None
