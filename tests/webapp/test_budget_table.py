"""Budgets of this month on the page of all runs."""

import re
import time

import pytest

from budgeted_runs import ran
from traincarbon import runs
from traincarbon.budgets.budget import Budget, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse
from traincarbon.ledger.store import Ledger
from traincarbon.webapp.budget_table import budgets_html

FEBRUARY = month_named("2026-02")


@pytest.fixture(autouse=True)
def budget_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(tmp_path / "budgets.toml"))
    return tmp_path / "budgets.toml"


def test_each_limit_is_a_row_and_what_is_not_known_is_said():
    use = MonthUse(runs=2, by_day={"usd": [120.0, *[0.0] * 27], "kwh": [1.0, *[0.0] * 27]}, ahead={"kwh": 2.0}, unknown={"usd": 1})
    budget = Budget("<b>", {"usd": 100.0, "kwh": 10.0}, StartPolicy.REFUSE)
    shown = budgets_html(BudgetsMonth(FEBRUARY, (BudgetMonth(budget, "<b>", ("<b>",), FEBRUARY, use),), (), "here", FEBRUARY.end_s, "file"))
    assert "Budgets of 2026-02 (UTC)" in shown
    for part in ("$100", "$120", "−$20", "120 %", "10 kWh", "2 kWh", "refused", "the cost of 1 run is not known"):
        assert part in shown
    assert "<b>" not in shown
    assert budgets_html(None) == ""


def test_the_page_shows_them_and_says_what_is_wrong_with_their_file(client, store, budget_file):
    with Ledger(store) as ledger:
        ledger.add([ran("a", time.time() - 1.0, 0.5, usd=8.0)])
    runs.set_budget("vision", max_usd=32.0)
    page = client.get("/fleet").text
    assert "Budgets of " in page
    assert re.search(r">25\s%<", page.partition("Budgets of ")[2])
    assert "Budgets of " not in client.get("/fleet", params={"project": "speech"}).text
    budget_file.write_text("[[", encoding="utf-8")
    assert "is not TOML" in client.get("/fleet").text
