"""Processor time and memory of real processes and of made-up tables of them."""

import os
import subprocess
import sys
import time

import pytest

from traincarbon.meters import process_usage
from traincarbon.meters.process_usage import Machine, Portable, ProcessTree

PAGE_B = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
BURN = "import time\nwhile time.process_time() < {}: pass\n"


@pytest.fixture
def proc(tmp_path):
    """Return a function that writes a process: parent, ticks of its own, ticks of children it waited for, pages."""

    def write(pid: int, parent: int, own: int, waited: int = 0, *, resident: int = 10, shared: int = 4, born: int = 0) -> str:
        folder = tmp_path / str(pid)
        folder.mkdir(exist_ok=True)
        fields = [str(parent), *["0"] * 9, str(own), "0", str(waited), *["0"] * 5, str(born or pid)]
        (folder / "stat").write_text(f"{pid} (py (th) on) S {' '.join(fields)}\n")
        (folder / "statm").write_text(f"100 {resident} {shared} 1 0 50 0\n")
        return str(tmp_path)

    return write


def gone(root: str, pid: int) -> None:
    for name in ("stat", "statm"):
        os.unlink(f"{root}/{pid}/{name}")
    os.rmdir(f"{root}/{pid}")


def test_a_tree_is_the_process_and_all_below_it(proc):
    proc(1, 0, 999)
    proc(10, 1, 100)
    proc(11, 10, 200)
    proc(12, 11, 300)
    root = proc(20, 1, 555)
    tree = ProcessTree(10, proc=root)
    assert tree.usage().cpu_s == 0.0
    proc(10, 1, 110)
    proc(11, 10, 220)
    proc(12, 11, 330)
    proc(20, 1, 5555)
    assert tree.usage().cpu_s == pytest.approx(60 / TICKS)


def test_a_child_that_ended_counts_through_the_parent_that_waited_for_it(proc):
    proc(10, 1, 100)
    root = proc(11, 10, 200)
    tree = ProcessTree(10, proc=root)
    tree.usage()
    gone(root, 11)
    proc(10, 1, 100, waited=250)
    assert tree.usage().cpu_s == pytest.approx(50 / TICKS)


def test_an_orphan_still_counts(proc):
    proc(1, 0, 5)
    proc(10, 1, 100)
    root = proc(11, 10, 200)
    tree = ProcessTree(10, proc=root)
    tree.usage()
    gone(root, 10)
    proc(11, 1, 900)
    assert tree.usage().alive
    assert tree.usage().cpu_s == pytest.approx(700 / TICKS)


def test_what_orphans_used_does_not_hide_what_others_use_after_they_have_ended(proc):
    proc(10, 1, 100)
    root = proc(11, 1, 0)
    tree = ProcessTree(10, proc=root)
    tree.usage()
    proc(11, 10, 0)
    tree._look_again_s = 0.0
    tree.usage()
    proc(11, 1, 500)
    assert tree.usage().cpu_s == pytest.approx(500 / TICKS)
    gone(root, 11)
    proc(10, 1, 400)
    assert tree.usage().cpu_s == pytest.approx(800 / TICKS)
    assert tree.usage().cpu_s == pytest.approx(800 / TICKS)


def test_time_never_falls_when_processes_end(proc):
    proc(10, 1, 100)
    root = proc(11, 10, 200)
    tree = ProcessTree(10, proc=root)
    tree.usage()
    proc(11, 10, 500)
    assert tree.usage().cpu_s == pytest.approx(300 / TICKS)
    gone(root, 11)
    gone(root, 10)
    assert tree.usage() == (pytest.approx(300 / TICKS), 0.0, False)


def test_a_number_that_was_given_anew_is_another_process(proc):
    proc(10, 1, 100)
    root = proc(11, 10, 200)
    tree = ProcessTree(10, proc=root)
    tree.usage()
    proc(11, 1, 9000, born=77)
    proc(10, 1, 130)
    assert tree.usage().cpu_s == 0.0
    proc(10, 1, 400)
    assert tree.usage().cpu_s == pytest.approx(100 / TICKS)


def test_the_whole_host_is_asked_no_more_often_than_its_share_of_the_time_allows(proc, clock, monkeypatch):
    spent = iter(range(100))
    monkeypatch.setattr(process_usage.time, "process_time", lambda: next(spent) * 0.002)
    root = proc(10, 1, 100)
    tree = ProcessTree(10, proc=root, clock=clock)
    tree.usage()
    proc(11, 10, 500)
    proc(10, 1, 110)
    clock.now_s += 19.9
    assert tree.usage().cpu_s == pytest.approx(10 / TICKS)
    clock.now_s += 0.2
    assert tree.usage().cpu_s == pytest.approx(510 / TICKS)


def test_memory_is_what_each_holds_alone_and_the_largest_share_once(proc):
    proc(10, 1, 1, resident=100, shared=40)
    root = proc(11, 10, 1, resident=70, shared=50)
    assert ProcessTree(10, proc=root).usage().memory_b == (60 + 20 + 50) * PAGE_B


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_real_child_and_its_child_are_charged():
    code = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {BURN.format(0.3)!r}])\nprint('done', flush=True)\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        tree = ProcessTree(child.pid)
        tree.usage()
        child.stdout.readline()
        used = tree.usage()
        child.kill()
    assert 0.25 <= used.cpu_s <= 1.5
    assert 1e6 < used.memory_b < 1e9


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_the_machine_is_charged_for_its_busy_time():
    machine = Machine()
    start = time.process_time()
    while time.process_time() - start < 0.2:
        pass
    used = machine.usage()
    assert used.cpu_s >= 0.15
    assert used.memory_b == os.sysconf("SC_PHYS_PAGES") * PAGE_B or used.memory_b > 1e8


def test_elsewhere_psutil_tells_the_same():
    import psutil

    portable = Portable(psutil, os.getpid())
    portable.usage()
    subprocess.run([sys.executable, "-c", BURN.format(0.05)], check=True)
    start = time.process_time()
    while time.process_time() - start < 0.2:
        pass
    assert 0.15 <= portable.usage().cpu_s <= 2.0
    assert Portable(psutil, 2**22 + 1).usage() == (0.0, 0.0, False)
    assert Portable(psutil, None).usage().memory_b == psutil.virtual_memory().total


def test_without_proc_and_psutil_there_is_no_source(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert process_usage.source(1, proc=str(tmp_path)) is None


def test_a_child_is_seen_at_the_next_look_though_nobody_asks_the_whole_host():
    code = "import subprocess, sys; sys.stdin.readline(); child = subprocess.Popen(['sleep', '30']); print(child.pid, flush=True); sys.stdin.readline(); child.kill(); child.wait()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        tree = process_usage.ProcessTree(parent.pid, clock=lambda: 0.0)  # a clock that stands still: no second look at the host
        tree.usage()
        tree._look_again_s = 1.0
        parent.stdin.write("\n")
        parent.stdin.flush()
        child = int(parent.stdout.readline())
        tree.usage()
        assert child in tree._known
        parent.stdin.write("\n")
        parent.stdin.flush()
