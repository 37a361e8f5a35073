"""Files of a sweep while they are written, and what of them is removed."""

import os
import signal
import subprocess
import sys

import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps import unfinished
from traincarbon.explore.sweeps.unfinished import remove_abandoned, remove_folder, written_whole

WRITER = """
import os, sys, time
from traincarbon.explore.sweeps.unfinished import written_whole
with written_whole(sys.argv[1], sys.argv[2], lambda whole: os.replace(whole, sys.argv[2])) as stream:
    stream.write(b"a part")
    stream.flush()
    print("writes", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def writer(tmp_path):
    """Start a process that writes a file in a folder, and goes on when it gets a line."""
    (tmp_path / "units").mkdir()
    words = [sys.executable, "-c", WRITER, str(tmp_path / "units"), str(tmp_path / "x.parquet")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writes\n"
        yield process
        process.kill()


def test_what_another_process_writes_stays_and_gets_its_place(writer, tmp_path):
    assert not remove_abandoned(str(tmp_path / "units"))
    remove_folder(str(tmp_path / "units"))
    writer.communicate("go on\n")
    assert writer.returncode == 0
    assert (tmp_path / "x.parquet").read_bytes() == b"a part"


def test_what_a_killed_process_left_is_removed_and_nothing_else(writer, tmp_path):
    units = tmp_path / "units"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    (units / "0-10.arrow").touch()
    assert len(os.listdir(units)) == 2
    assert remove_abandoned(str(units))
    assert os.listdir(units) == ["0-10.arrow"]
    remove_folder(str(units))
    assert not units.exists()


def test_a_file_is_held_until_it_has_its_place(tmp_path):
    def place(whole):
        assert not remove_abandoned(str(tmp_path))
        os.replace(whole, tmp_path / "x")

    with written_whole(str(tmp_path), str(tmp_path / "x"), place) as stream:
        stream.write(b"all")
    assert os.listdir(tmp_path) == ["x"]
    assert remove_abandoned(str(tmp_path))


def test_a_new_file_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    real, removed = os.dup, []

    def dup(descriptor):
        if len(removed) < 2:
            removed.append(remove_abandoned(str(tmp_path)))
            assert os.listdir(tmp_path) == []
        return real(descriptor)

    monkeypatch.setattr(os, "dup", dup)
    with written_whole(str(tmp_path), str(tmp_path / "x"), lambda whole: os.replace(whole, tmp_path / "x")) as stream:
        stream.write(b"all")
    assert removed == [True, True]
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"all"


def aged(folder):
    """Let the only unfinished file of a folder be older than a day."""
    (file,) = folder.glob("*.unfinished")
    os.utime(file, (1e9, 1e9))


def test_without_locks_only_what_is_older_than_a_day_is_removed(writer, tmp_path, monkeypatch):
    writer.kill()
    writer.wait()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert not remove_abandoned(str(tmp_path / "units"))
    assert len(os.listdir(tmp_path / "units")) == 1
    with written_whole(str(tmp_path), str(tmp_path / "y"), lambda whole: os.replace(whole, tmp_path / "y")) as stream:
        stream.write(b"all")
    assert (tmp_path / "y").read_bytes() == b"all"
    aged(tmp_path / "units")
    assert remove_abandoned(str(tmp_path / "units"))
    assert os.listdir(tmp_path / "units") == []


def test_where_locks_hold_on_one_machine_only_the_files_of_another_stay_for_a_day(writer, tmp_path, monkeypatch):
    units = tmp_path / "units"
    with monkeypatch.context() as patched:
        patched.setattr(unfinished, "host_name", lambda: "another")
        patched.setattr(unfinished, "_lock", lambda *_, **__: None)  # it sees no lock of the other
        assert not remove_abandoned(str(units))
        remove_folder(str(units))
        assert len(os.listdir(units)) == 1
    writer.communicate("go on\n")
    assert (tmp_path / "x.parquet").read_bytes() == b"a part"


def test_what_was_killed_on_another_machine_is_removed_a_day_later(writer, tmp_path, monkeypatch):
    units = tmp_path / "units"
    monkeypatch.setattr(unfinished, "host_name", lambda: "another")
    aged(units)
    assert not remove_abandoned(str(units))  # it has a lock, and is at work
    writer.kill()
    writer.wait()
    assert remove_abandoned(str(units))
    assert os.listdir(units) == []


def test_units_that_are_joined_are_removed_even_where_something_stays(writer, tmp_path):
    units = tmp_path / "units"
    (units / "0-10.arrow").touch()
    remove_folder(str(units))
    assert [name.endswith(".unfinished") for name in os.listdir(units)] == [True]
    writer.communicate("go on\n")
    assert (tmp_path / "x.parquet").read_bytes() == b"a part"


def test_a_folder_that_is_not_there_is_no_error(tmp_path):
    assert remove_abandoned(str(tmp_path / "none"))
    remove_folder(str(tmp_path / "none"))
    with pytest.raises(CarbonError, match="No such file"), written_whole(str(tmp_path / "none"), "x.parquet", lambda _: None):
        pass
