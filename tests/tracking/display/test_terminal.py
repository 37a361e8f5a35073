"""The bottom rows of a terminal never disturb the output above them."""

import contextlib
import os
import select
import subprocess
import sys
import termios

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traincarbon.tracking.display.terminal import BottomRows, is_capable, restore_terminal, size_of
from virtual_terminal import VirtualTerminal


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    opened = VirtualTerminal()
    yield opened
    opened.close()


def numbered(first, last):
    return [f"line {number}" for number in range(first, last)]


def test_output_scrolls_above_the_rows_and_none_is_lost(terminal):
    rows = BottomRows(terminal.stream)
    for number in range(100):
        terminal.write(f"line {number}\n")
        assert rows.draw(["panel", f"frame {number}"])
    assert terminal.transcript(without=2) == numbered(0, 100)
    assert terminal.display[-2:] == ["panel", "frame 99"]


@pytest.mark.parametrize("before", [0, 3, 23, 60])
def test_the_first_frame_leaves_what_stood_there_and_the_place_of_the_next_letter(terminal, before):
    terminal.write("".join(f"line {number}\n" for number in range(before)) + "prompt")
    BottomRows(terminal.stream).draw(["panel"] * 8)
    terminal.write("ed\nnext")
    assert terminal.transcript(without=8) == [*numbered(0, before), "prompted", "next"]
    assert terminal.display[-8:] == ["panel"] * 8


def test_a_progress_bar_that_rewrites_its_line_goes_on_doing_so(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("begin\n" * 30)
    for percent in range(0, 101, 5):
        terminal.write(f"\r{percent:3}%|{'#' * (percent // 10):10}| ")
        rows.draw(["panel"])
    assert terminal.transcript(without=1) == ["begin"] * 30 + ["100%|##########|"]


def test_bars_of_several_lines_go_on_as_well(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("begin\n" * 30)
    for percent in range(0, 101, 20):
        terminal.write(f"\router {percent}\n\rinner {percent}\x1b[A")
        rows.draw(["panel"])
    assert terminal.transcript(without=1) == ["begin"] * 30 + ["outer 100", "inner 100"]


def test_colour_and_column_of_the_output_survive_a_frame(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("\x1b[31mred ")
    rows.draw(["\x1b[32mgreen", "plain"])
    terminal.write("still")
    assert terminal.display[0] == "red still"
    assert {terminal.screen.buffer[0][column].fg for column in range(9)} == {"red"}
    assert terminal.screen.buffer[23][0].fg == "default"


def test_released_rows_are_as_before_and_the_whole_screen_scrolls_again(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("first\nsecond")
    rows.draw(["panel"] * 6)
    terminal.write("\x1b[?25l\x1b[31m")
    rows.release(end=True)
    assert terminal.display[:3] == ["first", "second", ""]
    assert not any(terminal.display[2:])
    assert terminal.cursor == (2, 0)
    assert terminal.screen.margins is None
    assert not terminal.screen.cursor.hidden
    assert terminal.screen.cursor.attrs.fg == "default"
    terminal.write("\n".join(numbered(0, 40)))
    assert terminal.display[-1] == "line 39"
    assert terminal.transcript() == ["first", "second", *numbered(0, 40)]


@pytest.mark.parametrize(("left", "row"), [("", 0), ("done\n", 1), ("half a line", 1), ("\n" * 23 + "half a line", 23), ("x" * 79, 1)])
def test_what_follows_the_end_begins_a_line_without_leaving_one_blank(terminal, left, row):
    rows = BottomRows(terminal.stream)
    rows.draw(["panel"])
    terminal.write(left)
    rows.release(end=True)
    assert terminal.cursor == (row, 0)
    assert terminal.transcript() == [line for line in left.split("\n") if line]


def test_rows_that_are_hidden_come_back_with_the_next_frame(terminal):
    rows = BottomRows(terminal.stream)
    rows.draw(["panel"])
    rows.release()
    terminal.write("the shell's prompt\n" * 3)
    rows.draw(["panel"])
    assert terminal.display[-1] == "panel"
    assert terminal.transcript(without=1) == ["the shell's prompt"] * 3


def test_releasing_twice_or_before_any_frame_writes_nothing(terminal):
    rows = BottomRows(terminal.stream)
    rows.release(end=True)
    rows.draw(["panel"])
    rows.release(end=True)
    terminal.write("after")
    rows.release(end=True)
    assert terminal.display[0] == "after"
    assert rows.undo() == b""


def test_another_process_can_give_the_rows_back(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("output\n")
    rows.draw(["panel"] * 4)
    os.write(terminal.stream.fileno(), rows.undo())
    assert terminal.display == ["output", *[""] * 23]
    assert terminal.screen.margins is None
    assert terminal.cursor == (1, 0)


@pytest.mark.parametrize("size", [(100, 40), (70, 30), (80, 18), (120, 14), (80, 24)])
def test_a_resized_terminal_has_the_rows_at_its_new_bottom_and_no_remains_of_them(terminal, size):
    rows = BottomRows(terminal.stream)
    terminal.write("".join(f"line {number}\n" for number in range(10)))
    rows.draw(["panel 1", "panel 2"])
    terminal.resize(*size)
    rows.draw(["panel 1", "panel 2"])
    terminal.write("next\n" * 50)
    assert terminal.display[-2:] == ["panel 1", "panel 2"]
    shown = terminal.transcript(without=2)
    assert not any("panel" in line for line in shown)
    assert shown[-50:] == ["next"] * 50
    assert terminal.screen.margins.bottom == size[1] - 3


def test_more_rows_are_taken_when_more_lines_come_and_fewer_lines_stay_at_the_bottom(terminal):
    rows = BottomRows(terminal.stream)
    terminal.write("".join(f"line {number}\n" for number in range(30)))
    rows.draw(["one"])
    rows.draw(["one", "two", "three"])
    assert terminal.display[-3:] == ["one", "two", "three"]
    rows.draw(["one"])
    assert terminal.display[-3:] == ["", "", "one"]
    assert terminal.transcript(without=3) == numbered(0, 30)


@pytest.mark.parametrize("reset", ["\x1b[r", "\x1b[H\x1b[2J", "\x1b[2J"])
def test_a_program_that_clears_the_screen_or_the_region_costs_one_frame(terminal, reset):
    rows = BottomRows(terminal.stream)
    rows.draw(["panel"])
    terminal.write(f"{reset}\x1b[H")
    rows.draw(["panel"])
    terminal.write("".join(f"line {number}\n" for number in range(40)))
    assert terminal.transcript(without=1) == numbered(0, 40)
    assert terminal.display[-1] == "panel"


def test_a_terminal_that_takes_no_more_is_left_alone_without_waiting(terminal):
    descriptor = terminal.stream.fileno()
    os.set_blocking(descriptor, False)
    while select.select([], [descriptor], [], 0.2)[1]:  # what is written goes on to the other end a little later
        with contextlib.suppress(BlockingIOError):
            os.write(descriptor, b"x" * 1000)
    assert not BottomRows(terminal.stream).draw(["panel"])
    termios.tcflush(terminal.master, termios.TCIOFLUSH)
    os.set_blocking(descriptor, True)


def test_a_terminal_that_is_gone_is_no_error():
    terminal = VirtualTerminal()
    rows = BottomRows(terminal.stream)
    rows.draw(["panel"])
    os.close(terminal.master)
    assert not rows.draw(["panel"])
    rows.release(end=True)
    terminal.stream.close()
    assert not rows.draw(["panel"])
    rows.release(end=True)


words = st.lists(st.sampled_from(["word ", "\n", "\r", "\x1b[31m", "\x1b[0m", "x" * 30, "é", "\t", "draw"]), max_size=80)


@settings(max_examples=40, deadline=None)
@given(words, st.integers(1, 8))
def test_whatever_is_written_the_output_reads_the_same_with_and_without_the_rows(written, height):
    beside, alone = VirtualTerminal(60, 16), VirtualTerminal(60, 16)
    rows = BottomRows(beside.stream)
    rows.draw(["panel"] * height)
    for word in written:
        if word == "draw":
            rows.draw(["panel"] * height)
        else:
            beside.write(word)
            alone.write(word)
    assert beside.transcript(without=height) == alone.transcript()
    beside.close()
    alone.close()


JOB = """
import fcntl, os, signal, subprocess, sys, termios, time
from traincarbon.tracking.display.terminal import BottomRows
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
terminal = open(sys.argv[1], "w", buffering=1)
fcntl.ioctl(terminal.fileno(), termios.TIOCSCTTY, 0)
rows = BottomRows(terminal)
with subprocess.Popen(["sh", "-c", "i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); printf '\\\\rbar %s\\\\r' $i; done; sleep 20"],
                      stdout=terminal, stderr=terminal, process_group=0) as child:
    def tried(lines, rows=rows):
        return any(rows.draw(lines) or time.sleep(0.01) for _ in range(200))  # a frame may be left out while the child writes
    drawn = [tried(["panel", "in the foreground"])]
    os.tcsetpgrp(terminal.fileno(), child.pid)
    drawn.append(rows.draw(["panel", "not to be seen"]))
    drawn.append(tried(["panel", "with the child"], BottomRows(terminal, group=child.pid)))
    os.tcsetpgrp(terminal.fileno(), os.getpgrp())
    sys.stdin.readline()
    rows.draw(["panel", "again"])
    child.kill()
rows.release(end=True)
terminal.write("summary\\n")
print(*drawn, flush=True)
"""


def test_beside_a_real_child_only_the_job_in_the_foreground_draws_and_a_kill_leaves_a_usable_terminal(terminal):
    with subprocess.Popen(
        [sys.executable, "-c", JOB, os.ttyname(terminal.stream.fileno())], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as job:
        seen, told = b"", False
        while job.poll() is None:
            if select.select([terminal.master], [], [], 0.05)[0]:
                seen += os.read(terminal.master, 65536)
            if b"bar 60" in seen and not told:
                told = bool(job.stdin.write("go on\n"))
                job.stdin.flush()
        said = job.stdout.read()
    terminal._emulator.feed(seen)
    assert said.split() == ["True", "False", "True"]
    assert b"not to be seen" not in seen
    assert [line for line in terminal.transcript() if line.startswith("line")] == numbered(0, 60)
    assert terminal.transcript()[-1].startswith("summary")
    assert terminal.screen.margins is None


@pytest.mark.parametrize(("name", "columns", "rows", "capable"), [
    ("xterm", 80, 24, True), ("screen", 60, 12, True), ("dumb", 80, 24, False), ("", 80, 24, False), ("xterm", 59, 24, False), ("xterm", 80, 11, False), ("xterm", 0, 0, False),
])  # fmt: skip
def test_a_terminal_needs_scroll_regions_and_room(monkeypatch, name, columns, rows, capable):
    monkeypatch.setenv("TERM", name)
    terminal = VirtualTerminal(max(columns, 1), max(rows, 1))
    termios.tcsetwinsize(terminal.stream.fileno(), (rows, columns))
    assert is_capable(terminal.stream) is capable
    terminal.close()


def test_what_is_no_terminal_has_no_size(tmp_path):
    with open(tmp_path / "log", "w", encoding="utf-8") as stream:
        assert size_of(stream) is None
        assert not is_capable(stream)
    assert size_of(stream) is None
    assert size_of(None) is None


def test_a_terminal_is_given_back_by_another_process_than_took_it():
    ours, theirs = os.openpty()
    restore_terminal(os.ttyname(theirs), "\x1b7\x1b[r\x1b8")
    assert os.read(ours, 100) == b"\x1b7\x1b[r\x1b8"
    os.close(theirs)
    os.close(ours)


def test_a_terminal_that_is_gone_is_left_alone(tmp_path):
    restore_terminal(str(tmp_path / "none"), "\x1b[r")
