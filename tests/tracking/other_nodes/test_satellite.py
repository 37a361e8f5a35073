"""The process on another node: it meters until its messages end, whatever signals it gets."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tracked import Place, until
from traincarbon.ledger.record import read_run
from traincarbon.tracking.messages import Begun, JobEnded, from_line, to_line
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.other_nodes import commands


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path)
    for name in ("CARBON_STORE", "CARBON_REPLAY"):
        monkeypatch.setenv(name, place.env[name])
    return place


@contextlib.contextmanager
def satellite(place, **options):
    words = [sys.executable, "-I", "-S", "-c", commands._MAIN, *sys.path]
    process = subprocess.Popen(words, env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        settings = settings_from(argv=["srun", "train"], run_id="far", interval_s=0.1, **options)
        process.stdin.write(to_line(settings))
        process.stdin.flush()
        assert from_line(process.stdout.readline()) == Begun()
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def test_it_meters_until_it_is_told_how_the_command_ended(place):
    with satellite(place) as process:
        process.stdin.write(to_line(JobEnded(0.0, 7)))
        process.stdin.close()
        assert process.wait(10.0) == 0
    run = read_run(place.store, "far")
    assert run is not None
    assert (run.state, run.exit_code, run.argv) == ("failed", 7, ("srun", "train"))


def test_it_ends_as_killed_if_the_first_node_falls_silent(place):
    with satellite(place) as process:
        process.stdin.close()
        assert process.wait(10.0) == 0
    run = read_run(place.store, "far")
    assert run is not None
    assert run.state == "killed"


def test_signals_to_its_step_do_not_end_it_before_the_command(place):
    with satellite(place) as process:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(process.pid, number)
        process.stdin.write(to_line(JobEnded(0.0, 0)))
        process.stdin.close()
        assert process.wait(10.0) == 0
    run = read_run(place.store, "far")
    assert run is not None
    assert run.state == "finished"


def test_its_meter_is_replaced_a_few_times_only(place):
    with satellite(place) as process:
        killed: set[int] = set()
        for _ in range(4):
            assert until(lambda: {line["process"] for line in place.lines("far")} - killed)
            for number in {line["process"] for line in place.lines("far")} - killed:
                os.kill(number, signal.SIGKILL)
                killed.add(number)
        process.stdin.write(to_line(JobEnded(0.0, 0)))
        process.stdin.close()
        assert process.wait(10.0) == 0
    assert len({line["process"] for line in place.lines("far")}) == 4


def test_without_settings_it_meters_nothing(place):
    words = [sys.executable, "-I", "-S", "-c", commands._MAIN, *sys.path]
    done = subprocess.run(words, env=place.env, input=b"hello\n", capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not os.path.exists(os.path.join(place.store, "journals"))
