"""Commands under ``carbon track`` as processes, with a recorded trace and a temporary store."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from traincarbon.ledger.record import read_run
from traincarbon.ledger.run import Run

CARBON = "import sys; from traincarbon.__main__ import main; sys.argv[0] = 'carbon'; main()"
TRAINING = """
import os, time
with os.fdopen(int(os.environ["CARBON_PROGRESS_FD"]), "w", buffering=1) as pipe:
    for step in range(1, 81):
        time.sleep(0.05)
        print('{"steps": %d, "total_steps": 160, "tokens": %d, "loss": %f}' % (step, step * 4096, 3.0 / step), file=pipe)
"""
"""A training of four seconds that reports its progress."""


def once_written(pattern: str, *, journals: int = 1) -> str:
    """Return Python code that waits until so many journals have a match of *pattern*, and fails if that never comes."""
    return f"""
import os, pathlib, re, time
last_s = time.monotonic() + 60.0
while sum(bool(re.search({pattern!r}, file.read_text())) for file in pathlib.Path(os.environ["CARBON_STORE"], "journals").glob("*/*.jsonl")) < {journals}:
    if time.monotonic() > last_s: raise TimeoutError("too few journals have " + {pattern!r})
    time.sleep(0.01)
"""


METERED = once_written('"kind":"interval"')
"""What a script does first whose reports, or whose death, are to find a metering process that is at work, however late that starts."""
VALUED = once_written('"planned_tokens": *[0-9]')
"""What a training with a plan does before its end: the database answers while it lasts, however slowly."""
OURS = ("CARBON_", "SLURM_", "TORCHELASTIC_", "LOCAL_RANK")


class Place:
    """Where tracked runs are started and kept.

    Args:
        folder: An empty folder.
        watts: What the trace draws.
    """

    def __init__(self, folder: Path, *, watts: float = 3600.0) -> None:
        self.store = str(folder / "store")
        (folder / "trace.csv").write_text(f"time_s,device,power_w\n0,gpu:0,{watts}\n6000,gpu:0,{watts}\n")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.env = {**clean, "CARBON_STORE": self.store, "CARBON_REPLAY": str(folder / "trace.csv"), "COLUMNS": "80"}

    def track(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run ``carbon track`` to its end; options as those of ``subprocess.run``."""
        options = {"capture_output": True, "text": True, "timeout": 30, **options}
        return subprocess.run(self.command(*words), env=self.env | options.pop("env", {}), check=False, **options)

    @contextlib.contextmanager
    def tracking(self, *words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Start ``carbon track`` and wait for the first line of the command; stop it afterwards."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        process = subprocess.Popen(self.command(*words), env=self.env, **options)
        try:
            process.first = process.stdout.readline()  # type: ignore[attr-defined, union-attr]
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``carbon track``."""
        return [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {CARBON}", "track", "--interval", "0.1", *words]

    def record(self, run_id: str) -> Run:
        """Return the journals' record of a run."""
        record = read_run(self.store, run_id)
        assert record is not None
        return record

    def lines(self, run_id: str) -> list[dict[str, Any]]:
        """Return all lines of all journals of a run; the last may be incomplete."""
        files = sorted(Path(self.store, "journals", run_id).glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]


class Watched(NamedTuple):
    """How a tracked command ended that prints its process number first."""

    returncode: int
    words: list[str]
    """What it printed beside the number."""
    stderr: str
    command_s: float
    """Time from before the start of the tracker until the tracker has waited for the command: the record cannot be longer."""
    took_s: float
    """Time until the end of the tracker."""


def watched(words: list[str], *, env: dict[str, str]) -> Watched:
    """Run *words*, a tracker and its command, whose first line is its process number and what else it has to say."""
    began_s = time.monotonic()
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        pid, *others = process.stdout.readline().split()
        assert until(lambda: not os.path.exists(f"/proc/{pid}"), seconds=60.0)
        command_s = time.monotonic() - began_s
        stderr = process.communicate(timeout=60)[1]
        return Watched(process.returncode, others, stderr, command_s, time.monotonic() - began_s)
    finally:
        process.kill()
        process.communicate()


def python(code: str) -> list[str]:
    """Return the command line of Python code that starts fast."""
    return [sys.executable, "-S", "-c", code]


def children(pid: int) -> dict[int, str]:
    """Return the direct children of a process, with their command lines."""
    found = {}
    with contextlib.suppress(OSError):
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def until(condition: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """Wait until another process has done something."""
    end_s = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end_s:
        time.sleep(0.01)
    return found
