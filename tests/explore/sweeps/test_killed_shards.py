"""Two of eight shards are processes that are killed in their work, and then start again, and the file is that of one process to the byte."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.sweep import command

GRID = """\
hw = ["dgx-a100", "dgx-h100"]
params = { from = "1B", to = "100B", n = 200, scale = "log" }
tokens = { from = "100B", to = "10T", n = 100, scale = "log" }
servers = [4, 16, 64]
"""
SHARDS = 8
_WAIT_S = 60.0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("SLURM_", "JOB_COMPLETION", "AWS_BATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.toml").write_text(GRID, encoding="utf-8")
    return tmp_path


WORDS = ("sweep", "grid.toml", "--intervals", "--quiet", "-o")


def array(number):
    """Return what the array of Slurm says to the task of that number."""
    stated = {"ID": number, "MIN": 0, "MAX": SHARDS - 1, "COUNT": SHARDS}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in stated.items()}


def swept(output, **environment):
    """Sweep in this process, or one shard of it."""
    done = CliRunner().invoke(command, [*WORDS[1:], output], env=environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def kill_in_its_work(folder, number):
    """Start a shard, and kill it once it computes and before its part is there."""
    process = subprocess.Popen([sys.executable, "-m", "traincarbon", *WORDS, "x.parquet"], env={**os.environ, **array(number)}, stdout=subprocess.DEVNULL)
    part = folder / f"x.part-00{number}-of-8.parquet"
    until_s = time.monotonic() + _WAIT_S
    while not [name for name in os.listdir(folder) if name.startswith(".") and f"part-00{number}" in name] and time.monotonic() < until_s:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGSTOP)
    assert not part.exists()
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(_WAIT_S) == -signal.SIGKILL
    assert not part.exists()


def test_two_of_eight_that_are_killed_and_started_again_change_no_byte(folder):
    for number in (2, 5):
        kill_in_its_work(folder, number)
    for number in (0, 1, 3, 4, 6, 7):
        swept("x.parquet", **array(number))
    assert not (folder / "x.parquet").exists()
    for number in (5, 2):
        swept("x.parquet", **array(number))
    swept("one.parquet")
    assert (folder / "x.parquet").read_bytes() == (folder / "one.parquet").read_bytes()
    assert not [name for name in os.listdir(folder) if name.startswith(".")]
