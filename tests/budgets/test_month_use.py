"""What projects take in a month, asked of a real store: sums in SQL for what is within it, records for what crosses its ends."""

import pytest

from budgeted_runs import interval, ran
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse, month_uses
from traincarbon.budgets.run_month import run_month
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.store import Ledger

NOVEMBER = month_named("2026-11")
BEGIN_S, END_S = NOVEMBER.begin_s, NOVEMBER.end_s
H, DAY = 3600.0, 86400.0
RUNS = (
    ran("before", BEGIN_S - DAY, H, kwh=1.0, usd=1.0, operational=1.0),
    ran("into", BEGIN_S - H, 2.0 * H, kwh=2.0, usd=2.0, operational=2.0),
    ran("first", BEGIN_S, H, kwh=4.0, usd=4.0, operational=4.0),
    ran("unpriced", BEGIN_S + 2.0 * DAY, H, kwh=8.0, operational=8.0),
    ran("long", BEGIN_S + 4.0 * DAY, 4.0 * DAY, kwh=16.0, usd=16.0, operational=16.0),
    ran("other", BEGIN_S + DAY, H, project="speech", usd=32.0),
    ran("out", END_S - 3.0 * H, 4.0 * H, kwh=64.0, usd=64.0, operational=64.0),
    ran("after", END_S, H, kwh=128.0, usd=128.0, operational=128.0),
    ran(
        *("again", BEGIN_S - 40.0 * DAY, 2.0 * H),
        project="speech",
        usd=256.0,
        attempts=(Attempt(BEGIN_S - 40.0 * DAY, H, "killed"), Attempt(BEGIN_S + 20.0 * DAY, H, "finished")),
    ),
    ran("around", BEGIN_S - DAY, 62.0 * DAY, project="slow", kwh=62.0),
)


@pytest.fixture
def uses(store):
    with Ledger(store(*RUNS)) as ledger:
        return month_uses(ledger.index, NOVEMBER, now_s=END_S + DAY)


def test_each_project_has_what_its_runs_took_within_the_month(uses):
    assert set(uses) == {"vision", "speech", "slow"}
    assert uses["vision"].spent("kwh") == pytest.approx(1.0 + 4.0 + 8.0 + 16.0 + 48.0)
    assert uses["vision"].spent("usd") == pytest.approx(1.0 + 4.0 + 16.0 + 48.0)
    assert uses["speech"].spent("usd") == pytest.approx(32.0 + 128.0)
    assert uses["slow"].spent("kwh") == pytest.approx(30.0)
    assert (uses["vision"].runs, uses["speech"].runs) == (5, 2)


def test_what_runs_do_not_state_is_counted_as_unknown(uses):
    assert uses["vision"].unknown == {"usd": 1}
    assert uses["speech"].unknown == {"kwh": 2, "kgco2e": 2}


def test_days_are_those_on_which_it_was_taken(uses):
    days = uses["vision"].by_day["kwh"]
    assert {day: kwh for day, kwh in enumerate(days, 1) if kwh} == pytest.approx({1: 5.0, 3: 8.0, 5: 4.0, 6: 4.0, 7: 4.0, 8: 4.0, 30: 48.0})


def test_sums_in_sql_are_those_of_the_records(store):
    with Ledger(store(*RUNS)) as ledger:
        quick = month_uses(ledger.index, NOVEMBER, now_s=END_S + DAY, has_days=False)
    for name in ("kwh", "usd", "kgco2e"):
        records = [sum(run_month(run, NOVEMBER).by_day.get(name, ())) for run in RUNS if run.project == "vision"]
        assert quick["vision"].spent(name) == pytest.approx(sum(records))


def test_every_run_counts_once_however_it_lies_to_the_ends_of_a_month(store):
    ends = [BEGIN_S - 2.0 * DAY, BEGIN_S, BEGIN_S + 0.5, BEGIN_S + DAY, END_S - DAY, END_S - 0.5, END_S, END_S + 2.0 * DAY]
    made = [ran(f"{began:.1f}-{ended:.1f}", began, ended - began, kwh=1.0) for began in ends for ended in ends if ended > began]
    shares = [sum(run_month(run, NOVEMBER).by_day["kwh"]) for run in made]
    for has_days in (True, False):
        with Ledger(store(*made)) as ledger:
            assert month_uses(ledger.index, NOVEMBER, now_s=END_S + DAY, has_days=has_days)["vision"].spent("kwh") == pytest.approx(sum(shares))


def test_runs_that_go_on_count_their_rest_but_for_the_one_that_starts(store):
    forecast = {"eta_s": interval(H), "facility_energy_kwh": interval(30.0)}
    folder = store(
        ran("going", END_S - 4.0 * H, H, kwh=10.0, state="running", forecast=forecast),
        ran("mine", END_S - 4.0 * H, H, kwh=10.0, state="running", forecast=forecast),
        ran("mute", END_S - 4.0 * H, H, kwh=10.0, state="running"),
    )
    with Ledger(folder) as ledger:
        use = month_uses(ledger.index, NOVEMBER, now_s=END_S - 3.0 * H, but=("mine",))["vision"]
    assert (use.runs, use.running, use.spent("kwh"), use.ahead) == (3, 3, 30.0, {"kwh": pytest.approx(20.0)})
    assert use.unknown_ahead == {"kwh": 1, "usd": 2, "kgco2e": 2}


def test_uses_add_up():
    one = MonthUse(runs=1, by_day={"usd": [1.0, 2.0]}, ahead={"usd": 1.0}, unknown={"kwh": 1})
    one.add(MonthUse(runs=2, running=1, by_day={"usd": [10.0, 0.0], "kwh": [1.0, 1.0]}, ahead={"usd": 2.0}, unknown={"kwh": 2}, unknown_ahead={"usd": 1}))
    assert one == MonthUse(
        runs=3,
        running=1,
        by_day={"usd": [11.0, 2.0], "kwh": [1.0, 1.0]},
        ahead={"usd": 3.0},
        unknown={"kwh": 3},
        unknown_ahead={"usd": 1},
    )


def test_a_store_without_runs_has_none(tmp_path):
    with Ledger(tmp_path) as ledger:
        assert month_uses(ledger.index, NOVEMBER) == {}
