"""The processes of sinks beside a metered training: one that is blocked, dead or missing delays nothing and costs a note."""

import os
import signal
import sys
import time
from importlib.util import find_spec

import pytest

from made_states import state
from tracked import Place, python, until
from traincarbon.tracking.messages import Final
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.settings import SinkRequest
from traincarbon.tracking.sinks import processes
from traincarbon.tracking.sinks.processes import SinkProcesses

STEPS = """
import time
print("started", flush=True)
for step in range(300):
    time.sleep(0.01)
    print(step, flush=True)
"""

UNTIL_NOTED = """
import glob, os, time
journals, text = os.environ["CARBON_STORE"] + "/journals/r/*.jsonl", "install " + "trackio"  # the command line is in the journal too
until_s = time.monotonic() + 20.0
while time.monotonic() < until_s and not any(text in open(file).read() for file in glob.glob(journals)):
    time.sleep(0.1)
"""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def children(pid):
    """Return the processes below *pid*, with their command lines."""
    found = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stream:
                parent = int(stream.read().rpartition(")")[2].split()[1])
            with open(f"/proc/{name}/cmdline", "rb") as stream:
                found[int(name)] = (parent, stream.read())
        except OSError:
            continue
    below = {pid}
    for _ in range(5):
        below |= {each for each, (parent, _) in found.items() if parent in below}
    return {each: found[each][1] for each in below & found.keys()}


def sink_of(process):
    return until(lambda: next((pid for pid, line in children(process.pid).items() if b"sinks.main" in line), 0), seconds=20.0)


def test_a_sink_that_is_blocked_delays_neither_the_steps_nor_the_metering(place):
    command = ["--run-id", "r", "--prometheus", "127.0.0.1:0", "--", *python(STEPS)]
    with place.tracking(*command) as process:
        sink = sink_of(process)
        os.kill(sink, signal.SIGSTOP)
        steps = [int(process.stdout.readline()) for _ in range(200)]
        lines = len(place.lines("r"))
        assert until(lambda: len(place.lines("r")) > lines)
        os.kill(sink, signal.SIGCONT)
        output, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    assert steps == list(range(200))  # all while the sink was stopped
    assert len(output.splitlines()) == 100
    assert place.record("r").state == "finished"


def test_a_sink_that_dies_costs_a_note(place):
    with place.tracking("--run-id", "r", "--prometheus", "127.0.0.1:0", "--", *python(STEPS)) as process:
        os.kill(sink_of(process), signal.SIGKILL)
        _, errors = process.communicate(timeout=40)
    assert process.returncode == 0
    note = "Prometheus: its process ended: nothing more is logged to it"
    assert note in errors
    assert note in place.record("r").notes


def test_the_metering_process_is_killed_and_another_serves_the_run(place):
    with place.tracking("--run-id", "r", "--prometheus", "127.0.0.1:0", "--", *python(STEPS)) as process:
        first = sink_of(process)
        (sidecar,) = [pid for pid, line in children(process.pid).items() if b"sidecar.main" in line and first in children(pid)]
        os.kill(sidecar, signal.SIGKILL)
        assert until(lambda: sink_of(process) not in (0, first), seconds=20.0)
        assert until(lambda: not os.path.exists(f"/proc/{first}"), seconds=20.0)
        process.communicate(timeout=40)
    assert process.returncode == 0


@pytest.mark.skipif(find_spec("trackio") is not None, reason="Trackio is installed: the test is for where it is not")
def test_a_package_that_is_missing_is_a_note_and_the_training_runs(place):
    done = place.track("--run-id", "r", "--log-to", "trackio", "--", *python(UNTIL_NOTED))
    assert done.returncode == 0
    assert "Trackio: No module named" in done.stderr
    assert "install trackio" in " ".join(done.stderr.split())
    assert any(note.startswith("Trackio: No module named") for note in place.record("r").notes)


def test_an_unknown_sink_is_refused_before_anything_starts(place, tmp_path):
    done = place.track("--log-to", "tensorbord", "--", "touch", str(tmp_path / "ran"))
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["error: log_to is 'tensorbord'", "hint: did you mean tensorboard?"]
    assert not (tmp_path / "ran").exists()


def test_a_sink_that_never_takes_the_end_is_left_alone_after_a_while(monkeypatch):
    monkeypatch.setattr(processes, "SINK_OPENS_S", 0.5)
    monkeypatch.setattr(processes, "SINK_TAKES_S", 0.5)
    said, noted = [], []  # a note would lengthen the run, whose record has ended
    settings = settings_from(argv=["x"])._replace(sinks=(SinkRequest("prometheus", "127.0.0.1:0"),))
    sinks = SinkProcesses(settings, announce=noted.append, show=said.append)
    (sink,) = sinks._running
    os.kill(sink._pid, signal.SIGSTOP)
    for _ in range(100):
        sinks.send(state)
    began_s = time.monotonic()
    sinks.end(Final())
    assert time.monotonic() - began_s < 10.0
    assert noted == []
    assert said == ["Prometheus: it did not take the last values in time, and tries for 2 minutes longer"]
    os.kill(sink._pid, signal.SIGKILL)
    os.waitpid(sink._pid, 0)


def test_a_tracker_within_a_tracked_command_says_who_logs(place, tmp_path):
    code = f"import sys; sys.path[:0] = {sys.path!r}; import traincarbon\nwith traincarbon.track(log_to='tensorboard', quiet=False): pass"
    done = place.track("--run-id", "r", "--", *python(code), cwd=tmp_path)
    assert done.returncode == 0
    assert "the outer tracker meters and logs this run: give it --log-to or --prometheus" in done.stderr
    assert not (tmp_path / "runs").exists()
