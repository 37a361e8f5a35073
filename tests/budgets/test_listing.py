"""Budgets are set, changed, removed and shown."""

import time

import pytest

from budgeted_runs import ran
from traincarbon.budgets.budget_file import read_budgets
from traincarbon.budgets.listing import budget, remove_budget, set_budget, set_time_zone
from traincarbon.errors import CarbonError


def test_a_budget_is_set_changed_and_removed(budget_file):
    assert set_budget("vision", max_usd="$5k") == str(budget_file)
    set_budget("vision", max_kwh="1 MWh", on_budget="refuse")
    set_budget("vision", month="2026-12", max_usd=7.0)
    set_time_zone("Europe/Paris")
    stated = read_budgets()
    assert stated.time_zone == "Europe/Paris"
    assert dict(stated.stated("vision").limits) == {"usd": 5000.0, "kwh": 1000.0}
    assert stated.stated("vision").on_budget == "refuse"
    remove_budget("vision")
    assert [each.month for each in read_budgets().every] == ["2026-12"]
    with pytest.raises(CarbonError, match="has no budget"):
        remove_budget("vision")


def test_what_is_wrong_changes_nothing(budget_file):
    set_budget("vision", max_usd=5.0)
    before = budget_file.read_bytes()
    for wrong in ({"max_usd": -1.0}, {"month": "x", "max_usd": 1.0}, {"on_budget": "stop"}):
        with pytest.raises(CarbonError):
            set_budget("vision", **wrong)
    with pytest.raises(CarbonError, match="unknown time zone"):
        set_time_zone("Mars")
    with pytest.raises(CarbonError, match="has no limit"):
        set_budget("speech", on_budget="warn")
    assert budget_file.read_bytes() == before


def test_a_month_is_shown_for_all_projects_or_one(store):
    folder = store(ran("a", time.time() - 1.0, 0.5, usd=2.0), ran("b", time.time() - 1.0, 0.5, project="speech", usd=1.0))
    set_budget("vision", max_usd=5.0)
    found = budget(store=folder)
    assert [(each.project, each.spent("usd")) for each in found.budgets] == [("vision", pytest.approx(2.0))]
    assert found.without == ("speech",)
    assert budget("speech", store=folder).budgets == ()
    assert budget("vision", month="2020-01", store=folder).budgets[0].spent("usd") == 0.0
    with pytest.raises(CarbonError, match="month is"):
        budget(month="2026-13", store=folder)
