"""The metering process closes what is not its own, and ends with its owner."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tracked import Place, until
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.command.launch import Pipes, Sidecar
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar import main
from traincarbon.tracking.sidecar.first_reading import EarlyReadings


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path)
    for name in ("CARBON_STORE", "CARBON_REPLAY"):
        monkeypatch.setenv(name, place.env[name])
    return place


@pytest.fixture
def started():
    """A process that meters, its owner being this one."""
    pipes = Pipes()
    sidecar = Sidecar(pipes)
    yield sidecar
    sidecar.channel.close()
    pipes.close()
    os.waitpid(sidecar.pid, 0)


@pytest.fixture
def job():
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def received(channel, kind, *, seconds=10.0):
    """Return the next message of *kind*."""
    found = []

    def look():
        found.extend(message for message in channel.receive() if isinstance(message, kind))
        return found

    assert until(look, seconds=seconds)
    return found[0]


def test_an_owner_that_changes_its_mind_leaves_no_process_and_no_record(started, place):
    started.channel.send(settings_from(argv=["x"]))
    started.channel.close()
    assert until(lambda: os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    assert not os.path.exists(os.path.join(place.store, "journals"))


def test_a_malformed_message_is_ignored(started, place, job):
    os.write(started.channel._writes, b'{"kind": "settings", "run_id": 7}\n{"kind": "job", "pid": "x"}\nnonsense\n')
    started.channel.send(settings_from(argv=["x"], run_id="r", interval_s=0.1))
    started.channel.send(Job(job.pid, time.monotonic()))
    received(started.channel, Begun)
    os.write(started.channel._writes, b'{"kind": "ended", "ended_s": null}\n{"kind": "undo"}\n[]\n')
    started.channel.send(JobEnded(time.monotonic(), exit_code=0))
    received(started.channel, Final)
    record = place.record("r")
    assert record.state == "finished"
    assert not any("failed" in note for note in record.notes)


def test_signals_meant_for_the_job_do_not_end_it(started, place, job):
    started.channel.send(settings_from(argv=["x"], run_id="r", interval_s=0.1))
    started.channel.send(Job(job.pid, time.monotonic()))
    assert until(lambda: os.path.isdir(os.path.join(place.store, "journals", "r")) and place.lines("r"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGPIPE):
        os.kill(started.pid, number)
    started.channel.send(JobEnded(time.monotonic(), exit_code=0))
    assert received(started.channel, Final).unwritten == ()
    assert [line["kind"] for line in place.lines("r")][-1] == "end"


def test_instructions_are_the_settings_then_the_job_and_what_follows_is_not_lost():
    to_it, from_us = os.pipe()
    to_us, from_it = os.pipe()
    ours, its = Channel(to_us, from_us), Channel(to_it, from_it)
    settings = settings_from(argv=["x"], store="/nowhere")
    ours.send(settings)
    ours.send(Job(71, 1.5))
    ours.send(JobEnded(2.5, exit_code=0))
    assert main._wait_for_settings(its, EarlyReadings({}, ())) == settings
    assert main._next(its, Job) == Job(71, 1.5)
    assert its.receive() == [JobEnded(2.5, exit_code=0)]
    ours.close()
    its.close()


def test_it_keeps_its_own_descriptors_only_and_numbers_them_low():
    code = (
        "import os\n"
        "from traincarbon.tracking.sidecar.main import _close_all_but\n"
        "pipes = [os.pipe() for _ in range(20)]\n"
        "kept = _close_all_but(pipes[15][0], pipes[3][1], pipes[15][1])\n"
        "open = [fd for fd in range(3, 100) if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "os.write(kept[2], b'x')\n"
        "print(sorted(kept) == open, max(kept) <= 6, os.read(kept[0], 1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True True b'x'\n", "")
