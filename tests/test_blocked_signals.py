"""Signals that do not go to the threads of helpers."""

import signal
import subprocess
import sys
import threading

import pytest

from traincarbon.blocked_signals import FAULT_SIGNALS, signals_blocked

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


def test_the_signals_of_faults_can_stay_as_they_are():
    masks = []
    with signals_blocked(but=FAULT_SIGNALS):
        thread = threading.Thread(target=lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        thread.start()
    thread.join()
    assert signal.SIGSEGV not in masks[0]
    assert signal.SIGTERM in masks[0]


HELPED = """
import os, signal, threading, time
from traincarbon.blocked_signals import FAULT_SIGNALS, signals_blocked
with signals_blocked():
    threading.Thread(target=time.sleep, args=(5.0,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGIO,))
os.kill(os.getpid(), signal.SIGIO)
print(signal.sigtimedwait((signal.SIGIO,), 5.0).si_signo == signal.SIGIO)
"""


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="this system cannot wait for a signal with a limit")
def test_a_signal_waits_for_the_main_thread_while_a_helper_lives():
    done = subprocess.run([sys.executable, "-c", HELPED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_the_mask_comes_back_after_an_error():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(OSError, match="no room"), signals_blocked():
        raise OSError("no room")
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
