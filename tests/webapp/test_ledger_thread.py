"""The ledger answers from one thread; a store that hangs, changes or is broken costs an answer, never the app."""

import asyncio
import shutil
import threading
import time

import pytest

from journals import lines_of, write_lines
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.webapp.ledger_thread import LedgerThread, StoreError


def ids(ledger):
    return [run.run_id for run in ledger.runs()]


def add(store, run_id):
    write_lines(store / "journals" / run_id / "a.jsonl", lines_of(run_id=run_id))


def test_every_question_is_answered_in_the_same_thread(store):
    ledger = LedgerThread(str(store))
    names = {asyncio.run(ledger.ask(lambda _: threading.current_thread().name)) for _ in range(3)}
    assert names == {"ledger"}


def test_runs_that_come_and_go_while_it_is_served_are_seen(store):
    ledger = LedgerThread(str(store))
    assert asyncio.run(ledger.ask(ids)) == []
    add(store, "one")
    assert asyncio.run(ledger.ask(ids)) == ["one"]
    add(store, "two")
    assert sorted(asyncio.run(ledger.ask(ids))) == ["one", "two"]
    shutil.rmtree(store)
    assert asyncio.run(ledger.ask(ids)) == []
    add(store, "three")
    assert asyncio.run(ledger.ask(ids)) == ["three"]


def test_an_index_that_is_damaged_while_it_is_served_is_made_anew(store):
    ledger = LedgerThread(str(store))
    add(store, "one")
    assert asyncio.run(ledger.ask(ids)) == ["one"]
    for file in store.glob("index-*"):
        file.write_bytes(b"not an index" * 1000)
    add(store, "two")
    assert sorted(asyncio.run(ledger.ask(ids))) == ["one", "two"]


def test_a_store_that_hangs_is_said_and_later_questions_do_not_wait(store):
    ledger = LedgerThread(str(store), answer_s=0.1, first_s=0.1)
    go_on = threading.Event()
    with pytest.raises(StoreError, match="still being read"):
        asyncio.run(ledger.ask(lambda _: go_on.wait(30.0)))
    ledger._answer_s = ledger._first_s = 600.0
    with pytest.raises(StoreError):  # whoever waited would get the answer, once the store answers again
        asyncio.run(ledger.ask(ids))
    assert not go_on.is_set()
    go_on.set()
    patient = LedgerThread(str(store))
    assert asyncio.run(patient.ask(ids)) == []


def test_a_store_that_answers_again_is_asked_again(store):
    ledger = LedgerThread(str(store), answer_s=0.05, first_s=0.05)
    go_on = threading.Event()
    with pytest.raises(StoreError):
        asyncio.run(ledger.ask(lambda _: go_on.wait(30.0)))
    go_on.set()
    ledger._overdue.result(30.0)
    ledger._answer_s = 30.0
    assert asyncio.run(ledger.ask(ids)) == []


def test_an_error_of_the_question_is_that_of_the_answer_and_the_next_is_answered(store):
    ledger = LedgerThread(str(store))
    with pytest.raises(NotFoundError):
        asyncio.run(ledger.ask(lambda found: found.run("nothing")))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(ledger.ask(lambda _: 1 / 0))
    assert asyncio.run(ledger.ask(ids)) == []


def test_an_error_of_the_system_is_said_in_words(store):
    def fail(_):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(StoreError, match="cannot be read: Permission denied") as caught:
        asyncio.run(LedgerThread(str(store)).ask(fail))
    assert isinstance(caught.value, CarbonError)


def test_a_ledger_that_is_warm_has_its_index(store):
    add(store, "one")
    ledger = LedgerThread(str(store))
    ledger.warm_up()
    assert asyncio.run(ledger.ask(lambda found: found.index.record("one"))) is not None


def test_the_first_question_may_take_longer_than_the_others(store):
    ledger = LedgerThread(str(store), answer_s=0.01, first_s=30.0)
    assert asyncio.run(ledger.ask(lambda _: not time.sleep(0.1)))
    go_on = threading.Event()
    with pytest.raises(StoreError, match="does not answer"):
        asyncio.run(ledger.ask(lambda _: go_on.wait(30.0)))
    go_on.set()


def test_an_index_whose_changes_take_long_answers_first_and_reads_them_afterwards(store):
    add(store, "one")
    ledger = LedgerThread(str(store))

    def known(index):
        return [run_id for (run_id,) in index.rows("SELECT run_id FROM runs ORDER BY run_id")]

    assert asyncio.run(ledger.ask_index(known)) == ["one"]
    add(store, "two")
    assert asyncio.run(ledger.ask_index(known)) == ["one", "two"]
    ledger._refresh_s, ledger._refreshed_s = 1.0, time.monotonic() - 60.0
    add(store, "three")
    assert asyncio.run(ledger.ask_index(known)) == ["one", "two"]
    assert asyncio.run(ledger.ask_index(known)) == ["one", "three", "two"]
