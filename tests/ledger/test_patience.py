"""A store that does not answer holds nobody up."""

import os
import signal
import threading
from types import SimpleNamespace

import pytest

from traincarbon.errors import CarbonError
from traincarbon.ledger import patience
from traincarbon.ledger.patience import Asked, Task, check_answers


@pytest.fixture
def hangs():
    event = threading.Event()
    yield event
    event.set()


def test_without_room_for_a_thread_the_work_is_done_at_once(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done, task = [], Task()
    task.start(lambda: done.append(1))
    task.finish(wait_s=0.0)
    assert done == [1]


def test_an_answer_is_given_and_so_is_an_error():
    assert Asked(lambda: "yes").answer(within_s=5.0) == "yes"
    with pytest.raises(FileNotFoundError):
        Asked(lambda: os.listdir("/nonexistent")).answer(within_s=5.0)


def test_time_counts_from_the_question_so_that_several_questions_wait_once(hangs, monkeypatch):
    now_s, waits_s = [50.0], []

    def wait(_, *, wait_s):
        waits_s.append(wait_s)
        now_s[0] += wait_s
        raise TimeoutError

    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr(Task, "finish", wait)
    asked = [Asked(lambda: hangs.wait(20)) for _ in range(5)]
    for each in asked:
        with pytest.raises(TimeoutError):
            each.answer(within_s=0.25)
    assert waits_s == [0.25, 0.0, 0.0, 0.0, 0.0]


def test_a_store_that_does_not_answer_is_an_error_that_names_it(hangs, monkeypatch):
    monkeypatch.setattr(patience, "_ANSWER_S", 0.05)
    monkeypatch.setattr(patience, "_touch", lambda _: hangs.wait(20))
    with pytest.raises(CarbonError, match="the store /shared/runs does not answer") as raised:
        check_answers("/shared/runs")
    assert "--store DIR" in raised.value.hint


@pytest.mark.parametrize("kind", ["missing", "empty", "a file", "with a pipe"])
def test_what_is_wrong_with_a_store_that_answers_is_left_to_its_reader(tmp_path, kind):
    store = tmp_path / "store"
    if kind == "a file":
        store.write_text("")
    elif kind != "missing":
        (store / "journals" / "r").mkdir(parents=True)
    if kind == "with a pipe":
        os.mkfifo(store / "salt")
    check_answers(str(store))


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")
def test_the_thread_that_asks_takes_no_signal_meant_for_the_process():
    blocked = Asked(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ())).answer(within_s=5.0)
    assert signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP} <= set(blocked)
