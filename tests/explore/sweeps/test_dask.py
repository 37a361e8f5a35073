"""A sweep on a real scheduler of Dask with real workers, one of which is killed."""

import subprocess
import sys
import time

import pytest

from traincarbon.explore.sweeps import work
from traincarbon.explore.sweeps.sweep import sweep

pytest.importorskip("distributed")
STATED = {"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e12, "n": 4000}, "tokens": 1e12, "servers": [1, 16]}


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers; return its address and the workers."""
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    common = ["--scheduler-file", str(file)]
    local = ["--no-dashboard", "--host", "127.0.0.1"]
    started = [subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", "0", *local], **quiet)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", *common, "--nthreads", "1", "--no-nanny", *local]
    try:
        while not file.exists():
            assert started[0].poll() is None
            time.sleep(0.05)
        import json

        started += [subprocess.Popen(worker, **quiet) for _ in range(2)]
        yield json.loads(file.read_text())["address"], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_worker_that_is_killed_changes_nothing(tmp_path, shipped, cluster, monkeypatch):
    address, workers = cluster
    monkeypatch.setattr(work, "_PLANS_OF_UNIT", 200)
    sweep(STATED, tmp_path / "one.parquet", database=shipped)

    def kill(done, plans):
        if done > plans // 4:
            workers[0].kill()

    found = sweep(STATED, tmp_path / "x.parquet", scheduler=address, database=shipped, on_progress=kill)
    assert workers[0].wait() != 0
    assert (found.plans, found.reused) == (8000, 0)
    assert (tmp_path / "x.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
