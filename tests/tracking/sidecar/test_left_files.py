"""The folder of the metering processes does not fill up with what killed ones leave."""

import os
import subprocess
import sys
import time

import pytest

from traincarbon.tracking.sidecar import left_files
from traincarbon.tracking.sidecar.left_files import remove_left_files

OLD_S = 31 * 86400.0
HOLD = """
import fcntl, os, sys
for file in sys.argv[1:]:
    fcntl.lockf(os.open(file, os.O_RDWR), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    made = tmp_path / f"traincarbon-{os.getuid()}"
    made.mkdir(mode=0o700)
    return made


def leave(folder, *names, age_s=OLD_S):
    for name in names:
        (folder / name).write_text("")
        os.utime(folder / name, (time.time() - age_s,) * 2)


def left(folder):
    return sorted(os.listdir(folder))


def test_what_killed_processes_left_a_month_ago_is_removed(folder):
    leave(folder, "a.lock", "a.sock", "a.session", "b.turn", "c.sock", "d.session")
    remove_left_files()
    assert left(folder) == []


def test_what_is_younger_stays_and_so_do_files_of_others(folder):
    leave(folder, "a.lock", "a.sock", "a.session", "b.turn", age_s=86400.0)
    leave(folder, "7.run", "notes.txt", "ui.link")
    remove_left_files()
    assert left(folder) == ["7.run", "a.lock", "a.session", "a.sock", "b.turn", "notes.txt", "ui.link"]


def test_one_young_file_keeps_those_that_belong_to_it(folder):
    leave(folder, "a.lock", "a.sock")
    leave(folder, "a.session", age_s=60.0)
    remove_left_files()
    assert left(folder) == ["a.lock", "a.session", "a.sock"]


def test_what_a_living_process_holds_stays_however_old(folder):
    leave(folder, "a.lock", "a.sock", "a.session", "b.turn")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder / "a.lock"), str(folder / "b.turn")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline() == b"held\n"
        remove_left_files()
        found = left(folder)
        holder.stdin.close()
    assert found == ["a.lock", "a.session", "a.sock", "b.turn"]
    remove_left_files()
    assert left(folder) == []


def test_the_turn_of_a_run_that_has_ended_goes_at_once(folder):
    leave(folder, "b.turn", "c.turn", age_s=1.0)
    remove_left_files(turn=str(folder / "b.turn"))
    assert left(folder) == ["c.turn"]
    remove_left_files(turn=str(folder / "b.turn"))


def test_a_machine_without_such_a_folder_has_nothing_to_remove(monkeypatch):
    monkeypatch.setattr(left_files, "runtime_folder", lambda: None)
    remove_left_files(turn="/nonexistent/x.turn")
