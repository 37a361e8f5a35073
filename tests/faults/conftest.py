"""What the fault tests share: commands tracked for real, the processes behind them, and records read back from the store."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from traincarbon.ledger.store import Ledger

CARBON = [sys.executable, "-c", "from traincarbon.cli import main; main()"]
POWER_W = 1000.0
"""What the recorded trace draws, on one board, for an hour."""


class Tracked:
    """A command under ``carbon track``, and the processes that belong to it."""

    def __init__(self, store: Path, run_id: str, command: list[str], *options: str, env: dict[str, str], **rest):
        self.run_id = run_id
        words = [*CARBON, "track", "--store", str(store), "--run-id", run_id, "--interval", "0.1", "--quiet", *options, "--", *command]
        self.began_s = time.monotonic()
        self.process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **rest)

    def children(self) -> dict[int, str]:
        """The direct children of the supervisor, by what they run."""
        found = {}
        try:
            pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        except OSError:
            return {}
        for pid in map(int, pids):
            with contextlib.suppress(OSError):
                found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return found

    def sidecar(self) -> int | None:
        """The process that meters, once it is there."""
        return next((pid for pid, words in self.children().items() if "track.sidecar" in words), None)

    def training(self) -> int | None:
        """The command itself, once it is there."""
        return next((pid for pid, words in self.children().items() if words and "traincarbon" not in words), None)

    def send(self, pid: int | None, number: int) -> bool:
        """Send a signal, if there is still somebody to receive it."""
        try:
            os.kill(pid or 0, number) if pid else None
        except ProcessLookupError:
            return False
        return pid is not None

    def wait(self, *, at_most_s: float = 60.0) -> int:
        """Wait for the supervisor's end and return its code as a shell would have it, minus for signals."""
        return self.process.wait(at_most_s)


def marked(session: str) -> list[int]:
    """Every process alive that carries the mark."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and f"CARBON_SESSION={session}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def until(condition, *, at_most_s: float = 60.0):
    """Wait for *condition* and return what it gives; fail if it does not come."""
    end_s = time.monotonic() + at_most_s
    while time.monotonic() < end_s:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    return pytest.fail("it did not happen in time")


@pytest.fixture
def environment(tmp_path):
    """An environment in which one board draws constant power."""
    trace = tmp_path / "trace.csv"
    trace.write_text(f"time_s,device,power_w\n0,gpu:0,{POWER_W}\n3600,gpu:0,{POWER_W}\n")
    return {**os.environ, "CARBON_REPLAY": str(trace), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def track(store, environment):
    """Return a function that tracks a command; whatever is left of it is killed at the end."""
    begun: list[Tracked] = []

    def begin(run_id: str, command: list[str], *options: str, env: dict[str, str] | None = None, **rest) -> Tracked:
        begun.append(Tracked(store, run_id, command, *options, env={**environment, **(env or {})}, **rest))
        return begun[-1]

    yield begin
    for tracked in begun:
        for pid in [*tracked.children(), tracked.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        tracked.process.wait(10)


@pytest.fixture
def ledger(store):
    """Return a function that reads a run back, as ``carbon runs`` does."""

    def read(run_id: str):
        with Ledger(store) as found:
            return found.run(run_id)

    return read
