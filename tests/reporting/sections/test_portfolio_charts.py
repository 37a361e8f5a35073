"""Months are complete, projects beyond the colours are put together, and an outlook goes on at the pace of the months."""

import pytest

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.sections.portfolio_charts import Spent, carbon_chart, periods_chart, spending_chart


def test_a_month_in_which_nothing_ran_is_a_column_of_its_own():
    chart = periods_chart([Spent("a", "2026-01", 5.0), Spent("a", "2026-03", 7.0)], "$", "Cost", USD, "runs")
    assert [tuple(row) for row in chart.rows] == [("2026-01", "$5"), ("2026-02", "$0"), ("2026-03", "$7")]


def test_small_projects_are_put_together():
    spent = [Spent(f"p{at}", f"2026-0{at % 2 + 1}", 10.0 - at) for at in range(9)]
    chart = periods_chart(spent, "$", "Cost", USD, "runs")
    assert chart.head == ("Month", "p0", "p1", "p2", "p3", "p4", "4 others")
    totals = [sum(float(cell.strip("$")) for cell in row[1:]) for row in chart.rows]
    assert sum(totals) == pytest.approx(sum(each.amount for each in spent))


@pytest.mark.parametrize("months", [[], ["2026-01"], ["no date", "2026-13"], ["1900-01", "2026-01"]])
def test_one_month_none_or_too_many_are_not_drawn(months):
    assert periods_chart([Spent("a", month, 1.0) for month in months], "$", "Cost", USD, "runs") is None


def test_the_outlook_adds_the_mean_month_to_the_end_of_the_year():
    chart = spending_chart({"2026-01": 10.0, "2026-02": 20.0}, 100.0, USD, "runs")
    assert chart.title == "Spent so far: $30; $180 by the end of 2026 at this pace"
    assert "budget $100" in chart.draw(320.0)
    assert spending_chart({"2026-12": 10.0, "2026-11": 20.0}, None, USD, "runs").title == "Spent so far: $30"


def test_money_is_in_the_currency_of_the_report():
    chart = spending_chart({"2026-01": 10.0, "2026-02": 20.0}, None, Currency("EUR", 2.0), "runs")
    assert chart.rows[-1] == ("2026-02", "EUR 60")


@pytest.mark.parametrize(("first", "period", "columns"), [("2024-01", "Month", 25), ("2022-12", "Quarter", 14), ("2010-01", "Year", 17)])
def test_more_months_than_there_is_room_for_are_quarters_or_years(first, period, columns):
    spent = [Spent("a", month, 1.0) for month in (first, "2026-01")]
    chart = periods_chart(spent, "$", "Cost", USD, "runs")
    assert chart.head == (period, "a")
    assert chart.title == f"Cost by {period.lower()} and project"
    assert len(chart.rows) == columns
    assert sum(float(row[1].strip("$")) for row in chart.rows) == 2.0


def test_the_share_of_the_budget_that_is_spent_is_said_with_the_outlook():
    assert spending_chart({"2026-01": 10.0, "2026-02": 20.0}, 100.0, USD, "runs").note == (
        "30 % of the budget is spent, 180 % by the end of the year at this pace."
    )
    assert spending_chart({"2026-11": 10.0, "2026-12": 20.0}, 100.0, USD, "runs").note == "30 % of the budget is spent."
    assert spending_chart({"2026-01": 10.0, "2026-02": 20.0}, None, USD, "runs").note == ""


def test_many_years_are_spent_on_one_line():
    chart = spending_chart({"2015-01": 10.0, "2026-02": 20.0}, None, USD, "runs")
    assert len(chart.rows) == 134
    assert chart.rows[-1] == ("2026-02", "$30")
    assert spending_chart({"0001-01": 10.0, "2026-02": 20.0}, None, USD, "runs") is None


def test_one_month_has_no_line_of_carbon():
    assert carbon_chart({"2026-01": 5.0}, None, "fleet") is None
    chart = carbon_chart({"2026-01": 5.0, "2026-03": 5.0, "": 9.0}, 100.0, "fleet")
    assert [row[0] for row in chart.rows] == ["2026-01", "2026-02", "2026-03"]
    assert chart.title.endswith("10 % of the target")
