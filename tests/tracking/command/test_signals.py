"""The next signal is returned with its sender: the terminal or a process."""

import signal
import threading

import pytest

from traincarbon.tracking.command.signals import Arrived, next_signal


@pytest.fixture
def blocked():
    waited = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    yield waited
    while next_signal(waited, wait_s=0.0):
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize(
    "knows_sender", [pytest.param(True, marks=pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="no sigtimedwait here")), False]
)
def test_a_signal_of_a_process_is_returned_by_its_number(blocked, knows_sender):
    threading.Timer(0.05, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR2)).start()  # to this thread: others may not block it
    assert next_signal(blocked, wait_s=10.0, knows_sender=knows_sender) == Arrived(signal.SIGUSR2, from_terminal=False)


@pytest.mark.parametrize(
    "knows_sender", [pytest.param(True, marks=pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="no sigtimedwait here")), False]
)
def test_where_none_comes_there_is_none(blocked, knows_sender):
    assert next_signal(blocked, wait_s=0.03, knows_sender=knows_sender) is None


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="no sigtimedwait here")
def test_an_interrupt_by_a_process_is_not_the_terminals(blocked):
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    assert next_signal(blocked, wait_s=1.0) == Arrived(signal.SIGINT, from_terminal=False)


def test_an_interrupt_from_an_unknown_sender_counts_as_the_terminals(blocked):
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    assert next_signal(blocked, wait_s=1.0, knows_sender=False) == Arrived(signal.SIGINT, from_terminal=True)
