"""A job on the rig: GPUs that use power for a few seconds while it runs, and what was recorded of it."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from launchers.machines import Machines, Pulse
from launchers.slurm import Slurm
from traincarbon.ledger.record import read_run
from traincarbon.ledger.run import Run

CARBON = str(Path(sys.executable).with_name("carbon"))
TRACK = f"{CARBON} track --interval 0.5 --quiet"
_RANK = """\
import sys, time
while time.monotonic() < float(sys.argv[1]):
    time.sleep(0.05)
"""
_TRACKED_RANK = """\
import sys, time
sys.path += {path!r}
import traincarbon
with traincarbon.track(quiet=True, interval_s=0.5):
    while time.monotonic() < float(sys.argv[1]):
        time.sleep(0.05)
"""


class Found(NamedTuple):
    """What came of a job: its record, and the truth that it is compared with."""

    run: Run
    truth_j: float
    meters: int
    """Metering processes: each writes one journal."""

    @property
    def error(self) -> float:
        """How far the metered energy of the GPUs is from the truth, as a share of it."""
        return (self.run.energy_j["gpu"] or 0.0) / self.truth_j - 1.0


class Rig:
    """The cluster, and what the tests do with it.

    Args:
        machines: The machines.
        slurm: The cluster on them.
        torch: The environment with torch and ray.
    """

    def __init__(self, machines: Machines, slurm: Slurm, torch: Path) -> None:
        self.machines = machines
        self.slurm = slurm
        self.torch = torch
        self.store = machines.folder / "store"
        self._rank, self._tracked_rank = machines.folder / "train.py", machines.folder / "tracked_train.py"
        self._rank.write_text(_RANK)
        self._tracked_rank.write_text(_TRACKED_RANK.format(path=sys.path))

    def pulse(self, *, after_s: float, for_s: float = 4.0) -> Pulse:
        """Plan when the GPUs use power, and let them."""
        now_s = time.monotonic()
        pulse = Pulse(now_s + after_s, now_s + after_s + for_s)
        self.machines.play(pulse)
        return pulse

    def script(self, pulse: Pulse, *, tracked: bool = False) -> str:
        """Return script and arguments of a rank, which runs until the pulse is over; *tracked* has ``traincarbon.track()`` in it."""
        return f"{self._tracked_rank if tracked else self._rank} {pulse.to_s + 1.0:.3f}"

    def rank(self, pulse: Pulse, *, tracked: bool = False) -> str:
        """Return the command of a rank."""
        return f"{sys.executable} {self.script(pulse, tracked=tracked)}"

    def run(self, script: str, *options: str, timeout_s: float = 120.0) -> str:
        """Run a batch script to its end, and return the job's id."""
        job = self.slurm.submit(script, *options)
        state = self.slurm.wait(job, timeout_s=timeout_s)
        if state != "COMPLETED":
            self.slurm.run("scancel", "--full", "--signal=KILL", job)
        assert state == "COMPLETED", f"{state}\n{self.slurm.output(job)}"
        return job

    def new_runs(self, before: set[str]) -> list[str]:
        """Return the folders of runs that are not among those *before*."""
        return sorted(self.runs() - before)

    def runs(self) -> set[str]:
        """Return the folders of all runs."""
        folder = self.store / "journals"
        return {each.name for each in folder.iterdir()} if folder.exists() else set()

    def found(self, run_id: str, truth_j: float) -> Found:
        """Return what was recorded of a run."""
        run = read_run(str(self.store), run_id)
        assert run is not None
        return Found(run, truth_j, len(self.journals(run_id)))

    def journals(self, run_id: str) -> list[Path]:
        """Return the journals of a run."""
        return sorted((self.store / "journals" / run_id).glob("*.jsonl"))

    def lines(self, run_id: str) -> list[dict[str, Any]]:
        """Return the lines of all journals of a run; the last of each may be incomplete."""
        return [json.loads(line) for file in self.journals(run_id) for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]

    @contextlib.contextmanager
    def hidden_store(self, name: str) -> Iterator[None]:
        """Put an empty read-only folder over the store on one machine."""
        self.store.mkdir(exist_ok=True)
        enter = ["nsenter", f"--target={(self.slurm.folder / f'slurmd.{name}.pid').read_text().strip()}", "--mount"]
        subprocess.run([*enter, "mount", "-t", "tmpfs", "-o", "ro,size=4k", "none", str(self.store)], check=True)
        try:
            yield
        finally:
            subprocess.run([*enter, "umount", str(self.store)], check=True)
