"""Budgets are set, changed, removed and shown."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from budgeted_runs import ran
from traincarbon.budgets import listing
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


def test_changes_at_the_same_time_are_all_made(monkeypatch):
    def read_slowly(**options):
        found = read_budgets(**options)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(listing, "read_budgets", read_slowly)
    changes = [partial(set_budget, project, max_usd=5.0) for project in ("vision", "speech")]
    changes.append(partial(set_time_zone, "Europe/Paris"))
    with ThreadPoolExecutor(len(changes)) as pool:
        assert len([change.result() for change in [pool.submit(change) for change in changes]]) == 3
    stated = read_budgets()
    assert (sorted(each.project for each in stated.every), stated.time_zone) == (["speech", "vision"], "Europe/Paris")


def test_what_is_refused_makes_no_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("CARBON_BUDGET_FILE")
    with pytest.raises(CarbonError, match="has no budget"):
        remove_budget("vision")
    with pytest.raises(CarbonError, match="has no limit"):
        set_budget("vision")
    assert not (tmp_path / "settings").exists()


def test_a_folder_that_cannot_be_made_is_said(monkeypatch, tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(tmp_path / "taken" / "budgets.toml"))
    with pytest.raises(CarbonError, match="cannot write") as caught:
        set_budget("vision", max_usd=5.0)
    assert "is the folder yours" in caught.value.hint
