"""The four charts of the first page show the figures of the plan, of its alternatives and of other places."""

import re

import pytest

from traincarbon.explore.advise import advise
from traincarbon.reporting.charts.chart import NARROW, WIDE
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.amounts import money_of
from traincarbon.reporting.decision.plan_charts import Question, amount_chart, options_chart, payments_chart, percent, places_chart
from traincarbon.reporting.plan_variants import in_regions, region_options
from traincarbon.reporting.view import EstimateView

PLAN = {"params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280, "start": "2021"}
ASKED = Question(USD, 10e6, 0.8)


@pytest.fixture
def answer(ask):
    return ask(**PLAN)


@pytest.fixture
def view(answer):
    return EstimateView.of(answer)


def words(drawn):
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawn)


def test_the_amount_that_is_asked_for_is_marked_and_the_budget_is_drawn(view):
    money = money_of(view)
    chart = amount_chart(money, ASKED, "p1")
    asked = USD.amount(money.quantile(0.8), "$", digits=3)
    assert ("80 %", asked) in chart.rows
    assert chart.rows[-1] == (percent(money.chance_within(10e6)), "$10M (budget)")
    for width in (NARROW, WIDE):
        assert asked in words(chart.draw(width))
        assert "budget $10M" in words(chart.draw(width))


def test_a_budget_far_away_is_in_the_table_and_not_in_the_drawing(view):
    chart = amount_chart(money_of(view), ASKED._replace(budget_usd=1e12), "p1")
    assert chart.rows[-1] == (percent(money_of(view).chance_within(1e12)), "$1T (budget)")
    assert not any("budget" in each for each in words(chart.draw(WIDE)))


def test_another_confidence_is_a_point_of_its_own(view):
    shares = [row[0] for row in amount_chart(money_of(view), ASKED._replace(confidence=0.9, budget_usd=None), "p1").rows]
    assert shares == ["5 %", "20 %", "50 %", "80 %", "90 %", "95 %"]


def test_options_have_their_cost_their_chance_and_their_cash_and_the_plan_is_among_them(view, answer, shipped):
    advice = advise(answer.plan, database=shipped)
    chart = options_chart(view, money_of(view), advice, ASKED, "p1")
    by_name = {each.name: each for each in advice.alternatives}
    assert chart.rows[-1][0] == "This plan"
    for name, cost, _, chance, _ in chart.rows[:-1]:
        assert cost == USD.amount(by_name[name].results["cost_usd"].median, "$", digits=3)
        assert chance == percent(by_name[name].savings["cost_usd"].chance)
    assert options_chart(view, money_of(view), None, ASKED, "p1") is None


def test_places_are_the_cleanest_first_in_one_unit(view, answer, shipped):
    chart = places_chart(in_regions(answer, shipped, region_options(answer, shipped)), view, "p1")
    shown = [each for each in words(chart.draw(WIDE)) if each.endswith(" t")]
    assert len(shown) >= 6
    assert chart.rows[-1][0] == "This plan, without a region"
    assert places_chart([], view, "p1") is None


def test_payments_are_in_the_currency_of_the_report(view):
    euro = Currency("EUR", 0.5)
    chart = payments_chart(view, money_of(view), None, ASKED._replace(currency=euro), "p1")
    assert all("EUR" in row[1] for row in chart.rows)
    assert not any("$" in each for each in words(chart.draw(WIDE)))


def test_what_is_paid_in_each_month_adds_up(view):
    chart = payments_chart(view, money_of(view), None, ASKED, "p1")
    assert chart.head[:3] == ("Paid in", "rent", "rent, 80 % sure")
    assert chart.rows[0][0] == "month 1"
    rent = [float(row[1].strip("$kM")) * {"k": 1e3, "M": 1e6}[row[1][-1]] for row in chart.rows]
    assert sum(rent[:-1]) == pytest.approx(rent[-1], rel=0.01)


def test_a_run_of_hours_has_an_axis_of_hours(ask):
    view = EstimateView.of(ask(tokens=1e9, servers=1))
    assert "hours" in words(payments_chart(view, money_of(view), None, ASKED, "p1").draw(WIDE))


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0 %"), (1e-6, "<1 %"), (0.625, "62 %"), (0.9999, ">99 %"), (1.0, "100 %")])
def test_a_chance_is_0_or_100_only_where_it_is(share, shown):
    assert percent(share) == shown


def test_the_table_of_places_has_one_unit_in_both_columns(answer, shipped, view):
    rows = places_chart(in_regions(answer, shipped, region_options(answer, shipped)), view, "p1").rows
    # the dirtiest place is above 1,000 t, the cleanest below 100 t
    assert any("," in median for _, median, _ in rows)
    assert {cell.rsplit(" ", 1)[1] for row in rows for cell in row[1:]} == {"t"}
