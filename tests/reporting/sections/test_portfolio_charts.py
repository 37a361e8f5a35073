"""Months are complete, projects beyond the colours are put together, and an outlook goes on at the pace of the months."""

import pytest

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.sections.portfolio_charts import Spent, is_month, months_between, months_chart, spending_chart


def test_a_month_in_which_nothing_ran_is_a_column_of_its_own():
    chart = months_chart([Spent("a", "2026-01", 5.0), Spent("a", "2026-03", 7.0)], "$", "Cost", USD, "runs")
    assert [tuple(row) for row in chart.rows] == [("2026-01", "$5"), ("2026-02", "$0"), ("2026-03", "$7")]


def test_small_projects_are_put_together():
    spent = [Spent(f"p{at}", f"2026-0{at % 2 + 1}", 10.0 - at) for at in range(9)]
    chart = months_chart(spent, "$", "Cost", USD, "runs")
    assert chart.head == ("Month", "p0", "p1", "p2", "p3", "p4", "4 others")
    totals = [sum(float(cell.strip("$")) for cell in row[1:]) for row in chart.rows]
    assert sum(totals) == pytest.approx(sum(each.amount for each in spent))


@pytest.mark.parametrize("months", [[], ["2026-01"], ["no date", "2026-13"], ["2020-01", "2026-01"]])
def test_one_month_none_or_too_many_are_not_drawn(months):
    assert months_chart([Spent("a", month, 1.0) for month in months], "$", "Cost", USD, "runs") is None


def test_the_outlook_adds_the_mean_month_to_the_end_of_the_year():
    chart = spending_chart({"2026-01": 10.0, "2026-02": 20.0}, 100.0, USD, "runs")
    assert chart.title == "Spent so far: $30; $180 by the end of 2026 at this pace"
    assert "budget $100" in chart.draw(320.0)
    assert spending_chart({"2026-12": 10.0, "2026-11": 20.0}, None, USD, "runs").title == "Spent so far: $30"


def test_money_is_in_the_currency_of_the_report():
    chart = spending_chart({"2026-01": 10.0, "2026-02": 20.0}, None, Currency("EUR", 2.0), "runs")
    assert chart.rows[-1] == ("2026-02", "EUR 60")


def test_what_is_not_a_month_is_left_out():
    assert not any(map(is_month, ["", "2026", "2026-1", "2026-00", "20a6-01", "month not known"]))
    assert months_between([]) == []
