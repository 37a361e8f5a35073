"""The check at a start: it refuses or warns as budgets say, says what it could not ask, and waits for nobody."""

import socket
import threading
import time

import pytest

from budgeted_runs import interval, ran
from traincarbon.budgets import start_check
from traincarbon.budgets.listing import budget, set_budget, set_time_zone
from traincarbon.budgets.room import Expected, Room
from traincarbon.budgets.start_check import Start, check_start


def now_run(usd, **fields):
    """Return a run that ended a moment ago, which may be in the month before at the first seconds of one."""
    return ran(fields.pop("run_id", "done"), time.time() - 1.0, 0.5, usd=usd, **fields)


def checked(store, usd=None, **options):
    return check_start(project="vision", store=store, expected=lambda: Expected({} if usd is None else {"usd": usd}), **options)


def test_a_project_without_a_budget_is_not_asked(tmp_path):
    set_budget("speech", max_usd=1.0, on_budget="refuse")
    assert checked(str(tmp_path / "runs"), 5.0) == Start()
    assert not (tmp_path / "runs").exists()


def test_a_store_that_is_not_there_has_taken_nothing(tmp_path):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    start = checked(str(tmp_path / "none"), 5.0)
    assert (start.refusal, start.warnings) == (None, ())
    assert not (tmp_path / "none").exists()


def test_a_run_for_which_there_is_no_room_is_refused_or_warned(store):
    folder = store(now_run(8.0))
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    start = checked(folder, 5.0)
    assert "too little room: $2 of $10 is left" in str(start.refusal)
    assert "carbon runs budget 'vision' --max-usd" in start.refusal.hint
    set_budget("vision", on_budget="warn")
    start = checked(folder, 5.0)
    assert start.refusal is None
    assert "too little room" in start.warnings[0]


def test_a_higher_limit_is_advised_for_the_month_that_the_budget_is_of(store):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    folder = store(now_run(12.0))
    assert "--month" not in checked(folder).refusal.hint
    month = budget("vision", store=folder).month.name
    set_budget("vision", month=month, max_usd=10.0, on_budget="refuse")
    assert f"carbon runs budget 'vision' --month {month} --max-usd NUMBER" in checked(folder).refusal.hint


def test_a_month_that_is_spent_refuses_a_run_of_which_nothing_is_known(store):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    assert "is spent: $12 of $10" in str(checked(store(now_run(12.0))).refusal)


def test_two_projects_may_share_what_refuses(store):
    folder = store(now_run(8.0, project="speech"), now_run(1.0, run_id="other"))
    set_budget("*", max_usd=100.0)
    set_budget("?*", max_usd=10.0, on_budget="refuse", shared=True)
    assert "of ?* for" in str(checked(folder, 5.0).refusal)
    assert checked(folder, 0.5).refusal is None


def test_what_is_not_known_is_said(store):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    start = checked(store(now_run(None)))
    assert start.refusal is None
    assert any("what this run will take is not known" in text for text in start.warnings)
    assert any("the cost of 1 run is not known" in text for text in start.warnings)


def test_a_run_that_is_started_again_counts_once(store):
    forecast = {"eta_s": interval(3600.0), "cost_usd": interval(9.0)}
    folder = store(now_run(4.0, run_id="mine", state="running", forecast=forecast))
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    assert checked(folder, 9.0, run_id="mine").refusal is None
    assert checked(folder, 9.0, run_id="another").refusal is not None


def test_a_file_that_is_wrong_holds_nobody(store, budget_file):
    budget_file.write_text("[[budget]", encoding="utf-8")
    assert "the budgets were not checked: the file of budgets" in checked(store()).notes[0]


def test_a_ledger_that_does_not_answer_holds_nobody(store, monkeypatch):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    folder, done = store(now_run(1.0)), threading.Event()
    monkeypatch.setattr(start_check, "month_uses", lambda *_, **__: done.wait(20.0))
    began_s = time.monotonic()
    start = checked(folder, 50.0, wait_s=0.3)
    assert time.monotonic() - began_s < 3.0
    assert (start.refusal, start.notes) == (None, ("the budgets were not checked: the ledger did not answer in 0.3 s",))
    done.set()


def test_a_teams_ledger_that_is_away_is_replaced_by_the_store(store, monkeypatch):
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    folder = store(now_run(8.0))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and then says nothing
        monkeypatch.setenv("CARBON_LEDGER", f"postgresql+psycopg://carbon@127.0.0.1:{silent.getsockname()[1]}/team")
        monkeypatch.setattr(start_check, "SERVER_S", 0.5)
        start = checked(folder, 5.0)
        monkeypatch.setattr(start_check, "SERVER_S", 20.0)
        hurried = start_check._checked("vision", folder, "", Expected, until_s=time.monotonic() + 0.4)
    assert hurried.notes[0].startswith("the team's ledger did not answer in 0.4 s: ")
    assert start.refusal is not None
    assert "the team's ledger did not answer in 0.5 s: the month counts the runs of this store alone" in start.notes
    monkeypatch.setenv("CARBON_LEDGER", "postgresql+psycopg://carbon@127.0.0.1:1/team")
    monkeypatch.setattr(start_check, "SERVER_S", 20.0)
    start = checked(folder, 1.0, wait_s=30.0)
    assert start.refusal is None
    assert start.limits[0].room is Room.ENOUGH
    assert any("does not answer" in text and "of this store alone" in text for text in start.notes)


def test_the_month_is_that_of_the_time_zone(store, monkeypatch):
    newyear_s = 1767225600.0  # 2026-01-01 in UTC
    monkeypatch.setattr(time, "time", lambda: newyear_s + 60.0)
    folder = store(ran("a", newyear_s - 7200.0, 60.0, usd=8.0))
    set_budget("vision", max_usd=10.0, on_budget="refuse")
    assert checked(folder, 5.0).refusal is None
    set_time_zone("America/New_York")
    assert "for 2025-12" in str(checked(folder, 5.0).refusal)


@pytest.mark.parametrize("error", [RuntimeError("no"), MemoryError()])
def test_nothing_that_fails_is_raised(store, error):
    set_budget("vision", max_usd=10.0)

    def fails():
        raise error

    assert "the budgets were not checked" in check_start(project="vision", store=store(), expected=fails).notes[0]
