"""The witness tells a signal to the whole group from one to this process alone."""

import os
import signal
import sys

import pytest

from fates import run_alone
from tracked import until

HEAD = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from traincarbon.tracking.command.group_witness import GroupWitness
from traincarbon.tracking.command.signals import ALL_SIGNALS
signal.pthread_sigmask(signal.SIG_BLOCK, ALL_SIGNALS)
witness = GroupWitness()
"""


def run(code):
    """Run *code* after the head in a group of its own and return what it prints."""
    return run_alone(HEAD + code)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGWINCH", "SIGTSTP", "SIGRTMIN"])
def test_a_signal_to_the_group_is_told_from_one_to_this_process(name):
    code = f"""
os.kill(os.getpid(), signal.{name})
print(witness.received(signal.{name}))
os.killpg(0, signal.{name})
print(witness.received(signal.{name}), witness.received(signal.{name}))
"""
    assert run(code) == ["False", "True", "False"]


def test_several_signals_of_the_group_are_remembered_until_they_are_asked_for():
    code = """
for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGRTMAX, signal.SIGRTMAX): os.killpg(0, number)
print(witness.received(signal.SIGTERM))
print(*[witness.received(number) for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGRTMAX, signal.SIGRTMAX, signal.SIGRTMAX)])
"""
    assert run(code) == ["False", "True", "True", "True", "True", "False"]


def test_a_stopped_witness_is_continued_and_did_not_receive_what_continued_this_process():
    assert run("os.kill(witness.pid, signal.SIGSTOP)\nprint(witness.received(signal.SIGCONT), witness.pid > 0)") == ["False", "True"]


def test_a_killed_witness_is_given_up():
    assert run("os.kill(witness.pid, signal.SIGKILL)\nprint(witness.received(signal.SIGTERM), witness.pid)") == ["False", "0"]


def test_it_holds_no_file_open_and_ends_with_its_process():
    code = """
pipe = os.pipe()
witness.received(signal.SIGTERM)
print(len(os.listdir(f'/proc/{witness.pid}/fd')), witness.pid, flush=True)
os._exit(0)
"""
    opened, pid = run(code)
    assert opened == "2"
    assert until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_closing_twice_is_safe():
    assert run("witness.close()\nwitness.close()\nprint(witness.pid)") == ["0"]


def test_signals_that_cannot_be_caught_are_not_waited_for():
    from traincarbon.tracking.command.signals import ALL_SIGNALS

    assert not ALL_SIGNALS & {signal.SIGKILL, signal.SIGSTOP}
    assert signal.SIGRTMAX in ALL_SIGNALS
