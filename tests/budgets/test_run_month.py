"""What a run takes in a month: its energy by its hours, money by its time, and the rest of it by its forecast."""

import pytest

from budgeted_runs import interval, ran
from traincarbon.budgets.month import month_named
from traincarbon.budgets.run_month import run_month, totals_of, within
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.hours import HourUse

NOVEMBER, DECEMBER = month_named("2026-11"), month_named("2026-12")
END_S = NOVEMBER.end_s
H = 3600.0


def spent(record, month, name):
    return sum(run_month(record, month, now_s=END_S + 40.0 * 86400.0).by_day[name])


def test_a_run_over_the_end_of_a_month_is_shared_by_its_hours_and_its_time():
    hours = tuple(HourUse(int(END_S // H) + at, "", kwh) for at, kwh in ((-2, 6.0), (-1, 2.0), (0, 1.0), (1, 1.0)))
    record = ran("a", END_S - 2.0 * H, 4.0 * H, kwh=20.0, usd=100.0, operational=10.0, embodied=4.0, hours=hours)
    assert spent(record, NOVEMBER, "kwh") == pytest.approx(16.0)
    assert spent(record, DECEMBER, "kwh") == pytest.approx(4.0)
    assert spent(record, NOVEMBER, "usd") == pytest.approx(50.0)
    assert spent(record, NOVEMBER, "kgco2e") == pytest.approx(8.0 + 2.0)
    assert spent(record, NOVEMBER, "kgco2e") + spent(record, DECEMBER, "kgco2e") == pytest.approx(14.0)


def test_the_end_of_a_month_within_an_hour_parts_that_hour():
    month = month_named("2026-11", time_zone="+05:30")
    record = ran("a", month.end_s - 0.5 * H, H, kwh=8.0, hours=(HourUse(int((month.end_s - 0.5 * H) // H), "", 8.0),))
    assert spent(record, month, "kwh") == pytest.approx(4.0)


def test_a_run_without_hours_is_shared_by_its_attempts_and_not_by_its_pauses():
    attempts = (Attempt(END_S - 10.0 * 86400.0, H, "killed"), Attempt(END_S + 10.0 * 86400.0, 3.0 * H, "finished"))
    record = ran("a", END_S - 10.0 * 86400.0, 4.0 * H, kwh=8.0, usd=4.0, attempts=attempts)
    assert (spent(record, NOVEMBER, "kwh"), spent(record, DECEMBER, "usd")) == (2.0, 3.0)
    found = run_month(record, NOVEMBER).by_day["kwh"]
    assert [day for day, kwh in enumerate(found, 1) if kwh] == [21]


def test_what_is_not_known_is_absent_and_not_0():
    assert set(run_month(ran("a", END_S - H, H, kwh=1.0), NOVEMBER).by_day) == {"kwh"}
    assert totals_of(ran("a", END_S - H, H, usd=1.0)) == {"usd": 1.0}


def running(**fields):
    return ran("a", END_S - 4.0 * H, 2.0 * H, kwh=10.0, state="running", **fields)


def test_a_run_that_goes_on_counts_what_its_forecast_leaves_for_the_month():
    record = running(forecast={"eta_s": interval(4.0 * H), "facility_energy_kwh": interval(30.0)})
    now_s = END_S - 2.0 * H
    assert run_month(record, NOVEMBER, now_s=now_s).ahead == {"kwh": pytest.approx(10.0)}
    assert run_month(record, DECEMBER, now_s=now_s).ahead == {"kwh": pytest.approx(10.0)}
    assert run_month(record, month_named("2026-10"), now_s=now_s).ahead == {"kwh": 0.0}


def test_without_a_forecast_its_plan_counts_with_the_cost_that_it_counts():
    plan = {"duration_s": interval(4.0 * H), "facility_energy_kwh": interval(30.0), "rent_usd": interval(9.0), "own_usd": interval(5.0)}
    now_s = END_S - 2.0 * H
    assert run_month(running(plan=plan, cost_basis="rent"), NOVEMBER, now_s=now_s).ahead == {"kwh": pytest.approx(20.0), "usd": pytest.approx(9.0)}
    assert run_month(running(plan=plan), NOVEMBER, now_s=now_s).ahead["usd"] == pytest.approx(5.0)


def test_a_run_that_is_not_heard_of_any_more_ends_with_its_forecast():
    record = running(forecast={"eta_s": interval(H), "facility_energy_kwh": interval(30.0)})
    assert run_month(record, NOVEMBER, now_s=END_S - 1.5 * H).ahead == {"kwh": pytest.approx(10.0)}
    assert run_month(record, NOVEMBER, now_s=END_S - 0.5 * H).ahead == {"kwh": 0.0}


def test_a_run_that_goes_on_without_forecast_and_plan_says_nothing_of_its_rest():
    assert run_month(running(), NOVEMBER, now_s=END_S - H).ahead == {}


def test_a_run_that_has_ended_has_no_rest():
    record = ran("a", END_S - H, H, kwh=1.0, forecast={"eta_s": interval(H), "facility_energy_kwh": interval(30.0)})
    assert run_month(record, NOVEMBER, now_s=END_S - 1.0).ahead == {}


def test_the_share_of_a_length_that_is_not_known_is_all_where_it_begins():
    assert within(NOVEMBER, from_s=END_S - 1.0, length_s=None) == 1.0
    assert within(NOVEMBER, from_s=END_S, length_s=None) == 0.0
    assert within(NOVEMBER, from_s=END_S - 1.0, length_s=4.0) == 0.25
