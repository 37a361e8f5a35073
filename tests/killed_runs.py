"""Tracked commands whose processes are killed, interrupted or stopped at random moments."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracked import children, until
from traincarbon.ledger.journal_lines import read_journal

CARBON = [sys.executable, "-c", "from traincarbon.__main__ import main; main()"]
POWER_W = 1000.0
"""Power of the recorded trace, of one GPU for an hour."""
LENGTH_S = 1.0
"""Shortest length of a tracked command."""
CASES = [
    *[(who, how) for who in ("supervisor", "sidecar", "training") for how in ("SIGKILL", "SIGTERM", "SIGINT")],
    *[(who, "SIGSTOP") for who in ("supervisor", "sidecar", "training")],
]


class Tracked:
    """A command under ``carbon track``, and the processes that belong to it."""

    def __init__(self, store: Path, run_id: str, command: list[str], *options: str, env: dict[str, str], **rest):
        self.run_id = run_id
        words = [*CARBON, "track", "--store", str(store), "--run-id", run_id, "--interval", "0.1", "--quiet", *options, "--", *command]
        self.began_s = time.monotonic()
        self.process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **rest)

    def children(self) -> dict[int, str]:
        """The direct children of the supervisor, by the program they run."""
        return children(self.process.pid)

    def sidecar(self) -> int | None:
        """The metering process, when it has started."""
        return next((pid for pid, words in self.children().items() if "tracking.sidecar" in words), None)

    def training(self) -> int | None:
        """The command itself, when it has started."""
        return next((pid for pid, words in self.children().items() if words and "traincarbon" not in words), None)

    def send(self, pid: int | None, number: int) -> bool:
        """Send a signal, if the process still exists."""
        try:
            os.kill(pid or 0, number) if pid else None
        except ProcessLookupError:
            return False
        return pid is not None

    def wait(self, *, at_most_s: float = 60.0) -> int:
        """Wait until the supervisor ends and return its exit code, negative for signals."""
        return self.process.wait(at_most_s)


def marked(session: str) -> list[int]:
    """Every live process that carries the mark."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and f"CARBON_SESSION={session}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def within_a_minute(condition):
    """Wait for *condition*, long enough for a busy machine, and return its value; fail if it stays false."""
    return until(condition, seconds=60.0) or pytest.fail("it did not happen in time")


class Round:
    """One run, what is done to it, and what its records must contain.

    The command waits until it is let go, which is after it was hit, however late that is.
    """

    def __init__(self, number, track, folder):
        self.chance = random.Random(number)
        self.who, self.how = CASES[number % len(CASES)]
        self.run_id = f"r{number}"
        gate = folder / f"gate{number}"
        os.mkfifo(gate)
        self.gate = os.open(gate, os.O_RDWR)
        self.began_s = time.monotonic()
        self.tracked = track(self.run_id, ["sh", "-c", f"head -c 1 '{gate}' >/dev/null & wait $!"])
        self.start_took_s = None
        self.hit_wall_s = None
        self.hit_s = 0.0
        self.end_took_s = 0.0

    def hit(self):
        """Signal the run at a random moment, and let the command end when it has run for :data:`LENGTH_S`."""
        pids = {"supervisor": lambda: self.tracked.process.pid, "sidecar": self.tracked.sidecar, "training": self.tracked.training}
        within_a_minute(self.tracked.training)
        seen_s = time.monotonic()
        self.start_took_s = seen_s - self.began_s
        self._send(within_a_minute(pids[self.who]))
        time.sleep(max(seen_s + LENGTH_S - time.monotonic(), 0.0))
        os.write(self.gate, b".")
        let_go_s = time.monotonic()
        self.tracked.wait()
        self.end_took_s = time.monotonic() - let_go_s
        os.close(self.gate)

    def _send(self, pid):
        time.sleep(self.chance.uniform(0.0, 0.6 * LENGTH_S))
        number = getattr(signal, self.how)
        if self.tracked.send(pid, number):
            self.hit_wall_s, self.hit_s = time.time(), time.monotonic()
        if self.how == "SIGSTOP":
            time.sleep(0.15)
            self.tracked.send(pid, signal.SIGCONT)

    def unmetered_s(self, store):
        """Seconds from the hit until a metering process that started after it has written what it measured, however late that was."""
        lines = [line for file in store.glob(f"journals/{self.run_id}/*.jsonl") for line in read_journal(file)[0]]
        later = {line["process"] for line in lines if line["kind"] == "start"} - {line["process"] for line in lines if line["mono_s"] <= self.hit_s}
        return min((line["mono_s"] - self.hit_s for line in lines if line["process"] in later and line["kind"] == "interval"), default=0.0)

    def first_metered_s(self, store):
        """Seconds from the start of the run until a metering process has written what it measured."""
        lines = [line for file in store.glob(f"journals/{self.run_id}/*.jsonl") for line in read_journal(file)[0]]
        return min((line["mono_s"] - self.began_s for line in lines if line["kind"] == "interval"), default=0.0)

    def expected_states(self):
        if (self.who, self.how) == ("supervisor", "SIGKILL"):
            return {"killed"}
        if self.who != "sidecar" and self.how in ("SIGTERM", "SIGINT", "SIGKILL"):
            return {"killed"}  # passed on to the training, or sent to it
        return {"finished"}
