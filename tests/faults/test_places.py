"""Stores cannot be written (full disks, exceeded quotas, read-only and missing folders): the training goes on and no measurement is lost meanwhile."""

import json
import os
import resource
import subprocess
import sys
import time

import pytest

from killed_runs import CARBON, POWER_W, within_a_minute

SLACK_S = 0.5


def tracked(store, *command, env, options=(), **rest):
    words = [*CARBON, "track", "--store", str(store), "--run-id", "run", "--interval", "0.1", "--json", *options, "--", *command]
    return subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **rest)


def record_of(done):
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_disk_that_stays_full_the_training_runs_and_its_energy_is_reported(small_disk, environment):
    (small_disk / "filler").write_bytes(b"\0" * 64 * 1024)
    done = tracked(small_disk / "store", "sh", "-c", "sleep 0.6; exit 3", env=environment)
    assert done.returncode == 3
    assert done.stderr.count("carbon: the journal cannot be written (No space left on device)") == 1
    record = record_of(done)
    assert record["energy_j"]["gpu"] == pytest.approx(POWER_W * record["duration_s"], rel=0.02)


def test_what_was_kept_in_memory_is_written_once_there_is_room(small_disk, environment):
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * 64 * 1024)
    done = tracked(small_disk / "store", "sh", "-c", f"sleep 0.5; rm {filler}; sleep 0.5", env=environment)
    assert done.returncode == 0
    with_store = subprocess.run(
        [*CARBON, "runs", "show", "run", "--json", "--store", str(small_disk / "store")], env=environment, capture_output=True, text=True, check=True
    )
    record = json.loads(with_store.stdout)
    assert record["state"] == "finished"
    assert record["energy_j"]["gpu"] == pytest.approx(POWER_W * record["duration_s"], rel=0.02)
    assert record["duration_s"] >= 1.0


def test_beyond_a_quota_the_training_runs_and_its_energy_is_reported(store, environment):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    done = tracked(store, "sleep", "0.6", env=environment, preexec_fn=limited)
    assert done.returncode == 0
    assert "the journal cannot be written (File too large)" in done.stderr
    record = record_of(done)
    assert record["energy_j"]["gpu"] == pytest.approx(POWER_W * record["duration_s"], rel=0.02)


@pytest.mark.parametrize("place", ["file/store", "n" * 300], ids=["a file stands in the way", "a name that no disk takes"])
def test_an_unusable_store_is_reported_in_one_line_and_harms_nothing(place, tmp_path, environment):
    (tmp_path / "file").write_text("")
    done = tracked(tmp_path / place, "sh", "-c", "echo trained", env=environment)
    assert done.returncode == 0
    assert done.stdout.startswith("trained\n")
    assert done.stderr.count("carbon: the journal cannot be written") == 1


def test_a_home_that_is_read_only_harms_nothing(tmp_path, environment):
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(home)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a read-only disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        env = {**environment, "HOME": str(home)}
        env.pop("CARBON_STORE", None)
        env.pop("XDG_DATA_HOME", None)
        done = subprocess.run([*CARBON, "track", "--", "sh", "-c", "echo trained; exit 4"], env=env, capture_output=True, text=True, timeout=60)
    finally:
        subprocess.run(["umount", str(home)], check=True)
    assert (done.returncode, done.stdout) == (4, "trained\n")
    assert "the journal cannot be written (Read-only file system)" in done.stderr
    assert "Measured" in done.stderr


def test_within_python_a_store_that_cannot_be_harms_nothing_either(tmp_path, environment):
    (tmp_path / "file").write_text("")
    code = f"import traincarbon\nwith traincarbon.track(store={str(tmp_path / 'file' / 'store')!r}):\n    print('trained')\n"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert done.stderr.count("carbon: the journal cannot be written") == 1


def test_a_store_that_is_removed_meanwhile_is_made_again_or_reported(track, store):
    tracked_run = track("run", ["sleep", "0.8"])
    within_a_minute(lambda: list(store.glob("journals/*/*.jsonl")))
    time.sleep(0.1)
    os.rename(store, store.with_name("moved"))
    assert tracked_run.wait() == 0
    assert list(store.with_name("moved").glob("journals/*/*.jsonl"))
