"""Work that hangs is given up in time, or when somebody wants this process to end."""

import sys
import time

import pytest

from fates import run_alone

HEAD = f"""
import os, signal, sys, threading, time
sys.path[:0] = {sys.path!r}
from traincarbon.tracking.command.bounded import run_bounded
from traincarbon.tracking.command.signals import ALL_SIGNALS
signal.pthread_sigmask(signal.SIG_BLOCK, ALL_SIGNALS)
"""


def test_work_is_done_and_what_it_prints_comes_out():
    assert run_alone(HEAD + "print(run_bounded(lambda: print('done'), until_s=time.monotonic() + 20))") == ["done", "True"]


def test_work_that_hangs_is_given_up_in_time():
    began_s = time.monotonic()
    assert run_alone(HEAD + "print(run_bounded(lambda: time.sleep(60), until_s=time.monotonic() + 0.3))") == ["False"]
    assert time.monotonic() - began_s < 10.0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_work_is_given_up_if_this_process_is_asked_to_end(name):
    code = f"os.kill(os.getpid(), signal.{name})\nprint(run_bounded(lambda: time.sleep(60), until_s=time.monotonic() + 20))"
    assert run_alone(HEAD + code) == ["False"]


def test_an_error_of_the_work_does_not_reach_this_process():
    assert run_alone(HEAD + "print(run_bounded(lambda: 1 / 0, until_s=time.monotonic() + 20))") == ["True"]


def test_without_room_for_a_process_the_work_is_done_here():
    code = "def refuse(): raise BlockingIOError()\nos.fork = refuse\nprint(run_bounded(lambda: print('done'), until_s=time.monotonic() + 20))"
    assert run_alone(HEAD + code) == ["done", "True"]
