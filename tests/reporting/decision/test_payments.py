"""Rent is spread over the run, a reservation over its year, and a purchase is paid on the first day."""

import pytest

from traincarbon.explore.advise import advise
from traincarbon.reporting.decision.amounts import money_of
from traincarbon.reporting.decision.payments import Payment, payments_of, spans_of
from traincarbon.reporting.view import EstimateView

PLAN = {"params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280, "start": "2021"}


def of(answer, advice=None, confidence=0.8):
    view = EstimateView.of(answer)
    return {each.id: each for each in payments_of(view, money_of(view), advice, confidence=confidence)}


def test_every_way_to_pay_ends_at_what_it_takes(ask, shipped):
    answer = ask(**PLAN)
    advice = advise(answer.plan, database=shipped)
    found = of(answer, advice)
    reserved = next(each for each in advice.alternatives if each.id == "reserved-1y")
    assert found["rent"].total_usd == answer.median("rent_usd")
    assert found["rent_sure"].total_usd == money_of(EstimateView.of(answer)).quantile(0.8) > found["rent"].total_usd
    assert found["reserve"].total_usd == reserved.cash_usd
    assert found["buy"].total_usd == answer.median("purchase_usd")


def test_rent_ends_with_the_run_a_reservation_after_a_year_and_a_purchase_on_the_first_day(ask, shipped):
    answer = ask(**PLAN)
    found = of(answer, advise(answer.plan, database=shipped))
    months = answer.median("duration_s") / (8766.0 / 12.0 * 3600.0)
    assert found["rent"].paid[1][0] == pytest.approx(months)
    assert found["reserve"].paid[-1][0] == 12.0
    assert found["buy"].paid[1] == (0.0, answer.median("purchase_usd"))
    assert len({each.paid[-1][0] for each in found.values()}) == 1, "all are drawn to the same month"


def test_a_cluster_of_many_times_the_rent_is_left_out(ask):
    assert set(of(ask(tokens=1e9, servers=1))) == {"rent", "rent_sure"}


def test_without_a_duration_nothing_is_known(ask):
    assert of(ask(servers=None)) == {}


def test_a_purchase_is_paid_at_once_and_rent_month_by_month():
    rent, buy = Payment("rent", ((0.0, 0.0), (3.0, 30.0))), Payment("buy", ((0.0, 0.0), (0.0, 100.0), (12.0, 100.0)))
    assert [rent.until(month) for month in (0.0, 1.0, 3.0, 9.0)] == [0.0, 10.0, 30.0, 30.0]
    assert [buy.until(month) for month in (0.0, 5.0)] == [100.0, 100.0]
    assert spans_of([rent, buy], most=24) == [1.0, 2.0, 3.0]


def test_long_runs_are_in_spans_of_several_months():
    assert spans_of([Payment("rent", ((0.0, 0.0), (30.0, 30.0)))], most=12) == [3.0 * at for at in range(1, 11)]
    assert spans_of([Payment("rent", ((0.0, 0.0), (0.01, 30.0)))], most=12) == [1.0]
