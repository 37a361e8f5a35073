"""The processes of a training are found by mark or descent, and no others."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracked import until
from traincarbon.tracking.sidecar import process_tree
from traincarbon.tracking.sidecar.job import MARK
from traincarbon.tracking.sidecar.process_tree import ProcessTree

FAMILY = """
import json, os, subprocess, sys, threading
def start(**env):
    return subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], env=env, start_new_session=True, stdout=subprocess.DEVNULL)
pids = {'marked': start(**os.environ).pid, 'bare': start().pid, 'another': start(CARBON_SESSION='other').pid, 'meter': start(CARBON_SESSION='').pid}
thread = threading.Thread(target=lambda: pids.update(threaded=start().pid))
thread.start(); thread.join()
print(json.dumps(pids), flush=True)
sys.stdin.readline()
os._exit(0)
"""


@pytest.fixture
def family():
    """A process with children that carry its mark, none, another's, and that of a meter; and their numbers."""
    mark = os.urandom(8).hex()
    process = subprocess.Popen([sys.executable, "-S", "-c", FAMILY], env={**os.environ, MARK: mark}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.mark = mark
    process.pids = json.loads(process.stdout.readline())
    assert until(
        lambda: all(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in process.pids.values())
    )  # for a moment the system shows nothing of a new program
    yield process
    for pid in (*process.pids.values(), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()


def end(family):
    family.stdin.close()
    family.wait(10)


def pids(tree, **options):
    return {each.pid for each in tree.alive(**options)}


def of(family, *names):
    return {family.pids[name] for name in names}


def test_a_child_without_a_mark_belongs_and_one_with_another_mark_does_not(family):
    own = of(family, "marked", "bare", "threaded")
    tree = ProcessTree(family.mark, first=family.pid)
    assert pids(tree) == {family.pid, *own}
    assert pids(tree, but=[family.pid]) == own


def test_who_was_seen_is_known_when_who_started_it_is_gone(family):
    seen, unseen = (ProcessTree(family.mark, first=family.pid) for _ in range(2))
    seen.scan()
    end(family)
    assert pids(seen) == of(family, "marked", "bare", "threaded")
    assert pids(unseen) == of(family, "marked")


def test_those_who_were_found_once_are_known_from_then_on(family):
    tree = ProcessTree(family.mark, first=family.pid)
    assert tree.alive()
    end(family)
    assert pids(tree) == of(family, "marked", "bare", "threaded")


def test_where_only_the_mark_counts_descent_does_not(family):
    tree = ProcessTree(family.mark, first=None)
    tree.scan()
    assert pids(tree) == {family.pid, *of(family, "marked")}


def test_a_later_process_of_the_same_number_does_not_belong(family):
    tree = ProcessTree(family.mark, first=family.pid)
    tree._known = dict.fromkeys([family.pid, *family.pids.values()], b"0")  # as if all of them had been born at another time
    os.kill(family.pids["marked"], signal.SIGKILL)
    end(family)
    tree.scan()
    assert tree._known == {}
    assert until(lambda: pids(tree) == set())


def test_scans_take_little_of_the_time(family, monkeypatch):
    tree = ProcessTree(family.mark, first=family.pid)
    asked = []
    monkeypatch.setattr(process_tree, "children_of", lambda pid, **_: asked.append(pid) or [])
    monkeypatch.setattr(time, "process_time", iter([0.0, 5e-4, 0.0, 5e-4]).__next__)
    for now_s in (100.0, 104.9, 105.1):  # half a millisecond of work is worth five seconds
        monkeypatch.setattr(time, "monotonic", lambda now_s=now_s: now_s)
        tree.scan()
    assert asked == [family.pid] * 2


def test_a_system_that_does_not_show_processes_shows_none(tmp_path):
    tree = ProcessTree("mark", first=os.getpid(), proc=str(tmp_path / "none"))
    tree.scan()
    assert tree.alive() == []
