"""The metering process starts beside the training and holds none of its files open."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest

from left_behind import nothing_left_behind
from traincarbon.tracking.command import launch
from traincarbon.tracking.command.launch import Pipes, Sidecar, pipe, start_sidecar
from traincarbon.tracking.sidecar.job import MARK


@pytest.fixture
def pipes():
    made = Pipes()
    yield made
    made.close()


@pytest.fixture
def describing(monkeypatch):
    """Let the process that is started tell of itself instead of metering."""
    code = (
        "import sys, os, json\n"
        "fds = sorted(int(name) for name in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + name))\n"
        "found = {'fds': fds, 'argv': sys.argv[1:7], 'sid': os.getsid(0), 'pid': os.getpid(), 'mark': os.environ.get('CARBON_SESSION'),\n"
        "        'blocked': open('/proc/self/status').read().split('SigBlk:')[1].split()[0], 'path': sys.argv[8:],\n"
        "        'streams': [os.readlink(f'/proc/self/fd/{fd}') for fd in range(3)]}\n"
        "os.write(int(sys.argv[2]), json.dumps(found).encode() + b'\\n')"
    )
    monkeypatch.setattr(launch, "_AT_ONCE", code)


def described(sidecar):
    """Return what the process that was started wrote of itself."""
    sidecar.channel.wait(wait_s=10.0)
    message = json.loads(os.read(sidecar.channel.fileno(), 1 << 16))
    os.waitpid(sidecar.pid, 0)
    sidecar.channel.close()
    return message


def fill(descriptor):
    with contextlib.suppress(BlockingIOError):
        while os.write(descriptor, b"x" * 4096):
            continue


@pytest.mark.usefixtures("describing")
def test_it_runs_in_a_session_of_its_own_without_mark_mask_or_streams(pipes, monkeypatch):
    monkeypatch.setenv(MARK, "outer")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGCHLD])
    try:
        message = described(Sidecar(pipes))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert message["sid"] == message["pid"]
    assert message["mark"] == ""
    assert int(message["blocked"], 16) == 0
    assert message["streams"] == [os.devnull] * 3
    assert message["path"] == [folder for folder in sys.path if isinstance(folder, str)]


@pytest.mark.usefixtures("describing")
def test_it_is_handed_its_four_descriptors_and_no_other(pipes):
    message = described(Sidecar(pipes))
    reads, writes, reports, output, stderr, owner = map(int, message["argv"])
    assert (stderr, owner) == (-1, os.getpid())
    assert (reports, output) == (pipes.reports, pipes.output)
    inherited = {int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}") and os.get_inheritable(int(name))}
    assert set(message["fds"]) - inherited - {0, 1, 2} == {reads, writes, reports, output}


@pytest.mark.usefixtures("describing")
def test_none_of_the_pipes_is_inherited_by_what_the_caller_starts_otherwise(pipes):
    sidecar = Sidecar(pipes)
    ends = (pipes.reports, pipes.reporting, pipes.output, pipes.copying, sidecar.channel.fileno(), sidecar.channel._writes)
    assert not any(os.get_inheritable(descriptor) for descriptor in ends)
    described(sidecar)


def test_an_orphan_is_not_a_child_and_its_number_is_known(pipes):
    sidecar = Sidecar(pipes, orphan=True)
    try:
        assert not sidecar.is_child
        with pytest.raises(ChildProcessError):
            os.waitpid(sidecar.pid, os.WNOHANG)
        assert os.getsid(sidecar.pid) != os.getsid(0)
    finally:
        sidecar.channel.close()


@pytest.mark.parametrize("failure", ["raise OSError", "import sys; sys.exit()", "import os; os.kill(os.getpid(), 9)"])
def test_an_orphan_that_cannot_be_forked_is_an_error_and_leaves_nothing_open(pipes, monkeypatch, failure):
    monkeypatch.setattr(launch, "_ORPHANED", failure)
    with nothing_left_behind(), pytest.raises(OSError, match="the metering process ended at once"):
        Sidecar(pipes, orphan=True)


def test_an_orphan_that_does_not_start_in_time_is_given_up(pipes, monkeypatch):
    monkeypatch.setattr(launch, "_ORPHANED", "import time; time.sleep(60); ")
    monkeypatch.setattr(launch, "_START_S", 0.1)
    with nothing_left_behind(), pytest.raises(TimeoutError, match="did not start in time"):
        Sidecar(pipes, orphan=True)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_python_that_does_not_know_its_own_program_starts_none(pipes, monkeypatch, nothing):
    monkeypatch.setattr(sys, "executable", nothing)
    with pytest.raises(OSError, match="does not know its own program"):
        Sidecar(pipes)


@pytest.mark.usefixtures("describing")
def test_entries_of_the_path_that_are_no_folders_are_not_passed_on(pipes, monkeypatch):
    monkeypatch.setattr(sys, "path", ["a\0b", *sys.path, None, 3])
    assert described(Sidecar(pipes))["path"] == sys.path[1:-2]


def test_it_is_killed_but_no_other_that_bears_its_number(pipes):
    sidecar = Sidecar(pipes)
    session, sidecar._session = sidecar._session, os.getsid(0)
    sidecar.kill()
    assert os.waitpid(sidecar.pid, os.WNOHANG) == (0, 0)
    sidecar._session = session
    sidecar.kill()
    assert os.waitpid(sidecar.pid, 0)[1] == signal.SIGKILL
    sidecar.channel.close()


def test_descriptors_that_another_file_took_over_are_not_closed(pipes):
    ends = (pipes.reports, pipes.reporting, pipes.output, pipes.copying)
    for descriptor in ends:
        os.close(descriptor)
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in ends]
    assert set(taken) == set(ends)
    pipes.close()
    for descriptor in taken:
        os.close(descriptor)


def test_a_system_that_cannot_start_it_leaves_nothing_open(pipes, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with nothing_left_behind():
        assert start_sidecar(pipes) is None


def test_pipes_take_no_number_of_a_closed_standard_stream():
    code = (
        "import os, json\n"
        "from traincarbon.tracking.command.launch import pipe\n"
        "log = os.fdopen(os.dup(2), 'w')\n"
        "os.closerange(0, 3)\n"
        "ends = [pipe(), pipe()]\n"
        "os.write(ends[0][1], b'x'); got = os.read(ends[0][0], 1).decode()\n"
        "print(json.dumps([min(map(min, ends)), got, [os.path.exists(f'/proc/self/fd/{fd}') for fd in range(3)]]), file=log, flush=True)\n"
        "os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    least, got, standing = json.loads(done.stderr)
    assert least > 2
    assert (got, standing) == ("x", [False] * 3)


def test_a_pipe_is_not_inherited():
    ends = pipe()
    assert not any(map(os.get_inheritable, ends))
    for descriptor in ends:
        os.close(descriptor)


def test_pipes_without_a_reader_can_be_drained_and_closed_twice(pipes):
    for descriptor in (pipes.reporting, pipes.copying):
        fill(descriptor)
    pipes.drain()
    assert os.write(pipes.reporting, b"x" * 4096) == os.write(pipes.copying, b"x" * 4096) == 4096
    pipes.close()
    pipes.close()
