"""What a run is expected to take at its start, and who asks the budget of its project."""

import pytest

from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.tracking.launchers.launch import Launch
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.project_budget import expected_of, with_budget_check

PLAN = {"params": "1e9", "tokens": "20e9", "hw": "dgx-a100", "servers": 1}


@pytest.fixture(autouse=True)
def _own(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(tmp_path / "budgets.toml"))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))


def settings(**options):
    return settings_from(argv=(), project="vision", **options)


def test_a_plan_says_what_a_run_will_take_with_the_cost_that_its_record_counts():
    expected = expected_of(settings(plan=PLAN))
    rented = expected_of(settings(plan={**PLAN, "rent_price": 100.0}))
    assert set(expected.amounts) == {"kwh", "usd", "kgco2e"}
    assert rented.duration_s == pytest.approx(expected.duration_s)
    assert rented.amounts["usd"] == pytest.approx(100.0 * 8.0 * rented.duration_s / 3600.0, rel=0.01)
    assert expected.amounts["usd"] < rented.amounts["usd"] / 10.0


def test_a_budget_of_its_own_that_stops_it_bounds_it():
    assert expected_of(settings(max_usd=3.0, on_budget="stop")).amounts == {"usd": 3.0}
    assert expected_of(settings(max_usd=3.0)).amounts == {}
    planned = expected_of(settings(plan=PLAN)).amounts["usd"]
    assert expected_of(settings(plan=PLAN, max_usd=planned * 2.0, on_budget="stop")).amounts["usd"] == planned
    assert expected_of(settings(plan=PLAN, max_usd=planned / 2.0, on_budget="stop")).amounts["usd"] == planned / 2.0


def test_one_process_of_a_run_asks():
    runs.set_budget("vision", max_usd=1e-9, on_budget="refuse")
    stated = settings(plan=PLAN)
    with pytest.raises(CarbonError, match="the budget of vision"):
        with_budget_check(stated, tell=pytest.fail)
    for launch in (Launch(node_rank=1), Launch(local_rank=2), Launch(rank=3, local_rank=0)):
        other = stated._replace(launch=launch)
        assert with_budget_check(other, tell=pytest.fail) == other
    assert with_budget_check(stated._replace(within="a session"), tell=pytest.fail).notes == stated.notes


def test_a_warning_is_told_and_noted():
    runs.set_budget("vision", max_usd=1e-9)
    told = []
    found = with_budget_check(settings(plan=PLAN), tell=told.append)
    assert len(told) == 1
    assert found.notes[-1] == told[0]


def test_without_budgets_nothing_is_asked(monkeypatch):
    monkeypatch.delenv("CARBON_BUDGET_FILE")
    stated = settings()
    assert with_budget_check(stated, tell=pytest.fail) is stated
