"""A month of a budget: its rest, its burn-down, and which projects it is of."""

import pytest

from traincarbon.budgets.budget import Budget, Budgets
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth, month_for, months_of
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse

FEBRUARY = month_named("2026-02")


def use(usd=0.0, *, day=1, ahead=0.0, **fields):
    days = [0.0] * 28
    days[day - 1] = usd
    return MonthUse(runs=1, by_day={"usd": days}, ahead={"usd": ahead} if ahead else {}, **fields)


def one(limit, spent, *, day=1, ahead=0.0, **fields):
    return BudgetMonth(Budget("a", {"usd": limit}), "a", ("a",), FEBRUARY, use(spent, day=day, ahead=ahead, **fields))


def test_what_is_left_is_less_what_runs_that_go_on_will_take():
    month = one(100.0, 30.0, ahead=80.0)
    assert (month.spent("usd"), month.left("usd"), month.free("usd")) == (30.0, 70.0, -10.0)


def test_the_rest_burns_down_day_by_day_until_today():
    month = one(100.0, 130.0, day=2)
    left = month.burn_down("usd", now_s=FEBRUARY.begin_s + 2.5 * 86400.0)
    assert left == [100.0, -30.0, -30.0, *[None] * 25]
    assert month.burn_down("kwh" if "kwh" in month.budget.limits else "usd", now_s=FEBRUARY.end_s)[-1] == -30.0


def test_a_month_that_has_not_begun_has_no_day():
    assert one(1.0, 0.0).burn_down("usd", now_s=FEBRUARY.begin_s - 1.0) == [None] * 28


def test_what_is_not_known_is_said():
    month = one(1.0, 0.0, unknown={"usd": 2, "kwh": 5}, unknown_ahead={"usd": 1}, shared_runs=3)
    said = " / ".join(month.unknown())
    assert "the cost of 2 runs is not known and counted nowhere" in said
    assert "what 1 run that goes on still will take of cost is not known" in said
    assert "3 runs shared GPUs" in said
    assert "energy" not in said.replace("all of their energy", "")


USES = {"vision-a": use(1.0), "vision-b": use(2.0), "speech": use(4.0), "": use(8.0)}


def found(*budgets):
    return {(each.project, each.projects): each.spent("usd") for each in months_of(Budgets(budgets), USES, FEBRUARY)}


def test_which_budgets_a_project_has_is_asked_once(monkeypatch):
    asked, of_project = [], Budgets.of_project

    def counting(budgets, project, month):
        asked.append(project)
        return of_project(budgets, project, month)

    monkeypatch.setattr(Budgets, "of_project", counting)
    assert len(found(*(Budget(f"p{at}", {"usd": 9.0}) for at in range(20)), Budget("*", {"usd": 9.0}))) == 24
    assert sorted(asked) == sorted(USES)


def test_a_pattern_is_a_month_for_each_project_that_has_it():
    assert found(Budget("vision-*", {"usd": 9.0}), Budget("speech", {"usd": 9.0})) == {
        ("vision-a", ("vision-a",)): 1.0,
        ("vision-b", ("vision-b",)): 2.0,
        ("speech", ("speech",)): 4.0,
    }


def test_projects_that_share_a_budget_have_one_month():
    assert found(Budget("vision-*", {"usd": 9.0}, is_shared=True)) == {("vision-*", ("vision-a", "vision-b")): 3.0}


def test_the_default_is_of_projects_without_a_budget_of_their_own():
    assert found(Budget("*", {"usd": 9.0}), Budget("vision-*", {"usd": 9.0}), Budget("speech", {"usd": 9.0}))[("", ("",))] == 8.0


def test_budgets_without_runs_are_shown_too():
    assert found(Budget("audio", {"usd": 9.0}), Budget("audio-*", {"usd": 9.0})) == {("audio", ("audio",)): 0.0, ("audio-*", ()): 0.0}


def test_a_new_project_counts_in_what_it_shares():
    month = month_for(Budget("*", {"usd": 9.0}, is_shared=True), "new", USES, FEBRUARY)
    assert (month.spent("usd"), len(month.projects)) == (15.0, 5)
    assert month_for(Budget("*", {"usd": 9.0}), "new", USES, FEBRUARY).spent("usd") == 0.0


def test_json_has_every_limit_with_its_unit():
    stated = BudgetsMonth(FEBRUARY, (one(100.0, 25.0, ahead=5.0),), ("b",), "here", FEBRUARY.end_s, "file").to_dict()
    (budget,) = stated["budgets"]
    limit = budget["limits"]["usd"]
    assert {name: limit[name] for name in ("unit", "limit", "spent", "ahead", "left", "free", "spent_share")} == {
        "unit": "$",
        "limit": 100.0,
        "spent": 25.0,
        "ahead": 5.0,
        "left": 75.0,
        "free": 70.0,
        "spent_share": pytest.approx(0.25),
    }
    assert (stated["without_budget"], stated["begins_at"]) == (["b"], "2026-02-01T00:00:00.000000Z")
