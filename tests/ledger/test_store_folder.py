"""Where runs are kept, and how machines and processes are told apart without a word about either."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from traincarbon.errors import CarbonError
from traincarbon.ledger import store_folder as store_module
from traincarbon.ledger.store_folder import known_node_name, life, lives, node_name, store_folder


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"HOME": "/h"}, "/h/.local/share/traincarbon"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "/data"}, "/data/traincarbon"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "not/absolute"}, "/h/.local/share/traincarbon"),
        ("linux", {"HOME": "/h", "CARBON_STORE": "/shared/runs"}, "/shared/runs"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/traincarbon"),
        ("win32", {"HOME": "/h", "LOCALAPPDATA": "/local"}, "/local/traincarbon"),
    ],
)
def test_the_store_is_where_each_system_keeps_data_unless_it_is_named(monkeypatch, platform, environment, folder):
    for name in ("HOME", "XDG_DATA_HOME", "CARBON_STORE", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert store_folder() == folder


def test_a_store_that_is_given_wins_and_is_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("CARBON_STORE", "/elsewhere")
    monkeypatch.chdir(tmp_path)
    assert store_folder("runs") == str(tmp_path / "runs")


@pytest.mark.parametrize("address", ["postgresql://me:secret@host/db", "s3://bucket/runs", "file:///runs"])
def test_an_address_is_no_folder(address):
    with pytest.raises(CarbonError, match=r"the store is a folder, not \w+://…$"):
        store_folder(address)


def test_a_store_relative_to_a_folder_that_is_gone_is_refused(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(CarbonError, match=r"the store 'runs' cannot be found from here: No such file or directory"):
        store_folder("runs")
    assert store_folder("/runs") == "/runs"


def test_without_a_home_the_store_must_be_named(monkeypatch):
    monkeypatch.delenv("CARBON_STORE", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda text: text)
    with pytest.raises(CarbonError, match="no home folder") as raised:
        store_folder()
    assert "CARBON_STORE" in raised.value.hint


def test_a_machine_has_one_name_in_a_store_and_another_in_the_next(tmp_path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    assert node_name(one) == node_name(one)
    assert node_name(one) != node_name(other)
    assert len(node_name(one)) == 12


def test_the_name_of_a_machine_does_not_show(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "host_name", lambda: "gpu-node-17")
    first = node_name(str(tmp_path))
    monkeypatch.setattr(store_module, "host_name", lambda: "gpu-node-18")
    assert first != node_name(str(tmp_path))
    assert "gpu" not in first


def test_many_who_make_the_secret_of_a_store_at_once_get_the_same(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(node_name, [str(tmp_path / "new")] * 64))) == 1
    assert os.listdir(tmp_path / "new") == ["salt"]


def test_where_no_secret_can_be_made_a_machine_is_never_taken_for_another():
    assert node_name(os.devnull) != node_name(os.devnull)


def test_a_living_process_is_told_from_a_dead_one_and_from_a_later_one_of_its_id():
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    known = life(sleeper.pid)
    assert lives(sleeper.pid, known) is True
    assert lives(os.getpid(), known) is False  # the id is taken, by a process born at another time
    sleeper.kill()
    sleeper.wait()
    assert lives(sleeper.pid, known) is False


def test_a_process_that_has_ended_and_that_nobody_reaps_does_not_live():
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    known = life(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert lives(sleeper.pid, known) is False
    sleeper.wait()


@pytest.mark.parametrize("known", ["", "x", "otherboot/pid:[1]/5", "a/b/c/d"])
def test_of_a_process_elsewhere_nothing_is_known(known):
    assert lives(os.getpid(), known) is None


def test_the_mark_of_a_process_does_not_hold_the_id_of_the_boot():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        assert stream.read().strip() not in life(os.getpid())


def test_a_machine_has_its_known_name_once_something_was_written_and_a_question_makes_no_secret(tmp_path):
    assert known_node_name(str(tmp_path)) == known_node_name(str(tmp_path / "missing")) == ""
    assert list(tmp_path.iterdir()) == []
    assert known_node_name(str(tmp_path)) != node_name(str(tmp_path)) == known_node_name(str(tmp_path))
