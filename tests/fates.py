"""A command started with and without the tracker, and what becomes of it: exit status, processes left behind, time."""

import contextlib
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tracked import Place, python, until

MARK = "FATE_OF_THIS_TEST"


class Fate(NamedTuple):
    """How a started command ended."""

    status: int
    """Exit code, negative for the signal that ended it."""
    left: int
    """How many of its processes live on, those of the tracker included."""
    took_s: float
    """Seconds between what was done to it and its end."""
    said: str
    """What it wrote on stdout."""


def fate(words: list[str], act: Callable[[subprocess.Popen[str]], None], *, env: dict[str, str], left: int | None = None, **options) -> Fate:
    """Start *words*, wait for their first line, do *act* to them, and return what became of them.

    Args:
        words: The command; its first line says that it is ready.
        act: What to do.
        env: Its environment.
        left: How many processes may live on; they are waited for, as some end a moment after the command.
        options: Those of ``subprocess.Popen``.
    """
    mark = f"{MARK}={os.urandom(8).hex()}"
    env = {**env, MARK: mark.partition("=")[2]}
    process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
    try:
        assert process.stdout.readline() == "ready\n"
        _wait_for_meter(words, env)
        time.sleep(0.1)  # its children set their signals up
        began_s = time.monotonic()
        act(process)
        status = process.wait(20)
        took_s = time.monotonic() - began_s
        until(lambda: len(processes(mark)) <= (left or 0), seconds=6.0)
        found = processes(mark)
    finally:
        kill_processes(mark)
        process.wait()
    return Fate(status, len(found), took_s, process.communicate()[0])


def _wait_for_meter(words: list[str], env: dict[str, str]) -> None:
    """Wait until the metering process of a tracked command knows that command: the command may be ready earlier."""
    if "track" in words:
        assert until(lambda: any(Path(env["CARBON_STORE"], "journals").glob("*/*.jsonl")), seconds=60.0)


def processes(mark: str) -> list[int]:
    """Return the live processes with *mark* in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def kill_processes(mark: str) -> None:
    """Kill the live processes with *mark* in their environment."""
    for pid in processes(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def both(place: Place, words: list[str], act: Callable[[subprocess.Popen[str]], None], *, outer: tuple[str, ...] = (), **options) -> tuple[Fate, Fate]:
    """Return the fate of a command without and with the tracker, started by *outer*, as ``timeout 1``."""
    plain = fate([*outer, *words], act, env=place.env, **options)
    tracked = fate([*outer, *place.command("--quiet", "--run-id", "r", "--", *words)], act, env=place.env, left=plain.left, **options)
    return plain, tracked


def on_a_terminal(words: list[str], act: Callable[[int, int], None], *, env: dict[str, str]) -> tuple[int, int]:
    """Start *words* as the leader of a session with a terminal of its own, and return their status and the processes left.

    Args:
        words: The command; ``ready`` in its output says that it is ready.
        act: What to do, given its process number and our side of the terminal.
        env: Its environment.
    """
    mark = f"{MARK}={os.urandom(8).hex()}"
    pid, terminal = pty.fork()
    if not pid:
        os.execvpe(words[0], words, {**env, MARK: mark.partition("=")[2]})
    try:
        said = b""
        while b"ready" not in said:
            said += os.read(terminal, 1 << 12)
        _wait_for_meter(words, env)
        act(pid, terminal)
        ended = until(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT), seconds=10.0)
        until(lambda: not {*processes(mark)} - {pid}, seconds=5.0)
        left = len({*processes(mark)} - {pid})
    finally:
        for each in {*processes(mark), pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(OSError):
            os.close(terminal)
    return (os.waitstatus_to_exitcode(status) if ended else 9999), left


def run_alone(code: str) -> list[str]:
    """Run Python code in a process group of its own and return the words that it prints."""
    done = subprocess.run(python(code), capture_output=True, text=True, timeout=30, process_group=0, check=False)
    assert done.stderr == ""
    return done.stdout.split()
