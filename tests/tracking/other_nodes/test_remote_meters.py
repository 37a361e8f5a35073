"""Meters on other nodes: started by a launcher, ended with the command, and no hindrance where they cannot start. A shell script launches them here."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fates import kill_processes
from tracked import Place, once_written, python, until
from traincarbon.ledger.record import read_run
from traincarbon.procfs import stat_of

SLURM = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURMD_NODENAME": "n0", "SLURM_NNODES": "2", "CARBON_RUN_ID": "two"}
LAUNCH = 'while case "$1" in -*) true;; *) false;; esac; do shift; done; exec unshare --uts sh -c \'hostname n1; exec "$@"\' sh "$@"'


def isolated(launch=LAUNCH):
    """Whether the script can give a process another host name, which takes root or a user name space."""
    return launch if os.geteuid() == 0 else launch.replace("unshare --uts", "unshare --user --map-root-user --uts")


class Batch:
    """The batch step of a job of two nodes, whose srun is a script."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.env = self.place.env
        self.env |= {**SLURM, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        self.srun(isolated())

    def srun(self, text: str) -> None:
        """Write what the launcher does."""
        (self.bin / "srun").write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / "srun").chmod(0o755)

    def track(self, *words, **options):
        return self.place.track(*words, **options)

    def lines(self) -> dict[str, list[dict]]:
        """The journals of the run by node."""
        found: dict[str, list[dict]] = {}
        for line in self.place.lines("two"):
            found.setdefault(line["node"], []).append(line)
        return found

    def metered_s(self) -> list[float]:
        """Return the seconds that each metering process has recorded, of those that have recorded any."""
        found: dict[int, list[dict]] = {}
        for line in self.place.lines("two"):
            if line["kind"] == "interval":
                found.setdefault(line["process"], []).append(line)
        return [lines[-1]["to_s"] - lines[0]["from_s"] for lines in found.values()]


@pytest.fixture
def batch(tmp_path):
    found = Batch(tmp_path)
    yield found
    kill_processes(f"CARBON_STORE={found.place.store}")


def test_the_other_node_is_metered_as_long_as_the_command_runs(batch):
    code = once_written('"kind":"interval"', journals=2)
    done = batch.track("--quiet", "--", *python(f"{code}time.sleep(2.0)"))
    assert (done.returncode, done.stderr) == (0, "")
    run = batch.place.record("two")
    assert (run.state, run.nodes, run.nodes_expected, run.missing.get("nodes")) == ("finished", 2, 2, None)
    metered_s = batch.metered_s()
    assert (len(metered_s), max(metered_s)) == (2, pytest.approx(run.duration_s, rel=0.02))
    assert min(metered_s) >= 2.0
    assert run.energy_j["gpu"] == pytest.approx(3600.0 * sum(metered_s), rel=0.02)
    ends = [line for lines in batch.lines().values() for line in lines if line["kind"] == "end"]
    assert [line["exit_code"] for line in ends] == [0, 0]


def test_the_other_node_learns_the_exit_code(batch):
    assert batch.track("--", *python("raise SystemExit(3)")).returncode == 3
    assert {line["exit_code"] for lines in batch.lines().values() for line in lines if line["kind"] == "end"} == {3}


def test_the_command_runs_although_the_launcher_fails(batch):
    batch.srun("echo 'srun: error: Unable to create step: no such node' >&2; exit 1")
    done = batch.track("--", *python("print('trained')"))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "1 of 2 nodes have no meter yet: srun: error: Unable to create step: no such node" in done.stderr
    assert "1 of 2 nodes sent nothing" in done.stderr
    run = batch.place.record("two")
    assert (run.state, run.missing["nodes"]) == ("incomplete", "1 of 2 nodes sent nothing")


def test_the_command_runs_although_there_is_no_launcher(batch):
    (batch.bin / "srun").unlink()
    batch.env["PATH"] = str(batch.bin)
    done = batch.track("--", *python("print('trained')"))
    assert (done.returncode, done.stdout) == (0, "trained\n")
    assert "1 of 2 nodes have no meter yet" in done.stderr


def test_here_starts_nothing_elsewhere(batch):
    batch.srun(f"touch {batch.bin}/asked")
    done = batch.track("--nodes", "here", "--", *python("print('trained')"))
    assert done.returncode == 0
    assert not (batch.bin / "asked").exists()
    assert batch.place.record("two").missing["nodes"] == "1 of 2 nodes sent nothing"


def test_a_task_of_a_step_starts_nothing_elsewhere(batch):
    batch.srun(f"touch {batch.bin}/asked")
    batch.env["SLURM_STEP_ID"] = "0"
    assert batch.track("--", *python("print('trained')")).returncode == 0
    assert not (batch.bin / "asked").exists()


def test_the_other_node_ends_with_a_supervisor_that_is_killed(batch):
    with batch.place.tracking("--", *python("print('on', flush=True); import time; time.sleep(60)")) as process:
        assert until(lambda: len(batch.lines()) == 2)
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: sum(line["kind"] == "end" for lines in batch.lines().values() for line in lines) == 2)
    run = read_run(batch.place.store, "two")
    assert run is not None
    assert run.state == "killed"


def test_a_meter_elsewhere_that_is_killed_is_replaced_and_nothing_counts_twice(batch):
    end = batch.bin / "end"
    with batch.place.tracking("--", "sh", "-c", f"echo on; until [ -e {end} ]; do sleep 0.05; done") as process:
        assert until(lambda: len(batch.lines()) == 2)
        (sidecar,) = {lines[0]["process"] for lines in batch.lines().values()} - {_local_sidecar(batch, process.pid)}
        time.sleep(0.5)
        os.kill(sidecar, signal.SIGKILL)
        assert until(lambda: len(batch.metered_s()) == 3, seconds=60.0)
        time.sleep(0.5)
        ended_s = time.monotonic()
        end.touch()
        process.communicate(timeout=30)
    run = read_run(batch.place.store, "two")
    assert run is not None
    assert (run.state, run.nodes) == ("finished", 2)
    assert run.energy_j["gpu"] == pytest.approx(3600.0 * sum(batch.metered_s()), rel=0.02)
    assert run.energy_j["gpu"] <= 1.02 * 2 * 3600.0 * run.duration_s
    lasted_s = {line["process"]: line["to_s"] for line in batch.place.lines("two") if line["kind"] == "interval"}
    assert len(lasted_s) == 3
    assert all(to_s >= ended_s for process, to_s in lasted_s.items() if process != sidecar)


def _local_sidecar(batch: Batch, supervisor: int) -> int:
    found = [lines[0]["process"] for lines in batch.lines().values() if (stat := stat_of(lines[0]["process"])) and stat.parent == supervisor]
    return found[0]


def test_a_script_that_tracks_itself_meters_the_other_node_too(batch):
    code = f"import sys; sys.path[:0] = {sys.path!r}; import traincarbon, time\nwith traincarbon.track(quiet=True, interval_s=0.1):\n    time.sleep(0.5)"
    done = subprocess.run([sys.executable, "-c", code], env=batch.place.env, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    run = batch.place.record("two")
    assert (run.state, run.nodes, run.nodes_expected) == ("finished", 2, 2)
