"""Burn-downs as charts: the tightest budget first, what is not known in the note."""

from traincarbon.budgets.budget import Budget
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse
from traincarbon.reporting.plots.budget_plots import budget_charts, budget_words

FEBRUARY = month_named("2026-02")


def month(project, limit, spent, *, ahead=0.0, **fields):
    use = MonthUse(runs=1, by_day={"kwh": [spent, *[0.0] * 27]}, ahead={"kwh": ahead}, **fields)
    return BudgetMonth(Budget(project, {"kwh": limit}), project, (project,), FEBRUARY, use)


def found(*budgets, at_days=2.5):
    return BudgetsMonth(FEBRUARY, budgets, (), "here", FEBRUARY.begin_s + at_days * 86400.0, "file")


def test_the_tightest_comes_first_with_its_days():
    charts = budget_charts(found(month("wide", 100.0, 10.0), month("tight", 100.0, 90.0, ahead=20.0, unknown={"kwh": 1})))
    assert [chart.title for chart in charts] == ["tight: 10 kWh of 100 kWh left", "wide: 90 kWh of 100 kWh left"]
    assert charts[0].rows[:4] == [("2026-02-01", "10 kWh"), ("2026-02-02", "10 kWh"), ("2026-02-03", "10 kWh"), ("2026-02-04", "–")]
    assert charts[0].note == "The energy of 1 run is not known and counted nowhere."
    assert "runs that still go on" in str(charts[0].draw(520.0))
    assert "runs that still go on" not in str(charts[1].draw(520.0))


def test_more_than_the_budget_is_drawn_below_nothing():
    (chart,) = budget_charts(found(month("over", 100.0, 150.0)))
    assert chart.title == "over: −50 kWh of 100 kWh left"
    assert "left −50 kWh" in str(chart.draw(520.0))


def test_most_of_many_budgets_are_not_drawn():
    assert len(budget_charts(found(*(month(f"p{at}", 100.0, float(at)) for at in range(40))))) == 24


def test_words_say_how_many_are_spent():
    assert budget_words(found(month("a", 1.0, 1.0), month("b", 1.0, 0.5, ahead=0.6), month("c", 1.0, 0.0))) == (
        "3 budgets for 2026-02 (UTC); 1 spent, 1 will be by runs that still go on."
    )
