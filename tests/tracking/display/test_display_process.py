"""The process that shows a run on the training's stderr: it draws, restores the terminal, and leaves nothing behind."""

import os
import signal
import time

import pytest

from left_behind import nothing_left_behind
from tracked import until
from traincarbon.tracking.display import display_process as module
from traincarbon.tracking.display.display_process import DisplayProcess
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Note
from virtual_terminal import VirtualTerminal


@pytest.fixture(autouse=True)
def _nothing_stays():
    """Neither a descriptor nor a process may be left by a test."""
    with nothing_left_behind():
        yield


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = VirtualTerminal(80, 24)
    yield terminal
    terminal.close()


def shown_on(descriptor, *, owner=None):
    return DisplayProcess(os.dup(descriptor), owner=os.getpid() if owner is None else owner)


def test_a_terminal_gets_the_panel_and_then_has_all_its_rows_again(terminal):
    display = shown_on(terminal.stream.fileno())
    display.send(LiveState("r1", elapsed_s=3.0, metered_kwh=1.0))
    assert until(lambda: any("r1" in line and "0:00:03" in line for line in terminal.display))
    display.close()
    assert not any("r1" in line for line in terminal.display)
    assert terminal.screen.margins is None
    display.close()


def test_a_log_gets_a_line_a_minute_and_each_note_at_once(tmp_path):
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        display = shown_on(log.fileno())
        display.send(Note("80 % of the budget is spent"))
        for elapsed_s in (10.0, 61.0, 70.0, 122.0):
            display.send(LiveState("r1", elapsed_s=elapsed_s, metered_kwh=1.0))
        display.close()
        log.seek(0)
        lines = log.read().splitlines()
    assert lines[0] == "carbon: 80 % of the budget is spent"
    assert [line.split(" · ")[0] for line in lines[1:]] == ["carbon 0:01:01", "carbon 0:02:02"]


def test_while_another_job_has_the_terminal_nothing_is_drawn(terminal, monkeypatch):
    monkeypatch.setattr("traincarbon.procfs.holds_terminal", lambda _: False)
    display = shown_on(terminal.stream.fileno())
    display.send(LiveState("r1", elapsed_s=3.0, metered_kwh=1.0))
    display.close()
    assert terminal.transcript() == []


def test_one_that_was_killed_is_known_to_have_ended(tmp_path):
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        display = shown_on(log.fileno())
    os.kill(display._pid, signal.SIGKILL)
    assert until(lambda: display.has_ended)
    display.send(Note("nobody reads this"))
    display.close()


def test_a_pipe_that_nobody_reads_delays_the_end_by_no_more_than_its_wait(monkeypatch):
    monkeypatch.setattr(module, "_CLOSE_S", 0.2)
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    try:
        while True:
            os.write(writes, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(writes, True)
    display = shown_on(writes)
    display.send(Note("there is no room for this"))
    began_s = time.monotonic()
    display.close()
    assert time.monotonic() - began_s < 5.0
    os.close(reads)
    os.close(writes)


def test_it_ends_when_its_sender_is_gone(tmp_path):
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        display = shown_on(log.fileno())
    display._channel.close()
    assert until(lambda: os.waitpid(display._pid, os.WNOHANG)[0])
