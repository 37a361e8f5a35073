"""A month of budgets on wide and narrow screens."""

import pytest

from traincarbon.budgets.budget import Budget, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse
from traincarbon.cli.screens.budgets import budgets_screen
from traincarbon.terminal_text import plain

FEBRUARY = month_named("2026-02", time_zone="Europe/Paris")


def month(project, limit, spent, *, ahead=0.0, shared=False, **fields):
    use = MonthUse(runs=3, by_day={"usd": [spent, *[0.0] * 27]}, ahead={"usd": ahead} if ahead else {}, **fields)
    return BudgetMonth(Budget(project, {"usd": limit}, StartPolicy.REFUSE, "", shared), project, (project,), FEBRUARY, use)


def screen(*budgets, without=(), at_days=10.0):
    return plain(budgets_screen(BudgetsMonth(FEBRUARY, budgets, without, "here", FEBRUARY.begin_s + at_days * 86400.0, "file")))


def test_each_budget_is_a_line():
    lines = screen(month("vision", 5000.0, 4200.0, ahead=1500.0), month("s*", 100.0, 120.0, shared=True), without=("a", "")).split("\n")
    assert lines[0] == "February 2026: Europe/Paris, 18 days left"
    assert lines[1].split() == ["project", "budget", "spent", "still", "going", "left", "used", "if", "no", "room"]
    assert lines[2].split() == ["vision", "$5k", "$4.20k", "$1.50k", "$800", "84", "%", "refuse"]
    assert lines[3].split() == ["s*", "(together)", "$100", "$120", "–", "−$20", "120", "%", "refuse"]
    assert lines[4] == "Without a budget: a, no project"


def test_a_single_budget_burns_down_in_blocks():
    assert screen(month("vision", 100.0, 50.0), at_days=3.5).split("\n")[-1] == "Left of money by day: ▄▄▄▄"
    assert screen(month("vision", 100.0, 150.0), at_days=0.5).endswith("▁")


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_no_line_is_wider_than_the_screen(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = screen(month("a-project-with-a-long-name", 5e6, 4.2e6, ahead=1e5, unknown={"usd": 3}, unknown_ahead={"usd": 1}), at_days=27.5)
    assert max(map(len, text.split("\n"))) <= columns
    for part in ("$5M", "$4.20M", "$100k", "$800k", "84 %", "refuse", "the cost of 3 runs is not known"):
        assert part in " ".join(text.split())


def test_ends_of_a_month_are_said():
    assert screen(month("a", 1.0, 0.0), at_days=26.9).split("\n")[0].endswith(" 1 day left")
    assert "12 h left" in screen(month("a", 1.0, 0.0), at_days=27.5)
    assert "over" in screen(month("a", 1.0, 0.0), at_days=28.5).split("\n")[0]
    assert "not begun" in screen(month("a", 1.0, 0.0), at_days=-1.0).split("\n")[0]


def test_no_budget_says_how_to_set_one():
    assert "carbon runs budget PROJECT --max-usd 5000" in screen()


def test_names_cannot_drive_the_terminal():
    assert "\x1b" not in screen(month("a\x1b[2J", 1.0, 0.0), without=("b\x1b[2J",))
