"""One set of names for the numbers of a run: as they are so far, and as its record has them."""

from dataclasses import replace

import pytest

from made_runs import record
from made_states import interval, state
from traincarbon.tracking.live_state import BudgetState, DeviceState
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sinks.status import facts_of, of_record, of_state


def test_a_state_gives_medians_and_a_forecast_with_bounds():
    live = state(budgets=(BudgetState("kwh", 10.0, 2.5),))
    values = of_state(live).values
    assert values["energy_kwh"] == live.results["facility_energy_kwh"].median
    assert values["total_kgco2e"] == pytest.approx(live.results["operational_kgco2e"].median + live.results["embodied_kgco2e"].median)
    assert values["forecast_energy_kwh_low"] == live.forecast["facility_energy_kwh"].low
    assert (values["tokens"], values["mfu"], values["loss"], values["budget_kwh_share"]) == (live.progress.counts["tokens"], 0.412, 2.3143, 0.25)
    assert values["power_w"] == pytest.approx(sum(device.power_w for device in live.devices))


def test_earlier_sessions_are_added_and_what_one_of_them_lacks_is_unknown():
    live = state()._replace(
        earlier={"duration_s": 100.0, "facility_energy_kwh": 2.0}, results={"facility_energy_kwh": interval(1.0), "cost_usd": interval(5.0)}
    )
    status = of_state(live)
    assert (status.values["energy_kwh"], status.duration_s) == (3.0, 823.0)
    assert not {"cost_usd", "metered_kwh"} & status.values.keys()


def test_the_meter_of_a_server_covers_the_power_of_its_parts():
    live = state()._replace(devices=(DeviceState("gpu:0", "gpu", 300.0), DeviceState("server:0", "server", 800.0), DeviceState("cpu:0", "cpu")))
    assert of_state(live).values["power_w"] == 800.0


def test_what_is_not_known_or_not_finite_is_absent():
    live = state()._replace(elapsed_s=None, results={}, forecast={}, devices=(), metered_kwh=float("nan"))
    values = of_state(live._replace(progress=live.progress._replace(mfu=None, loss=float("inf")))).values
    assert not {"energy_kwh", "power_w", "metered_kwh", "mfu", "loss"} & values.keys()


def test_the_last_status_is_the_record_with_the_latest_forecast():
    run = record(
        gpu_kwh=2.0, facility_energy_kwh={"low": 2.0, "median": 2.5, "high": 3.0}, operational_kgco2e={"low": 1.0, "median": 1.1, "high": 1.2}, mfu=0.4
    )
    last = of_record(run, of_state(state()))
    assert (last.values["energy_kwh"], last.values["total_kgco2e"], last.values["metered_kwh"], last.values["mfu"]) == (2.5, 1.1, 2.0, 0.4)
    assert (last.duration_s, last.is_last, last.has_failed) == (run.duration_s, True, False)
    assert "forecast_energy_kwh" in last.values
    assert "power_w" not in last.values
    failed = of_record(replace(run, state="failed", facility_energy_kwh=None))
    assert failed.has_failed
    assert failed.values.keys().isdisjoint({"energy_kwh", "forecast_energy_kwh"})


def test_the_facts_of_a_run_are_those_that_are_stated(monkeypatch):
    monkeypatch.delenv("CARBON_RUN_ID", raising=False)
    settings = settings_from(argv=["x"], run_id="r", region="france")
    assert facts_of(settings) == {"run_id": "r", "region": "france"}
