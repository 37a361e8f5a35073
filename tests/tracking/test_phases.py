"""Phases from the script to the record: they add up to the run, however they nest, repeat or stay open."""

import json
import subprocess
import sys
import threading
import time

import pytest

import traincarbon
from tracked import METERED, Place
from traincarbon.tracking import phase_outbox
from traincarbon.tracking.progress_pipe import environment_of
from traincarbon.tracking.reports import ReportReader


@pytest.fixture
def reported(monkeypatch):
    """Return a function that gives the phases that were reported since, each with its source."""
    import os

    reads, writes = os.pipe()
    for name, value in environment_of(writes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(phase_outbox, "_OUTBOXES", {})  # an earlier test may have sent something a moment ago, and would hold this one's back
    os.set_blocking(reads, False)

    def taken():
        try:
            data = os.read(reads, 1 << 16)
        except BlockingIOError:
            data = b""
        return [(report.phase, report.source) for report in ReportReader().feed(data, time_s=time.monotonic()) if report.phase is not None]

    yield taken
    os.close(reads)
    os.close(writes)


@pytest.fixture
def at_once(monkeypatch):
    """Send each begin and end by itself, however many there are."""
    monkeypatch.setattr(phase_outbox, "_EVERY_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_line_states_the_innermost_phase_of_its_thread(reported):
    with traincarbon.phase("train"), pytest.raises(KeyError), traincarbon.phase("eval"):
        raise KeyError("no such batch")
    found = reported()
    assert [phase for phase, _ in found] == ["train", "eval", "train", ""]
    assert len({source for _, source in found}) == 1


@pytest.mark.usefixtures("at_once")
def test_one_phase_may_be_entered_again_and_within_itself(reported):
    again = traincarbon.phase("eval")
    for _ in range(2):
        with again:
            pass
    with again, again:
        pass
    assert [phase for phase, _ in reported()] == ["eval", "", "eval", "", "eval", "eval", "eval", ""]


@pytest.mark.usefixtures("at_once")
def test_threads_have_phases_of_their_own(reported):
    def load():
        with traincarbon.phase("load"):
            pass

    with traincarbon.phase("train"):
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
    found = reported()
    assert [phase for phase, _ in found] == ["train", "load", "", ""]
    assert len({source for _, source in found}) == 2


def test_outside_of_a_tracker_a_phase_does_nothing(monkeypatch):
    monkeypatch.delenv("CARBON_PROGRESS_FD", raising=False)
    with traincarbon.phase("eval") as found:
        assert found.name == "eval"


SCRIPT = (
    METERED
    + """
import json, traincarbon
began_s = time.monotonic()
def say(**words):
    os.write(int(os.environ["CARBON_PROGRESS_FD"]), json.dumps({**words, "time_s": time.monotonic()}).encode() + b"\\n")
traincarbon.progress(tokens=0, start_tokens=0)
time.sleep(0.3)
{body}
time.sleep(0.3)
print(time.monotonic() - began_s)
"""
)
"""Says how long it took; reports have their times, however late they are read."""
BODIES = {
    "python": "for at in range(2):\n    with traincarbon.phase('eval'):\n        traincarbon.progress(tokens=100 * at + 100)\n        time.sleep(0.6)\n    time.sleep(0.2)",
    "json": "for at in range(2):\n    say(phase='eval')\n    say(tokens=100 * at + 100)\n    time.sleep(0.6)\n    say(phase=None)\n    time.sleep(0.2)",
    "nested": "with traincarbon.phase('eval'):\n    time.sleep(0.5)\n    with traincarbon.phase('checkpoint'):\n        time.sleep(0.4)\n    time.sleep(0.7)",
    "open": "say(phase='eval')\ntime.sleep(0.9)",
}
EXPECTED = {
    "python": {"eval": 1.2, "train": 1.0},
    "json": {"eval": 1.2, "train": 1.0},
    "nested": {"eval": 1.2, "checkpoint": 0.4, "train": 0.6},
    "open": {"eval": 1.2, "train": 0.3},
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_phases_of_a_run_add_up_to_it_and_have_their_own_energy(tmp_path, kind):
    place = Place(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT.replace("{body}", BODIES[kind]))
    done = place.track("--run-id", "r", "--", "python3", str(tmp_path / "script.py"), env={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == 0, done.stderr
    run = place.record("r")
    phases = {phase.name: phase for phase in run.phases}
    assert set(phases) == set(EXPECTED[kind])
    assert sum(phase.duration_s for phase in run.phases) == pytest.approx(run.duration_s, rel=0.01)
    assert sum(phase.energy_j for phase in run.phases) == pytest.approx(sum(filter(None, run.energy_j.values())), rel=0.01)
    for name, seconds in EXPECTED[kind].items():
        assert phases[name].duration_s >= seconds - 0.01
        if name != "train":  # the rest holds the start of Python too
            others_s = sum(other for another, other in EXPECTED[kind].items() if another != name)
            until_end_s = run.duration_s if kind == "open" else float(done.stdout)
            assert phases[name].duration_s <= until_end_s - others_s + 0.01
        assert phases[name].energy_j == pytest.approx(3600.0 * phases[name].duration_s, rel=0.1)  # the trace draws 3.6 kW all the time
    if kind in ("python", "json"):
        assert (phases["eval"].tokens, phases["train"].tokens) == (200.0, 0.0)
    shown = json.loads(json.dumps(run.to_dict()))
    assert [phase["name"] for phase in shown["phases"]] == list(phases)


RAPID = """
import time, traincarbon
began_s = time.monotonic()
inside_s, around_s = {"load": 0.0, "step": 0.0}, {"load": 0.0, "step": 0.0}
while time.monotonic() < began_s + 3.0:
    for name, seconds in (("load", 0.002), ("step", 0.005)):
        before_s = time.monotonic()
        with traincarbon.phase(name):
            within_s = time.monotonic()
            time.sleep(seconds)
            inside_s[name] += time.monotonic() - within_s
        around_s[name] += time.monotonic() - before_s
time.sleep(0.5)
print(*inside_s.values(), *around_s.values())
"""


def test_phases_of_milliseconds_have_their_exact_times(tmp_path):
    place = Place(tmp_path)
    (tmp_path / "script.py").write_text(RAPID)
    done = place.track("--run-id", "r", "--", "python3", str(tmp_path / "script.py"), env={"PYTHONPATH": ":".join(sys.path)})
    assert done.returncode == 0, done.stderr
    *inside_s, load_s, step_s = map(float, done.stdout.split())
    run = place.record("r")
    phases = {phase.name: phase for phase in run.phases}
    for name, least_s, most_s in zip(("load", "step"), inside_s, (load_s, step_s), strict=True):
        assert 0.99 * least_s <= phases[name].duration_s <= 1.01 * most_s
        assert phases[name].energy_j == pytest.approx(3600.0 * phases[name].duration_s, rel=0.02)  # the trace draws 3.6 kW all the time
    assert sum(phase.duration_s for phase in run.phases) == pytest.approx(run.duration_s, rel=0.01)
    assert sum(phase.energy_j for phase in run.phases) == pytest.approx(sum(filter(None, run.energy_j.values())), rel=0.01)


def test_a_phase_is_found_in_the_output(tmp_path):
    place = Place(tmp_path)
    code = f"{METERED}for word in ('train', 'eval', 'train'):\n    print(f'begin {{word}} {{time.monotonic()}}', flush=True)\n    time.sleep(0.5)\nprint(time.monotonic())"
    done = place.track("--run-id", "r", "--progress-regex", "begin (?P<phase>[a-z]+)", "--", "python3", "-c", code)
    assert done.returncode == 0, done.stderr
    first_s, second_s, third_s, end_s = (float(line.split()[-1]) for line in done.stdout.splitlines())
    seconds = {phase.name: phase.duration_s for phase in place.record("r").phases}
    assert seconds["eval"] == pytest.approx(third_s - second_s, abs=0.2)
    assert seconds["train"] == pytest.approx(second_s - first_s + end_s - third_s, abs=0.4)
    assert set(seconds) == {"train", "eval", "unnamed"}


RESUMED = """
import os, signal, sys, time, traincarbon
start, end = int(sys.argv[1]), int(sys.argv[2])
for step in traincarbon.steps(range(start, end), start=start, total_steps=60):
    time.sleep(0.02)
if end < 60:
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_training_that_was_killed_and_resumed_says_what_it_did_twice(tmp_path):
    place = Place(tmp_path)
    (tmp_path / "script.py").write_text(RESUMED)
    for start, end in ((0, 40), (25, 60)):
        place.track("--run-id", "r", "--quiet", "--", "python3", str(tmp_path / "script.py"), str(start), str(end), env={"PYTHONPATH": ":".join(sys.path)})
    run = place.record("r")
    assert [(each.state, each.steps, each.start_steps) for each in run.attempts] == [("killed", 40.0, 0.0), ("finished", 35.0, 25.0)]
    assert run.waste.repeated_steps == 15.0
    assert run.waste.repeated_kwh == pytest.approx(15.0 / 40.0 * run.attempts[0].energy_j / 3.6e6)
    assert run.waste.interrupted_s >= 0.0
    assert sum(each.energy_j for each in run.attempts) == pytest.approx(sum(filter(None, run.energy_j.values())))


RANK = """
import os, time, traincarbon
with traincarbon.track(run_id="r", interval_s=0.2, quiet=True):
    open(os.environ["RANK"], "w").close()
    last_s = time.monotonic() + 60.0
    while not (os.path.exists("0") and os.path.exists("1")):
        if time.monotonic() > last_s: raise TimeoutError("the other rank did not start")
        time.sleep(0.01)
    for batch in traincarbon.steps(range(20), tokens=100, total_steps=20, start=0):
        time.sleep(0.03)
    with traincarbon.phase("eval"):
        time.sleep(0.8 if os.environ["RANK"] == "0" else 1.0)
    time.sleep(0.4)
"""


def test_the_ranks_of_a_node_are_in_one_phase_which_counts_once(tmp_path):
    place = Place(tmp_path)
    (tmp_path / "script.py").write_text(RANK)
    world = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "j"}
    ranks = [
        subprocess.Popen(
            [sys.executable, str(tmp_path / "script.py")], cwd=tmp_path, env=place.env | world | {"RANK": rank, "LOCAL_RANK": rank}, stderr=subprocess.PIPE
        )
        for rank in "01"
    ]
    assert [rank.communicate(timeout=60)[1] for rank in ranks] == [b"", b""]
    run = place.record("r")
    assert run.tokens == 2000.0
    phases = {phase.name: phase for phase in run.phases}
    assert set(phases) == {"eval", "train"}
    assert 0.8 <= phases["eval"].duration_s <= 2.0
    assert sum(phase.duration_s for phase in run.phases) == pytest.approx(run.duration_s, rel=0.01)
    assert sum(phase.energy_j for phase in run.phases) == pytest.approx(sum(filter(None, run.energy_j.values())), rel=0.01)
    assert len(run.attempts) == 1
