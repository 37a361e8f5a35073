"""Phases that change often are sent ten times a second, with exact times; nothing is lost, and nothing grows."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import pytest

from traincarbon.tracking import phase_outbox
from traincarbon.tracking.phase_outbox import Outbox, outbox
from traincarbon.tracking.progress_pipe import flush_phases
from traincarbon.tracking.reports import ReportReader
from traincarbon.tracking.value.phases import Phases


@pytest.fixture
def read(pipe):
    """Return a function that gives the reports that have arrived."""

    def take():
        data = b""
        while True:
            try:
                data += os.read(pipe[0], 1 << 16)
            except BlockingIOError:
                return ReportReader().feed(data, time_s=time.monotonic())

    return take


def folded(reports, *, from_s, to_s):
    phases = Phases()
    phases.begin(from_s)
    for report in reports:
        phases.add(report, tokens=0.0)
    phases.settle(time_s=to_s, energy_j=0.0)
    return {name: used.duration_s for name, used in phases.used.items()}


def test_a_few_begins_are_sent_at_once(read):
    box = Outbox()
    box.put("1-1", "eval")
    (report,) = read()
    assert (report.phase, report.source, report.spent_s) == ("eval", "1-1", None)
    assert time.monotonic() - report.time_s < 1.0


def test_many_begins_become_a_few_messages_with_exact_times(read):
    box, began_s = Outbox(), time.monotonic()
    truth_s = {"load": 0.0, "step": 0.0}
    for _ in range(150):
        for name in truth_s:
            before_s = time.monotonic()
            box.put("1-1", name)
            time.sleep(0.001)
            truth_s[name] += time.monotonic() - before_s
    box.put("1-1", "")
    box.flush()
    ended_s = time.monotonic()
    reports = read()
    assert len(reports) <= 2.0 * (10.0 * (ended_s - began_s) + 2.0)
    found = folded(reports, from_s=began_s, to_s=ended_s)
    assert found == pytest.approx(truth_s, rel=0.02)


def test_the_last_of_many_is_sent_though_nothing_follows(read):
    box = Outbox()
    for name in ("train", "eval"):
        box.put("1-1", name)
    until_s = time.monotonic() + 10.0
    found = read()
    while not any(report.phase == "eval" for report in found) and time.monotonic() < until_s:
        time.sleep(0.01)
        found += read()
    assert [report.phase for report in found if report.phase] == ["train", "eval"]


def test_what_a_full_pipe_does_not_take_comes_later_and_is_not_lost(read, pipe):
    filler = b"x" * 4095 + b"\n"
    os.set_blocking(pipe[1], False)
    with contextlib.suppress(BlockingIOError):
        while os.write(pipe[1], filler):
            continue
    box, began_s = Outbox(), time.monotonic()
    for number in range(1000):
        box.put("1-1", f"phase {number % 4}")
    assert len(box._spent_s) <= 5
    time.sleep(0.3)
    read()  # a new process reads on
    box.flush()
    found = folded(read(), from_s=began_s, to_s=time.monotonic())
    assert sum(found.values()) == pytest.approx(time.monotonic() - began_s, abs=0.1)


def test_the_names_of_one_message_are_bounded(read):
    box = Outbox()
    for number in range(300):
        box.put(f"1-{number}", f"{'é' * 40}{number}")
    assert len(box._spent_s) <= phase_outbox._MOST_NAMES + 1
    found = read()
    for _ in range(100):
        box.flush()
        found += read()
    assert not box._changed
    assert {report.source for report in found if report.phase is not None} == {f"1-{number}" for number in range(300)}


def test_counts_follow_the_phases_before_them(read, monkeypatch):
    monkeypatch.setattr(phase_outbox, "_EVERY_S", 3600.0)  # the second is held back, however long the machine takes to come to it
    for name in ("train", "eval", "train"):
        outbox().put("1-1", name)
    flush_phases()
    assert [report.phase for report in read() if report.phase] == ["train", "train"]


def test_a_fork_and_the_end_of_a_program_lose_nothing(pipe, read):
    code = (
        "import os, sys; from traincarbon.tracking.phase_outbox import outbox\n"
        "for name in ('a', 'b'): outbox().put('p', name)\n"
        "if os.fork() == 0:\n    outbox().put('c', 'child'); outbox().put('c', 'of it'); sys.exit()\n"
        "os.wait()\n"
    )
    os.set_inheritable(pipe[1], True)
    subprocess.run([sys.executable, "-c", code], pass_fds=[pipe[1]], check=True)
    assert {report.phase for report in read()} >= {"a", "b", "child", "of it"}


def test_threads_may_change_phases_at_once(read):
    box, began_s = Outbox(), time.monotonic()

    def work(number):
        for _ in range(200):
            box.put(f"1-{number}", f"phase {number}")
            box.put(f"1-{number}", "")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(3):
        box.flush()
    found = folded(read(), from_s=began_s, to_s=time.monotonic())
    assert set(found) <= {f"phase {number}" for number in range(4)}
    assert sum(found.values()) <= time.monotonic() - began_s
