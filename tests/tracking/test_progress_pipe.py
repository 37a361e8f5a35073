"""The pipe to the tracker never harms a script, and nothing is written into another file."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from traincarbon.tracking.progress import progress
from traincarbon.tracking.progress_pipe import IDENTITY, VARIABLE


def received(reader):
    return [json.loads(line) for line in os.read(reader, 1 << 20).decode().splitlines()]


def received_nothing(reader):
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    return True


def test_a_full_pipe_drops_reports_and_keeps_those_in_it_whole(pipe):
    for step in range(20_000):
        progress(steps=step)
    reports = received(pipe[0])
    assert 100 < len(reports) < 20_000
    assert [report["steps"] for report in reports] == list(range(len(reports)))
    progress(steps=99_999)
    assert received(pipe[0]) == [{"steps": 99_999.0}]


def test_a_tracker_that_is_gone_is_no_matter(pipe):
    os.close(pipe[0])
    progress(steps=1)


def test_a_script_that_dies_of_broken_pipes_does_not_die_of_ours():
    code = f"import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.environ['{VARIABLE}'] = str(w)\n"
    code += "import traincarbon; traincarbon.progress(steps=1); print('alive')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout == "alive\n"
    assert signal.getsignal(signal.SIGPIPE) is not None


@pytest.mark.parametrize("named", ["", "x", "-1", "99999", "9" * 40, "1.5", "\udcff"])
def test_a_variable_that_names_no_descriptor_is_passed_over(monkeypatch, named):
    monkeypatch.setenv(VARIABLE, named)
    progress(steps=1)


def test_nothing_is_written_into_a_file_that_came_to_bear_the_number(tmp_path, monkeypatch):
    with open(tmp_path / "weights", "w+b") as file:
        monkeypatch.setenv(VARIABLE, str(file.fileno()))
        progress(steps=1)
        assert file.read() == b""


def test_nothing_is_written_into_another_pipe_that_came_to_bear_the_number(pipe, monkeypatch):
    assert received_nothing(pipe[0])
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    monkeypatch.setenv(VARIABLE, str(writer))
    progress(steps=1)
    assert received_nothing(reader)
    monkeypatch.delenv(IDENTITY)
    progress(steps=1)
    assert received(reader) == [{"steps": 1.0}]
    os.close(reader)
    os.close(writer)


def test_a_socket_serves_as_well(monkeypatch):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setenv(VARIABLE, str(theirs.fileno()))
        progress(steps=1)
        assert ours.recv(100) == b'{"steps": 1.0}\n'
