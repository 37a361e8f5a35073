"""Test that the signal of a budget is caught, and that a handler of the training's own stays."""

import os
import signal
import threading

from traincarbon.frameworks.stop_request import StopRequest


def test_the_signal_is_a_request_while_it_is_open():
    before = signal.getsignal(signal.SIGUSR1)
    request = StopRequest(signal.SIGUSR1)
    assert request.open()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert request.is_made
    request.close()
    request.close()
    assert signal.getsignal(signal.SIGUSR1) == before


def test_a_handler_of_the_trainings_own_stays():
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    try:
        request = StopRequest(signal.SIGUSR1)
        assert not request.open()
        os.kill(os.getpid(), signal.SIGUSR1)
        request.close()
        assert (seen, request.is_made) == ([1], False)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_another_thread_than_the_main_one_cannot_catch_it():
    request, opened = StopRequest(signal.SIGUSR1), []
    thread = threading.Thread(target=lambda: opened.append(request.open()))
    thread.start()
    thread.join()
    request.close()
    assert opened == [False]
