"""Processes as Linux shows them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from traincarbon.procfs import Stat, all_stats, children_of, descendants, name_of, read_bytes, stat_of

FIELDS = "S 7 7 7 0 -1 4194304 0 0 0 0 5 6 70 80 20 0 1 0 4242 0 0"


@pytest.fixture
def proc(tmp_path):
    """A made-up /proc: id to the text of ``stat`` after the name."""

    def make(**stats: str) -> str:
        for pid, text in stats.items():
            folder = tmp_path / pid.removeprefix("p")
            folder.mkdir()
            (folder / "stat").write_text(text)
        return str(tmp_path)

    return make


@pytest.mark.parametrize("name", ["python", "a b", ") R 1 (", "(x) y"])
def test_a_name_cannot_disturb_what_follows_it(proc, name):
    assert stat_of(9, proc=proc(p9=f"9 ({name}) {FIELDS}\n")) == Stat("S", 7, 5 + 6 + 70 + 80, 4242)


@pytest.mark.parametrize("text", ["", "9 (x", "9 (x) S 7 7", "9 (x) " + " ".join(FIELDS.split()[:19])])
def test_a_line_that_is_cut_off_is_no_process(proc, text):
    assert stat_of(9, proc=proc(p9=text)) is None


def test_a_process_that_does_not_exist_is_none(proc):
    assert stat_of(9, proc=proc()) is None
    assert name_of(9, proc=proc()) == "?"
    assert list(children_of(9, proc=proc())) == []


@pytest.mark.parametrize(("state", "ended"), [("R", False), ("S", False), ("T", False), ("D", False), ("Z", True), ("X", True)])
def test_a_process_that_waits_to_be_removed_has_ended(state, ended):
    assert Stat(state, 1, 0, 0).has_ended is ended


def test_all_processes_are_found_by_their_ids_alone(proc):
    place = proc(p9=f"9 (x) {FIELDS}", p10=f"10 (y) {FIELDS}", uptime="1", p11="gone")
    assert set(all_stats(proc=place)) == {9, 10}
    with pytest.raises(OSError, match="No such file"):
        all_stats(proc=f"{place}/none")


def test_descendants_are_followed_down_and_those_that_do_not_belong_are_left_out_with_theirs():
    stats = {pid: Stat("S", parent, 0, 0) for pid, parent in {2: 1, 3: 2, 4: 3, 5: 1, 6: 5, 7: 9, 9: 7}.items()}
    assert descendants([2], stats) == {2, 3, 4}
    assert descendants([1], stats) == {1, 2, 3, 4, 5, 6}
    assert descendants([1], stats, belongs=lambda pid: pid != 5) == {1, 2, 3, 4}
    assert descendants([7], stats) == {7, 9}  # a circle, as while ids are taken anew, ends
    assert descendants([], stats) == set()


def test_a_real_process_is_found_with_its_parent_birth_time_and_name():
    before = stat_of(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        stat = stat_of(child.pid)
        assert stat.parent == os.getpid()
        assert stat.born >= before.born
        assert child.pid in set(children_of(os.getpid()))
        assert child.pid in descendants([os.getpid()], all_stats())
        deadline = time.monotonic() + 10.0
        while not name_of(child.pid).startswith("python") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert name_of(child.pid) == Path(f"/proc/{child.pid}/comm").read_text().strip()
    finally:
        child.kill()
    deadline = time.monotonic() + 10.0
    while not stat_of(child.pid).has_ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stat_of(child.pid).has_ended
    child.wait()
    assert stat_of(child.pid) is None


def test_a_name_is_safe_to_print(tmp_path):
    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "comm").write_bytes(b"a\x1b[2J\xff\n")
    assert name_of(9, proc=str(tmp_path)) == "a?[2J�"


def test_a_file_of_any_length_is_read(tmp_path):
    file = tmp_path / "children"
    for content in (b"", b"1 2 3 ", bytes(range(256)) * 1000):
        file.write_bytes(content)
        assert read_bytes(str(file)) == content
    with pytest.raises(OSError, match="No such file"):
        read_bytes(str(tmp_path / "nothing"))
