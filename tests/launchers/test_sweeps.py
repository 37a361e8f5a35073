"""A sweep on a real Slurm: as an array of which tasks are killed, and on Dask whose workers are jobs."""

import sys
from pathlib import Path

import pytest

from launchers.machines import wait_until
from launchers.rig import CARBON, Rig

_GRID = """\
hw = ["dgx-a100", "dgx-h100"]
params = { from = "1B", to = "100B", n = 200, scale = "log" }
tokens = { from = "100B", to = "10T", n = 100, scale = "log" }
servers = [4, 16, 64]
"""
_SWEEP = f"{CARBON} sweep grid.toml --intervals --quiet -o"
_KILLED = """\
{sweep} x.parquet &
until ls -d .x.part-00$SLURM_ARRAY_TASK_ID-* 2>/dev/null >&2; do :; done
kill -KILL $!
wait $!
echo $? > ended-$SLURM_ARRAY_TASK_ID
"""
_ON_DASK = """\
import dask_jobqueue
from traincarbon import sweep
cluster = dask_jobqueue.SLURMCluster(cores=2, processes=2, memory="2GB", python=sys.executable, walltime="00:10:00", log_directory="logs")
try:
    cluster.scale(jobs=2)
    found = sweep("grid.toml", "dask.parquet", intervals=True, scheduler=cluster.scheduler_address)
finally:
    cluster.close()
print("swept", found.plans)
"""
_SHARDS = 8


@pytest.fixture
def folder(rig: Rig) -> Path:
    """Return a folder that all machines share, with a grid and what one process makes of it."""
    found = rig.machines.folder / "sweep"
    if not found.exists():
        found.mkdir()
        (found / "grid.toml").write_text(_GRID, encoding="utf-8")
        rig.ended(rig.slurm.submit(f"cd {found}\n{_SWEEP} one.parquet"))
    assert (found / "one.parquet").exists()
    return found


def test_an_array_of_which_two_tasks_are_killed_and_started_again_ends_in_the_bytes_of_one_process(rig: Rig, folder: Path) -> None:
    whole = f"cd {folder}\ncase $SLURM_ARRAY_TASK_ID in 2|5) {_KILLED.format(sweep=_SWEEP)};; *) {_SWEEP} x.parquet;; esac"
    rig.slurm.submit(whole, f"--array=0-{_SHARDS - 1}", "--ntasks=1")
    parts = {number: folder / f"x.part-00{number}-of-8.parquet" for number in range(_SHARDS)}
    wait_until(lambda: all(parts[number].exists() for number in (0, 1, 3, 4, 6, 7)), "six parts are there", within_s=240.0)
    wait_until(lambda: all((folder / f"ended-{number}").exists() for number in (2, 5)), "two tasks were killed", within_s=120.0)
    assert {(folder / f"ended-{number}").read_text() for number in (2, 5)} == {"137\n"}
    assert not any(parts[number].exists() for number in (2, 5))
    assert not (folder / "x.parquet").exists()
    rig.slurm.submit(f"cd {folder}\n{_SWEEP} x.parquet --shard $SLURM_ARRAY_TASK_ID/{_SHARDS}", "--array=2,5", "--ntasks=1")
    wait_until((folder / "x.parquet").exists, "the last task joins the parts", within_s=240.0)
    assert (folder / "x.parquet").read_bytes() == (folder / "one.parquet").read_bytes()


def test_workers_of_dask_that_slurm_starts_make_the_bytes_of_one_process(rig: Rig, folder: Path) -> None:
    jobqueue = rig.torch / "jobqueue"
    if not jobqueue.is_dir():
        pytest.skip("dask-jobqueue is not installed beside torch and ray")
    (folder / "on_dask.py").write_text(f"import sys\nsys.path[:] = {[*sys.path, str(jobqueue)]!r}\n{_ON_DASK}", encoding="utf-8")
    done = rig.slurm.run("sh", "-c", f"cd {folder} && {sys.executable} on_dask.py", timeout_s=300.0)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (folder / "dask.parquet").read_bytes() == (folder / "one.parquet").read_bytes()
