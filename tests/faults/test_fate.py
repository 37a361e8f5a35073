"""A tracked command ends as it would without the tracker: same exit status, same processes left, in the same time."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from fates import both, fate, on_a_terminal
from tracked import Place, python, until
from traincarbon.tracking.command.signals import ALL_SIGNALS

FAMILY = ["sh", "-c", "sleep 30 & sleep 31 & echo ready; wait; true"]
"""A command with two children."""
ALONE = ["sh", "-c", "echo ready; exec sleep 30"]
HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
SLACK_S = 3.0
"""The tracker may take this much longer, on a busy machine."""
COUNT = """
import signal, sys, time
got = []
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda number, _: got.append(int(number)))
print('ready', flush=True)
end = time.monotonic() + 15
while len(got) < int(sys.argv[1]) and time.monotonic() < end: time.sleep(0.002)
time.sleep(0.15)
print(sorted(got), flush=True)
"""
ONE_BY_ONE = COUNT.replace("got.append(int(number))", "(got.append(int(number)), print('seen', flush=True))")
"""Says of each signal that it was seen, so that the next one does not come while the same one is pending."""
REAL_TIME = sorted(number for number in ALL_SIGNALS if number > 31)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def assert_same(plain, tracked):
    assert (tracked.status, tracked.left) == (plain.status, plain.left)
    assert tracked.took_s <= plain.took_s + SLACK_S


def is_pending(pid, number):
    """Say whether a process has been sent a signal that it has not taken yet; one that has ended has none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return any(int(line.split()[1], 16) >> (number - 1) & 1 for line in status.splitlines() if line.startswith(("SigPnd:", "ShdPnd:")))


def to_it(number):
    return lambda process: process.send_signal(number)


def to_its_group(number):
    return lambda process: os.killpg(process.pid, number)


@pytest.mark.parametrize("number", sorted({*ALL_SIGNALS, signal.SIGKILL} - STOPS - HARMLESS - {*REAL_TIME[1:-1]}))
def test_each_signal_that_ends_a_command_ends_it_through_the_tracker_too(place, number):
    plain, tracked = both(place, ALONE, to_it(number), process_group=0)
    assert plain.status == -number
    assert_same(plain, tracked)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "KILL", "XCPU", "RTMIN"])
@pytest.mark.parametrize("leads", ["group", "session"])
def test_a_signal_to_the_group_reaches_the_whole_job(place, name, leads):
    number = getattr(signal, f"SIG{name}")
    plain, tracked = both(place, FAMILY, to_its_group(number), **({"process_group": 0} if leads == "group" else {"start_new_session": True}))
    if name not in ("INT", "QUIT"):  # a shell has its background jobs ignore these
        assert plain.left == 0
    assert_same(plain, tracked)


@pytest.mark.parametrize("send", [to_it, to_its_group], ids=["to the tracker", "to the group"])
def test_a_handler_sees_each_signal_once(place, send):
    numbers = sorted(map(int, ALL_SIGNALS - STOPS - {signal.SIGCONT}))

    def act(process):
        for number in numbers:
            send(number)(process)
            time.sleep(0.01)

    plain, tracked = both(place, [*python(COUNT), str(len(numbers))], act, process_group=0)
    assert plain.said == f"{numbers}\n"
    assert tracked.said == plain.said
    assert_same(plain, tracked)


def test_signals_to_group_and_tracker_in_turn_are_all_seen(place):
    def act(process):
        for send in (os.killpg, os.kill, os.kill, os.killpg, os.kill):
            send(process.pid, signal.SIGUSR1)
            assert process.stdout.readline() == "seen\n"
            assert until(lambda: not is_pending(process.pid, signal.SIGUSR1))

    plain, tracked = both(place, [*python(ONE_BY_ONE), "5"], act, process_group=0)
    assert plain.said == f"{[int(signal.SIGUSR1)] * 5}\n"
    assert tracked.said == plain.said
    assert_same(plain, tracked)


@pytest.mark.parametrize("name", sorted(number.name for number in HARMLESS))
def test_a_signal_that_does_nothing_still_does_nothing(place, name, tmp_path):
    gate = tmp_path / "gate"

    def act(process):
        to_it(getattr(signal, name))(process)
        time.sleep(0.2)  # the command takes the signal before it is let go
        assert process.poll() is None
        gate.touch()

    plain, tracked = both(place, ["sh", "-c", f"rm -f {gate}; echo ready; until [ -e {gate} ]; do sleep 0.05; done; exit 7"], act, process_group=0)
    assert plain.status == 7
    assert_same(plain, tracked)


@pytest.mark.parametrize("words", [FAMILY, ALONE], ids=["with children", "alone"])
def test_a_timeout_leaves_what_it_leaves_without_the_tracker(place, words):
    plain, tracked = both(place, words, to_it(signal.SIGALRM), outer=("timeout", "60"))  # the signal tells it that the time is over
    assert (plain.status, plain.left) == (124, 0)
    assert_same(plain, tracked)


def test_children_that_outlive_the_command_live_on(place):
    plain, tracked = both(place, ["sh", "-c", "sleep 8 >/dev/null & echo ready; exit 3"], lambda _: None)
    assert (plain.status, plain.left) == (3, 1)
    assert_same(plain, tracked)


def test_the_killed_tracker_of_a_job_leaves_no_process(place):
    found = fate(place.command("--quiet", "--", *FAMILY), to_it(signal.SIGKILL), env=place.env, process_group=0)
    assert (found.status, found.left) == (-signal.SIGKILL, 0)


@pytest.mark.parametrize("name", ["TSTP", "STOP", "TTIN", "TTOU"])
@pytest.mark.parametrize("send", [to_it, to_its_group], ids=["tracker", "group"])
def test_a_stopped_job_is_seen_as_stopped_and_goes_on_when_continued(place, name, send):
    def act(process):
        send(getattr(signal, f"SIG{name}"))(process)
        stopped = until(lambda: os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT), seconds=5.0)
        assert stopped is not None
        time.sleep(0.5)  # the metering process looks for a stopped tracker four times a second
        send(signal.SIGCONT)(process)
        time.sleep(0.4)
        send(signal.SIGTERM)(process)

    plain, tracked = both(place, ALONE, act, process_group=0)
    assert plain.status == -signal.SIGTERM
    assert_same(plain, tracked)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda _, terminal: os.close(terminal), id="hang up"),
        pytest.param(lambda _, terminal: os.write(terminal, b"\x03"), id="Ctrl-C"),
        pytest.param(lambda _, terminal: os.write(terminal, b"\x1c"), id="Ctrl-backslash"),
        pytest.param(lambda pid, _: os.kill(pid, signal.SIGHUP), id="HUP to the leader"),
    ],
)
@pytest.mark.parametrize("outer", [(), ("sh", "-c", '"$@"; exit $?', "sh")], ids=["leads the session", "below a shell"])
@pytest.mark.parametrize("words", [FAMILY, ALONE], ids=["with children", "alone"])
def test_what_a_terminal_does_it_does_with_the_tracker_too(place, act, outer, words):
    plain = on_a_terminal([*outer, *words], act, env=place.env)
    tracked = on_a_terminal([*outer, *place.command("--quiet", "--", *words)], act, env=place.env)
    assert tracked == plain


def test_an_interrupt_at_any_moment_of_the_start_ends_it_by_the_signal_and_without_a_traceback_of_ours(place):
    for delay_ms in range(0, 240, 6):
        process = subprocess.Popen(place.command("--quiet", "--", "sleep", "30"), env=place.env, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        time.sleep(delay_ms / 1e3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1].decode()
        for first in ("__init__", "_version", "__main__"):  # Python imports these before any of our code can run
            said = said.replace(f"traincarbon/{first}.py", first)
        assert "traincarbon/" not in said
        assert "Aborted" not in said
        assert process.returncode == -signal.SIGINT or "Fatal Python error" in said or "site" in said  # else Python itself had not started yet


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="the limit of processes is set for another user")
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_a_limit_of_processes_that_the_command_can_live_with_does_not_stop_it(place, most):
    as_other = ["setpriv", f"--reuid={54320 + most}", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    limited = [*as_other, "prlimit", f"--nproc={most}"]
    done = subprocess.run(
        [*limited, *place.command("--", "sh", "-c", "echo trained; exit 7")], env=place.env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (7, "trained\n")
    assert "the run is not metered" in done.stderr or most > 2
