"""Signals that do not go to the threads of helpers."""

import os
import signal
import threading

import pytest

from traincarbon.tracking.blocked_signals import signals_blocked

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")


def test_a_thread_started_meanwhile_keeps_the_mask_and_its_starter_does_not():
    release, masks = threading.Event(), []

    def helper():
        release.wait(30.0)
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals_blocked():
        thread = threading.Thread(target=helper)
        thread.start()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    release.set()
    thread.join()
    assert signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP} <= masks[0]


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="this system cannot wait for a signal with a limit")
def test_a_signal_waits_for_the_main_thread_while_a_helper_lives():
    release = threading.Event()
    with signals_blocked():
        thread = threading.Thread(target=release.wait, args=(30.0,))
        thread.start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGIO,))
    try:
        os.kill(os.getpid(), signal.SIGIO)
        assert signal.sigtimedwait((signal.SIGIO,), 5.0) is not None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        release.set()
        thread.join()


def test_the_mask_comes_back_after_an_error():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(OSError, match="no room"), signals_blocked():
        raise OSError("no room")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
