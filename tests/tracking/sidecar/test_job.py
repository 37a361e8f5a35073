"""The processes of a training are told by number, start time and mark."""

import os
import signal
import subprocess
import sys

import pytest

from tracked import until
from traincarbon.tracking.sidecar.job import MARK, LiveProcess, ProcessHandle, describe_survivors, has_handler, marked_processes, send_all


@pytest.fixture
def started():
    """Return a function that starts Python code and waits for its first line."""
    running = []

    def start(code, **env):
        process = subprocess.Popen([sys.executable, "-S", "-c", code], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, bufsize=1)
        running.append(process)
        process.first = process.stdout.readline()
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


WAIT = "import time; print('on', flush=True); time.sleep(60)"


def test_a_child_that_was_not_waited_for_is_gone(started):
    process = started(WAIT)
    life = ProcessHandle(process.pid)
    assert not life.gone
    assert life.send(signal.SIGKILL)
    assert until(lambda: life.gone)
    assert not life.send(signal.SIGTERM)
    life.close()
    life.close()
    assert life.gone


def test_a_later_process_of_the_same_number_is_not_mistaken_for_it(started):
    process = started("print('on')")
    life = ProcessHandle(process.pid)
    process.wait()
    life.pid = os.getpid()  # as if the number were ours by now
    assert life.gone
    assert not life.send(signal.SIGKILL)
    life.close()


def test_a_process_that_is_gone_already_is_gone(started):
    process = started("print('on')")
    process.wait()
    assert ProcessHandle(process.pid).gone


def test_where_the_system_has_no_descriptors_of_processes_numbers_do(started, monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    process = started(WAIT)
    life = ProcessHandle(process.pid)
    assert (life.fileno(), life.gone) == (-1, False)
    assert life.send(signal.SIGKILL)
    assert until(lambda: life.gone)  # a zombie by now
    assert not life.send(0)


def test_a_process_that_a_signal_stopped_is_stopped(started):
    process = started(WAIT)
    life = ProcessHandle(process.pid)
    assert not life.stopped
    life.send(signal.SIGSTOP)
    assert until(lambda: life.stopped)
    life.send(signal.SIGCONT)
    assert until(lambda: not life.stopped)
    life.close()


DAEMON = (
    "import os, time\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "if os.fork(): os._exit(0)\n"
    "os.chdir('/'); print(os.getpid(), flush=True); os.closerange(0, 3); time.sleep(60)"
)


@pytest.fixture
def mark():
    """A mark that no process of another worker has."""
    return f"test-{os.urandom(8).hex()}"


def test_a_grandchild_in_a_session_of_its_own_is_found_by_its_mark_and_nothing_else_is(started, mark):
    daemon = int(started(DAEMON, **{MARK: mark}).first)
    started(WAIT, **{MARK: f"{mark}b"})
    started(WAIT, **{f"X{MARK}": mark})
    try:
        assert [left.pid for left in marked_processes(mark)] == [daemon]
        assert marked_processes(mark, but=[daemon]) == []
    finally:
        os.kill(daemon, signal.SIGKILL)
    assert until(lambda: not marked_processes(mark))


def test_a_zombie_is_not_left_behind(started, mark):
    process = started("print('on')", **{MARK: mark})
    assert until(lambda: ProcessHandle(process.pid).gone)
    assert marked_processes(mark) == []


def test_a_system_that_does_not_show_processes_shows_none(tmp_path):
    assert marked_processes("test", proc=str(tmp_path / "none")) == []


@pytest.mark.parametrize("comm", [b"a\x1b[2J\nb\n", b"\xff\xfe", "\u202eevil".encode(), b")) S 1"])
def test_a_process_may_call_itself_anything(tmp_path, comm):
    folder = tmp_path / "71"
    folder.mkdir()
    (folder / "environ").write_bytes(f"A=1\0{MARK}=s\0".encode())
    (folder / "stat").write_bytes(b"71 (" + comm + b") S 1" + b" 0" * 20)
    (folder / "comm").write_bytes(comm)
    (left,) = marked_processes("s", proc=str(tmp_path))
    assert left.pid == 71
    assert left.name.isprintable()


def test_many_survivors_are_described_in_few_words():
    assert describe_survivors([LiveProcess(71, "sh")]) == "1 process of the training outlives it and is not metered any more: 71 sh"
    assert describe_survivors([LiveProcess(pid, "sh") for pid in range(1000)]).endswith("4 sh and 995 more")


def test_a_signal_to_one_that_is_gone_does_not_keep_it_from_the_others(started):
    gone, there = started("print('on')"), started(WAIT)
    gone.wait()
    send_all(signal.SIGKILL, [LiveProcess(gone.pid, "gone"), LiveProcess(there.pid, "there")])
    assert there.wait(5.0) == -signal.SIGKILL


def test_what_a_process_handles_itself_is_known(started):
    process = started("import signal; signal.signal(signal.SIGUSR1, lambda *_: None); signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n" + WAIT)
    assert has_handler(process.pid, signal.SIGUSR1)
    assert not has_handler(process.pid, signal.SIGUSR2)
    assert not has_handler(process.pid, signal.SIGHUP)
    assert not has_handler(2**22 + 1, signal.SIGUSR1)
