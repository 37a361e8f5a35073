"""Of the processes that replace a metering process, one starts at a time; none waits for ever."""

import os
import signal
import subprocess
import sys
import time

import pytest

from traincarbon.tracking.sidecar import turn
from traincarbon.tracking.sidecar.turn import end_turn, take_turn, turn_file

HOLDS = "import sys; from traincarbon.tracking.sidecar.turn import take_turn; held = take_turn(sys.argv[1]); print(held >= 0, flush=True); sys.stdin.read()"


@pytest.fixture
def holding(tmp_path):
    """Start processes that take a turn and keep it until they end; each prints whether it has it."""
    started = []

    def start() -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path / "turn")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True),
        )
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def test_the_next_process_starts_when_the_one_before_has_ended_even_by_a_kill(holding):
    first = holding()
    assert first.stdout.readline() == "True\n"
    second = holding()
    time.sleep(0.3)
    os.set_blocking(second.stdout.fileno(), False)
    assert not second.stdout.readline()
    os.set_blocking(second.stdout.fileno(), True)
    first.send_signal(signal.SIGKILL)
    assert second.stdout.readline() == "True\n"


def test_once_a_process_meters_the_others_start_side_by_side(holding, tmp_path):
    end_turn(take_turn(str(tmp_path / "turn")))
    assert [holding().stdout.readline() for _ in range(3)] == ["False\n"] * 3


def test_after_the_process_that_meters_has_ended_there_is_a_turn_again(holding, tmp_path):
    code = "import sys; from traincarbon.tracking.sidecar.turn import *; end_turn(take_turn(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "turn")], check=True)
    assert holding().stdout.readline() == "True\n"


def test_a_process_that_hangs_is_not_waited_for_longer_than_two_seconds(holding, tmp_path, monkeypatch):
    monkeypatch.setattr(turn, "_LONGEST_S", 0.2)
    assert holding().stdout.readline() == "True\n"
    assert take_turn(str(tmp_path / "turn")) == -1


def test_a_folder_that_is_gone_costs_the_turn_and_nothing_else(tmp_path):
    assert take_turn("") == take_turn(str(tmp_path / "none" / "turn")) == -1
    end_turn(-1)


def test_each_run_and_store_has_its_own_turn(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    files = {turn_file(run, store) for run in ("a", "b") for store in ("/s", "/t")}
    assert len(files) == 4
    assert all(os.path.dirname(file) == str(tmp_path / "traincarbon") for file in files)
    monkeypatch.setattr(turn, "runtime_folder", lambda: None)
    assert turn_file("a", "/s") == ""
