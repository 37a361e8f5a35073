"""A thread for tasks that may hang."""

import signal
import threading

import pytest

from traincarbon.helper_thread import HelperThread


@pytest.fixture
def helper():
    thread = HelperThread()
    yield thread
    thread.end(wait_s=5.0)


def test_it_does_one_task_after_another(helper):
    for number in range(3):
        helper.ask(lambda number=number: (number, threading.get_ident()))
        assert helper.answers(wait_s=5.0)
        assert helper.answer()[0] == number
    helper.ask(threading.get_ident)
    assert helper.answers(wait_s=5.0)
    assert helper.answer() != threading.get_ident()


def test_an_error_is_raised_where_the_answer_is_taken_and_the_next_task_is_done(helper):
    helper.ask(lambda: 1 / 0)
    assert helper.answers(wait_s=5.0)
    with pytest.raises(ZeroDivisionError):
        helper.answer()
    helper.ask(lambda: "done")
    assert helper.answers(wait_s=5.0)
    assert helper.answer() == "done"


def test_nobody_has_to_wait_for_a_task_that_hangs(helper):
    go = threading.Event()
    helper.ask(lambda: go.wait(20.0))
    assert not helper.answers(wait_s=0.02)
    assert helper.busy
    go.set()
    assert helper.answers(wait_s=5.0)


def test_what_a_task_opened_too_late_is_closed_at_the_end():
    class Opened:
        closed = 0

        def close(self):
            self.closed += 1

    late, other, helper = Opened(), Opened(), HelperThread()
    helper.ask(lambda: late)
    assert helper.answers(wait_s=5.0)
    helper.end(other, wait_s=5.0)
    assert (late.closed, other.closed) == (1, 1)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")
def test_it_takes_no_signal_meant_for_the_process(helper):
    helper.ask(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    assert helper.answers(wait_s=5.0)
    assert signal.SIGTERM in helper.answer()
    assert signal.SIGSEGV not in helper.answer()
