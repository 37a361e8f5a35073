"""The wall clock is set while a run is metered."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from killed_runs import POWER_W, within_a_minute

SOURCE = Path(__file__).parents[1] / "native" / "clock_step.c"
AN_HOUR_S = 3600


@pytest.fixture(scope="module")
def clock_step(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler (cc, gcc, clang) to build the stepping clock with")
    file = tmp_path_factory.mktemp("native") / "clock_step.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", file, SOURCE, "-ldl"], check=True)
    return file


def has_line(store, text):
    """Tell whether a journal of the run has a line with this text."""
    return any(text in file.read_bytes() for file in store.glob("journals/run/*.jsonl"))


@pytest.mark.parametrize(("step_s", "way"), [(AN_HOUR_S, "forward"), (-AN_HOUR_S, "back")])
def test_a_clock_that_is_set_changes_neither_time_nor_energy_and_is_noted(step_s, way, track, ledger, store, tmp_path, clock_step):
    step, end = tmp_path / "step", tmp_path / "end"
    stepping = {"LD_PRELOAD": str(clock_step), "CLOCK_STEP_S": f"{step_s}", "CLOCK_STEP_FROM": str(step)}
    began_s = time.monotonic()
    tracked = track("run", ["sh", "-c", 'while [ ! -e "$0" ]; do sleep 0.05; done', str(end)], env=stepping)
    within_a_minute(lambda: has_line(store, b'"kind":"interval"'))
    step.touch()
    within_a_minute(lambda: has_line(store, b"was set"))
    end.touch()
    assert tracked.wait() == 0
    record = ledger("run")
    assert record.state == "finished"
    assert 0.0 < record.duration_s < time.monotonic() - began_s
    assert record.energy_j["gpu"] == pytest.approx(POWER_W * record.duration_s, rel=0.02)
    assert any(f"was set {way} by 3,600 s" in note for note in record.notes), record.notes


def test_an_end_while_the_tracker_was_stopped_is_dated_late_and_noted(track, ledger, store, tmp_path):
    end = tmp_path / "end"
    tracked = track("run", ["sh", "-c", 'while [ ! -e "$0" ]; do sleep 0.05; done', str(end)])
    sidecar, training = within_a_minute(tracked.sidecar), within_a_minute(tracked.training)
    within_a_minute(lambda: has_line(store, b'"kind":"interval"'))
    time.sleep(0.25)  # it waits for the next reading by now: that it was stopped at work is not seen
    ours = (tracked.process.pid, sidecar)
    for pid in ours:
        tracked.send(pid, signal.SIGSTOP)
    time.sleep(1.0)
    end.touch()
    within_a_minute(lambda: not Path(f"/proc/{training}/cmdline").read_bytes())  # a process that has ended and was not waited for has none
    time.sleep(4.0)
    for pid in ours:
        tracked.send(pid, signal.SIGCONT)
    assert tracked.wait() == 0
    record = ledger("run")
    assert record.state == "finished"
    assert any("the metering process was stopped for" in note for note in record.notes), record.notes
    assert any("the command ended while its tracker was stopped, between" in note for note in record.notes), record.notes


def test_an_end_that_the_supervisor_saw_is_dated_then_although_the_meter_was_stopped(track, ledger, store, tmp_path):
    end = tmp_path / "end"
    began_s = time.monotonic()
    tracked = track("run", ["sh", "-c", 'while [ ! -e "$0" ]; do sleep 0.05; done', str(end)])
    sidecar = within_a_minute(tracked.sidecar)
    within_a_minute(lambda: has_line(store, b'"kind":"interval"'))
    time.sleep(1.0)
    tracked.send(sidecar, signal.SIGSTOP)
    end.touch()
    within_a_minute(lambda: not tracked.training())
    ended_s = time.monotonic()
    assert tracked.wait() == 0  # once it has waited for the meter for seconds
    record = ledger("run")
    assert 1.0 <= record.duration_s < ended_s - began_s
    assert not any("while its tracker was stopped" in note for note in record.notes), record.notes
