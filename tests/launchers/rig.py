"""A job on the rig: GPUs that use power for a few seconds while it runs, and what was recorded of it."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from launchers.machines import BOARDS, Machines, Pulse
from launchers.slurm import Slurm
from traincarbon.ledger.record import read_run
from traincarbon.ledger.run import Run

CARBON = str(Path(sys.executable).with_name("carbon"))
TRACK = f"{CARBON} track --interval 0.5 --quiet"
_WAIT = """\
import sys, time
def is_over(until, began_s=time.monotonic()):
    if until[0] != "/":
        return time.monotonic() >= float(until)
    try:
        with open(until) as stream:
            return time.monotonic() >= float(stream.read())
    except OSError:
        return time.monotonic() >= began_s + 180.0
"""
_RANK = f"""\
{_WAIT}
while not is_over(sys.argv[1]):
    time.sleep(0.05)
"""
_TRACKED_RANK = f"""\
{_WAIT}
sys.path += {sys.path!r}
import traincarbon
with traincarbon.track(quiet=True, interval_s=0.5):
    while not is_over(sys.argv[1]):
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
        self._tracked_rank.write_text(_TRACKED_RANK)

    def pulse(self, *, after_s: float, for_s: float = 4.0) -> Pulse:
        """Plan when the GPUs use power, and let them."""
        now_s = time.monotonic()
        pulse = Pulse(now_s + after_s, now_s + after_s + for_s)
        self.machines.play(pulse)
        return pulse

    def pulse_later(self, *, for_s: float = 4.0) -> Pulse:
        """Return a pulse whose time is not set yet: the GPUs use nothing, and ranks run, until :meth:`begin` sets it."""
        now_s = time.monotonic()
        pulse = Pulse(now_s, now_s + for_s, told_in=str(self.machines.folder / f"pulse-{now_s:.3f}"))
        self.machines.play(pulse)
        return pulse

    def begin(self, later: Pulse) -> Pulse:
        """Let the GPUs use power in a moment, and the ranks end a second after that."""
        from_s = time.monotonic() + 0.5
        pulse = Pulse(from_s, from_s + later.to_s - later.from_s)
        for ending, second in ((".origin", pulse.from_s - 60.0), ("", pulse.to_s + 1.0)):
            written = Path(f"{later.told_in}.new")
            written.write_text(f"{second:.6f}")
            written.rename(f"{later.told_in}{ending}")
        return pulse

    def wait_for_gpus(
        self, before: set[str], has_ended: Callable[[], bool], *, nodes: int, boards: int = BOARDS, but: frozenset[int] = frozenset(), within_s: float = 120.0
    ) -> None:
        """Wait until so many GPUs of each node are metered in runs that are not among those *before*, or until the job has ended.

        Args:
            before: The runs that were there before.
            has_ended: Whether the job has ended.
            nodes: How many nodes have to meter.
            boards: How many GPUs on each of them.
            but: Metering processes that do not count, as those of an earlier attempt.
            within_s: The longest wait; it is an error if that is not enough.
        """
        until_s = time.monotonic() + within_s
        while not has_ended():
            found: dict[str, int] = {}
            for line in [line for run in self.new_runs(before) for line in self.lines(run) if line["kind"] == "interval" and line["process"] not in but]:
                found[line["node"]] = sum(device.startswith("gpu:") for device in line["devices"])
            if sum(count >= boards for count in found.values()) >= nodes:  # a login node writes lines too, and has none
                return
            assert time.monotonic() < until_s, f"not within {within_s:g} s: {boards} GPUs metered on each of {nodes} nodes; there are {found}"
            time.sleep(0.3)

    def pulsed(self, before: set[str], job: str, later: Pulse, *, nodes: int, boards: int = BOARDS) -> Pulse:
        """Let the GPUs use power once so many are metered, wait for the good end of the job, and return when they used power."""
        self.wait_for_gpus(before, lambda: self.slurm.has_ended(job), nodes=nodes, boards=boards)
        pulse = self.begin(later)
        self.ended(job)
        return pulse

    def writers(self, before: set[str]) -> frozenset[int]:
        """Return the metering processes of runs that are not among those *before*."""
        return frozenset(line["process"] for run in self.new_runs(before) for line in self.lines(run))

    def script(self, pulse: Pulse, *, tracked: bool = False) -> str:
        """Return script and argument of a rank, which runs until the pulse is over; *tracked* has ``traincarbon.track()`` in it."""
        return f"{self._tracked_rank if tracked else self._rank} {pulse.told_in or f'{pulse.to_s + 1.0:.3f}'}"

    def rank(self, pulse: Pulse, *, tracked: bool = False) -> str:
        """Return the command of a rank."""
        return f"{sys.executable} {self.script(pulse, tracked=tracked)}"

    def run(self, script: str, *options: str, timeout_s: float = 120.0) -> str:
        """Run a batch script to its end, and return the job's id."""
        return self.ended(self.slurm.submit(script, *options), timeout_s=timeout_s)

    def ended(self, job: str, *, timeout_s: float = 120.0) -> str:
        """Wait for the good end of a job, and return its id."""
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

    def nodes(self, run_id: str) -> set[str]:
        """Return the nodes that have metered anything of a run."""
        return {line["node"] for line in self.lines(run_id) if line["kind"] == "interval"}

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
