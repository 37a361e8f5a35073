"""Signals that only the tracker received are passed on; it stops with a command that a terminal stops."""

import signal
import sys

import pytest

from fates import run_alone

HEAD = f"""
import os, signal, sys, time
sys.path[:0] = {sys.path!r}
from traincarbon.tracking.command.forwarding import Forwarding
forwarding = Forwarding()
mask = forwarding.block()
sent = []
forwarding._send = sent.append
forwarding.begin(os.getppid())
"""


def run(code):
    """Run *code* after the head in a group of its own and return what it prints."""
    return run_alone(HEAD + code)


def test_a_signal_to_this_process_is_passed_on_and_one_to_the_group_is_not():
    code = """
os.kill(os.getpid(), signal.SIGTERM)
forwarding.next(wait_s=1.0)
os.killpg(0, signal.SIGHUP)
forwarding.next(wait_s=1.0)
print(*map(int, sent))
"""
    assert run(code) == [str(int(signal.SIGTERM))]


def test_without_a_witness_a_signal_of_a_process_is_passed_on():
    code = """
os.kill(forwarding._witness.pid, signal.SIGKILL)
os.killpg(0, signal.SIGUSR1)
while (arrived := forwarding.next(wait_s=1.0)).number != signal.SIGUSR1: pass
print(*map(int, sent))
"""
    assert run(code) == [str(int(signal.SIGUSR1))]


def test_the_end_of_a_child_and_a_write_without_a_reader_are_not_passed_on():
    code = """
reads, writes = os.pipe()
os.close(reads)
try: os.write(writes, b'.')
except BrokenPipeError: pass
if not (pid := os.fork()): os._exit(0)
os.waitpid(pid, 0)
seen = {forwarding.next(wait_s=1.0).number, forwarding.next(wait_s=1.0).number}
print(seen == {signal.SIGPIPE, signal.SIGCHLD}, sent)
"""
    assert run(code) == ["True", "[]"]


@pytest.mark.parametrize(("asked", "stops"), [("SIGTSTP", "True"), ("SIGTERM", "False")])
def test_it_stops_with_the_command_only_where_it_was_asked_to_stop_too(asked, stops):
    code = f"""
os.kill(os.getpid(), signal.{asked})
print(forwarding.stop_with_command(signal.SIGTSTP))
"""
    assert run(code) == [stops]


def test_what_came_too_late_is_dropped_and_the_mask_is_as_before():
    code = """
os.kill(os.getpid(), signal.SIGTERM)
forwarding.end()
forwarding.restore()
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask)
"""
    assert run(code) == ["True"]
