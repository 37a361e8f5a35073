"""Who belongs to a training is known by mark or by descent, and nobody else is taken for its own."""

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
from traincarbon.tracking.sidecar.process_tree import Kin

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


def pids(kin, **options):
    return {each.pid for each in kin.left(**options)}


def of(family, *names):
    return {family.pids[name] for name in names}


def test_what_has_no_mark_is_known_by_who_started_it_and_what_has_anothers_is_not_taken(family):
    own = of(family, "marked", "bare", "threaded")
    kin = Kin(family.mark, first=family.pid)
    assert pids(kin) == {family.pid, *own}
    assert pids(kin, but=[family.pid]) == own


def test_who_was_seen_is_known_when_who_started_it_is_gone(family):
    seen, unseen = (Kin(family.mark, first=family.pid) for _ in range(2))
    seen.look()
    end(family)
    assert pids(seen) == of(family, "marked", "bare", "threaded")
    assert pids(unseen) == of(family, "marked")


def test_those_who_were_found_once_are_known_from_then_on(family):
    kin = Kin(family.mark, first=family.pid)
    assert kin.left()
    end(family)
    assert pids(kin) == of(family, "marked", "bare", "threaded")


def test_where_only_the_mark_counts_descent_does_not(family):
    kin = Kin(family.mark, first=None)
    kin.look()
    assert pids(kin) == {family.pid, *of(family, "marked")}


def test_a_later_process_of_the_same_number_is_not_taken_for_it(family):
    kin = Kin(family.mark, first=family.pid)
    kin._known = dict.fromkeys([family.pid, *family.pids.values()], b"0")  # as if all of them had been born at another time
    os.kill(family.pids["marked"], signal.SIGKILL)
    end(family)
    kin.look()
    assert kin._known == {}
    assert until(lambda: pids(kin) == set())


def test_what_is_looked_for_costs_little_of_the_time(family, monkeypatch):
    kin = Kin(family.mark, first=family.pid)
    asked = []
    monkeypatch.setattr(process_tree, "children_of", lambda pid, **_: asked.append(pid) or [])
    monkeypatch.setattr(time, "process_time", iter([0.0, 1e-3, 0.0, 1e-3]).__next__)
    for now_s in (100.0, 104.9, 105.1):  # a millisecond of work is worth five seconds
        monkeypatch.setattr(time, "monotonic", lambda now_s=now_s: now_s)
        kin.look()
    assert asked == [family.pid] * 2


def test_a_system_that_does_not_show_processes_shows_none(tmp_path):
    kin = Kin("kin", first=os.getpid(), proc=str(tmp_path / "none"))
    kin.look()
    assert kin.left() == []
