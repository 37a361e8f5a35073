"""A sweep on a real scheduler of Dask with real workers, one of which is killed."""

import os
import subprocess
import sys
import time

import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps import work
from traincarbon.explore.sweeps.sweep import sweep

pytest.importorskip("distributed")
STATED = {"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e12, "n": 4000}, "tokens": 1e12, "servers": [1, 16]}


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; return its address, the workers, and what starts another one with variables of its own."""
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    common = ["--scheduler-file", str(file)]
    local = ["--no-dashboard", "--host", "127.0.0.1"]
    started = [subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", "0", *local], **quiet)]
    command = [sys.executable, "-m", "distributed.cli.dask_worker", *common, "--nthreads", "1", "--no-nanny", *local]
    try:
        while not file.exists():
            assert started[0].poll() is None
            time.sleep(0.05)
        import json

        def start(**variables):
            started.append(subprocess.Popen(command, **quiet, env={**os.environ, **variables}))
            return started[-1]

        yield json.loads(file.read_text())["address"], [start(), start()], start
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_workers_without_the_package_are_said_and_not_waited_for(tmp_path, shipped, cluster):
    address, workers, start = cluster
    for worker in workers:
        worker.kill()
        worker.wait()
    (tmp_path / "traincarbon.py").write_text("raise ImportError('of another project')")
    start(PYTHONPATH=str(tmp_path))
    with pytest.raises(CarbonError, match="another version of traincarbon, or none") as caught:
        sweep(STATED, tmp_path / "x.parquet", scheduler=address, database=shipped)
    assert "same version" in caught.value.hint


def test_a_worker_that_is_killed_changes_nothing(tmp_path, shipped, cluster, monkeypatch):
    address, workers, _ = cluster
    monkeypatch.setattr(work, "_PLANS_OF_UNIT", 200)
    sweep(STATED, tmp_path / "one.parquet", database=shipped)

    def kill(done, plans):
        if done > plans // 4:
            workers[0].kill()

    found = sweep(STATED, tmp_path / "x.parquet", scheduler=address, database=shipped, on_progress=kill)
    assert workers[0].wait() != 0
    assert (found.plans, found.reused) == (8000, 0)
    assert (tmp_path / "x.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
