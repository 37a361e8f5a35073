"""No store, terminal or pipe holds back the exit code of a tracked command, and no record vanishes without a word."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fates import MARK, processes
from killed_runs import POWER_W
from tracked import CARBON, Place, until
from traincarbon.ledger.record import read_run
from traincarbon.ledger.store import Ledger

MOST_S = 5.0
"""The longest time for which anything may hold the exit code back."""
SOURCE = Path(__file__).parents[1] / "native" / "hanging_files.c"


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path, watts=POWER_W)
    found.env |= {"XDG_DATA_HOME": str(tmp_path / "data"), MARK: os.urandom(8).hex()}
    return found


@pytest.fixture
def spare(tmp_path):
    return tmp_path / "data" / "traincarbon" / "unsaved"


@pytest.fixture(scope="session")
def hanging_files(tmp_path_factory):
    """The library that makes files hang."""
    compiler = shutil.which("cc") or pytest.skip("there is no compiler here")
    library = tmp_path_factory.mktemp("hang") / "hang.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return str(library)


def held_back_s(place, words, ended, **options):
    """Run a command that writes the time of its end into the file *ended*; return what was run and how long its exit code was held back."""
    done = place.track(*words, **options)
    return done, time.time() - float(ended.read_text())


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "not quiet"])
@pytest.mark.parametrize("since_s", [0.0, 0.7, 1.4], ids=["from the start", "from the middle", "at the end"])
def test_a_store_that_hangs_holds_nothing_back_and_the_record_is_elsewhere(place, tmp_path, spare, hanging_files, quiet, since_s):
    flag, ended = tmp_path / "flag", tmp_path / "ended"
    os.makedirs(place.store)
    if not since_s:
        flag.touch()
    env = {"LD_PRELOAD": hanging_files, "HANG_BELOW": place.store, "HANG_WHILE": str(flag)}
    script = f"sleep {since_s}; touch {flag}; sleep {1.5 - since_s}; date +%s.%N > {ended}; exit 7"
    done, held_s = held_back_s(place, [*(["--quiet"] if quiet else []), "--run-id", "r", "--store", place.store, "--", "sh", "-c", script], ended, env=env)
    assert done.returncode == 7
    assert held_s < MOST_S
    assert f"but in {spare}: take it from there with: carbon runs merge {spare}" in done.stderr
    assert len(done.stderr.splitlines()) == 1 or not quiet
    assert until(lambda: not processes(f"{MARK}={place.env[MARK]}"), seconds=10.0)
    flag.unlink()
    record = read_run(str(spare), "r")
    assert record.energy_j["gpu"] == pytest.approx(POWER_W * record.duration_s, rel=0.1)
    with Ledger(place.store) as ledger:
        ledger.merge([str(spare)])
        merged = ledger.run("r")
    assert (merged.exit_code, merged.state) == (7, "failed")
    assert merged.energy_j["gpu"] == pytest.approx(record.energy_j["gpu"])


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_a_short_command_on_a_store_that_hangs_names_the_place_of_its_record(place, tmp_path, spare, hanging_files, seconds):
    flag, ended = tmp_path / "flag", tmp_path / "ended"
    os.makedirs(place.store)
    flag.touch()
    env = {"LD_PRELOAD": hanging_files, "HANG_BELOW": place.store, "HANG_WHILE": str(flag)}
    words = ["--quiet", "--run-id", "r", "--store", place.store, "--", "sh", "-c", f"sleep {seconds}; date +%s.%N > {ended}; exit 7"]
    done, held_s = held_back_s(place, words, ended, env=env)
    assert done.returncode == 7
    assert held_s < MOST_S
    assert len(done.stderr.splitlines()) == 1
    assert f"in {spare}: take it from there with: carbon runs merge {spare}" in done.stderr
    assert until(lambda: not processes(f"{MARK}={place.env[MARK]}"), seconds=10.0)
    assert read_run(str(spare), "r").exit_code == 7


READERS = ["runs list", "runs show last", "runs export", "runs merge {store} --store {other}", "runs forget r", "runs import {file}", "calibrate", "report --all -o {file}.html", "doctor"]  # fmt: skip


@pytest.mark.parametrize("words", READERS, ids=lambda words: words.partition(" {")[0])
def test_a_command_that_reads_a_store_that_hangs_says_so_within_seconds(place, tmp_path, hanging_files, words):
    flag, other, file = tmp_path / "flag", tmp_path / "other", tmp_path / "runs.csv"
    os.makedirs(place.store)
    flag.touch()
    file.write_text("run_id,duration_s\nr,5\n")
    env = {"LD_PRELOAD": hanging_files, "HANG_BELOW": place.store, "HANG_WHILE": str(flag)}
    given = words.format(store=place.store, other=other, file=file).split()
    command = [sys.executable, "-c", CARBON, *given, *(["--store", place.store] if "--store" not in given else [])]
    done = subprocess.run(command, env={**place.env, **env}, capture_output=True, text=True, timeout=20, check=False)
    said = f"{place.store} does not answer" if words != "doctor" else "it does not answer; is its file server down?"
    assert said in " ".join((done.stderr if words != "doctor" else done.stdout).split())
    assert done.returncode == (0 if words == "doctor" else 1)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "not quiet"])
@pytest.mark.parametrize("fault", ["a file", "read-only", "another's"])
def test_a_store_that_cannot_be_written_is_said_in_one_line_with_the_place_of_the_record(place, tmp_path, spare, fault, quiet):
    store = tmp_path / "bad"
    if fault == "a file":
        store.write_text("")
    else:
        store.mkdir(mode=0o555 if fault == "read-only" else 0o700)
    if fault != "a file" and os.getuid() == 0:
        pytest.skip("root can write it all the same")
    done = place.track(*(["--quiet"] if quiet else []), "--run-id", "r", "--store", str(store), "--", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert done.stderr.count(f"carbon: the run is not in {store}") == 1
    assert read_run(str(spare), "r").exit_code == 7


def test_where_nothing_can_be_written_the_record_is_said_to_be_lost_even_if_quiet(place, tmp_path):
    (tmp_path / "file").write_text("")
    bad = str(tmp_path / "file" / "store")
    words = place.command("--quiet", "--store", bad, "--", "sh", "-c", "exit 7")
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]  # no file can grow, so none takes a line
    done = subprocess.run([*limited, *words], env=place.env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 7
    assert f"carbon: the run was not saved: {bad} cannot be written" in done.stderr


def test_a_store_that_is_removed_meanwhile_is_made_again_with_what_the_run_was(place):
    with place.tracking("--quiet", "--run-id", "r", "--", "sh", "-c", "echo on; sleep 1; exit 7") as process:
        until(lambda: list(Path(place.store).glob("journals/*/*.jsonl")))
        time.sleep(0.3)
        shutil.rmtree(place.store)
        assert process.wait(20) == 7
    record = place.record("r")
    assert (record.argv, record.exit_code) == (("sh", "-c", "echo on; sleep 1; exit 7"), 7)
    assert record.energy_j["gpu"] == pytest.approx(POWER_W * record.duration_s, rel=0.1)


def test_a_full_pipe_that_nobody_reads_does_not_hold_the_end_back(place, tmp_path):
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    try:
        while os.write(writes, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writes, True)
    ended = tmp_path / "ended"
    words = ["--run-id", "r", "--max-hours", "1e-9", "--", "sh", "-c", f"sleep 1; date +%s.%N > {ended}; exit 7"]
    done, held_s = held_back_s(place, words, ended, capture_output=False, stdout=subprocess.DEVNULL, stderr=writes)
    os.close(reads)
    os.close(writes)
    assert done.returncode == 7
    assert held_s < MOST_S
    assert place.record("r").exit_code == 7


def test_on_a_terminal_that_nobody_reads_signals_still_reach_the_command_and_the_end_comes(place):
    ours, theirs = pty.openpty()
    import termios

    termios.tcsetwinsize(theirs, (40, 200))
    os.set_blocking(theirs, False)
    try:
        while os.write(theirs, b"x" * 512):
            pass
    except BlockingIOError:
        os.set_blocking(theirs, True)
    words = place.command("--run-id", "r", "--", "sleep", "30")
    process = subprocess.Popen(words, env={**place.env, "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    assert until(lambda: list(Path(place.store).glob("journals/*/*.jsonl")))
    time.sleep(2.5)
    process.send_signal(signal.SIGTERM)
    began_s = time.monotonic()
    assert process.wait(20) == -signal.SIGTERM
    assert time.monotonic() - began_s < MOST_S
    os.close(theirs)
    os.close(ours)


def test_within_python_a_hung_store_holds_the_training_back_for_seconds_and_is_named_even_if_quiet(place, tmp_path, spare, hanging_files):
    flag = tmp_path / "flag"
    os.makedirs(place.store)
    flag.touch()
    env = {**place.env, "LD_PRELOAD": hanging_files, "HANG_BELOW": place.store, "HANG_WHILE": str(flag)}
    code = (
        f"import time, traincarbon\nwith traincarbon.track(store={place.store!r}, quiet=True, run_id='r') as run:\n    time.sleep(1)\n    end = time.time()\n"
    )
    code += "print(time.time() - end, run.record.state)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False)
    held_s, state = done.stdout.split()
    assert float(held_s) < MOST_S
    assert state == "finished"
    assert done.stderr.count(f"carbon: the run is not in {place.store}") == 1
    flag.unlink()
    assert read_run(str(spare), "r").state == "finished"
