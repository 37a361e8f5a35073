"""``carbon sweep``: what it prints, and what it refuses in two lines."""

import json
import os
import subprocess
import sys

import pytest
from pyarrow import parquet

GRID = 'hw = ["dgx-a100", "dgx-h100"]\nparams = ["7B", "70B"]\ntokens = "1T"\nservers = { from = 8, to = 64, n = 4 }\n'
OF_SCHEDULERS = ("SLURM_", "JOB_COMPLETION", "AWS_BATCH")


def carbon(*words, folder, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_SCHEDULERS)} | variables
    return subprocess.run([sys.executable, "-m", "traincarbon", *words], capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    return tmp_path


def test_it_writes_the_file_and_says_how_many_plans_a_second(folder):
    done = carbon("sweep", "grid.toml", "-o", "x.parquet", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("16 plans in x.parquet\nComputed: 16 plans in ")
    assert parquet.read_table(folder / "x.parquet").num_rows == 16
    again = carbon("sweep", "grid.toml", "-o", "x.parquet", folder=folder)
    assert again.stdout == "16 plans in x.parquet\nReused: 16 plans were there already\n"


def test_json_is_one_document(folder):
    done = carbon("sweep", "grid.toml", "-o", "x.parquet", "--keep", "pareto", "--json", folder=folder)
    found = json.loads(done.stdout)
    assert found["schema"] == "traincarbon/sweep/1"
    assert (found["plans"], found["computed"], found["reused"], found["set_aside"]) == (16, 16, 0, {})
    assert found["kept"] == parquet.read_table(folder / "x.parquet").num_rows
    assert found["provenance"]["objectives"] == ["rent_usd", "duration_s", "total_kgco2e"]


def test_the_array_of_a_scheduler_gives_the_shard_and_the_last_one_joins(folder):
    carbon("sweep", "grid.toml", "-o", "one.parquet", folder=folder)
    for task in ("0", "1"):
        slurm = {f"SLURM_ARRAY_TASK_{name}": value for name, value in (("ID", task), ("MIN", "0"), ("MAX", "1"), ("COUNT", "2"))}
        done = carbon("sweep", "grid.toml", "-o", "x.parquet", folder=folder, **slurm)
        assert done.stdout.startswith(f"8 plans in x.part-00{task}-of-2.parquet")
    assert done.stdout.endswith("Joined: all shards are there: x.parquet holds their 16 plans\n")
    assert (folder / "x.parquet").read_bytes() == (folder / "one.parquet").read_bytes()


def test_a_stated_shard_overrides_the_scheduler(folder):
    done = carbon("sweep", "grid.toml", "-o", "x.parquet", "--shard", "1/4", folder=folder, JOB_COMPLETION_INDEX="0")
    assert done.stdout.startswith("4 plans in x.part-001-of-4.parquet")


def test_layouts_intervals_and_workers_go_together(folder):
    done = carbon("sweep", "grid.toml", "-o", "x.parquet", "--layouts", "--intervals", "--workers", "2", "--level", "80%", folder=folder)
    assert done.returncode == 0
    row = parquet.read_table(folder / "x.parquet").to_pylist()[0]
    assert row["low_rent_usd"] < row["rent_usd"] < row["high_rent_usd"]
    assert row["layout_tp"] * row["layout_pp"] * row["layout_dp"] * row["layout_cp"] == 8 * row["servers"]


@pytest.mark.parametrize(
    ("grid", "words", "says"),
    [
        (GRID.replace("dgx-h100", "dgx-h1000"), (), "error: no hardware 'dgx-h1000'\nhint: "),
        (
            'hw = "h100"\nparams = { from = 1, to = 1e12, n = 1000000 }\ntokens = { from = 1, to = 1e12, n = 1000000 }',
            (),
            "1,000,000,000,000 plans: about 98 TB of medians, more with --intervals, less with --keep pareto\nhint: ",
        ),
        ('hw = "h100"\nparams = [', (), "error: grid.toml: the grid is not TOML"),
        (GRID, ("--shard", "4/4"), "error: shard is 4 of 4\nhint: shards are counted from 0"),
        (GRID, ("--scheduler", "tcp://127.0.0.1:1"), "error: no scheduler of Dask at"),
    ],
)
def test_what_is_wrong_is_one_line_and_a_hint(folder, grid, words, says):
    (folder / "grid.toml").write_text(grid)
    done = carbon("sweep", "grid.toml", "-o", "x.parquet", *words, folder=folder)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 2
    assert os.listdir(folder) == ["grid.toml"]


def test_progress_is_told_in_lines_with_the_time_that_is_left(capsys, monkeypatch):
    from traincarbon.cli.commands.sweep import _Progress

    times = iter([0.0, 0.0, 5.0, 20.0, 21.0])
    monkeypatch.setattr("traincarbon.cli.commands.sweep.time.monotonic", lambda: next(times))
    tell = _Progress()
    for done in (0, 10, 50, 100):
        tell(done, 100)
    assert capsys.readouterr().err == "50 of 100 plans, 2 a second, 20 s left\n"


def test_plans_that_were_there_already_say_nothing_of_the_time_that_is_left(monkeypatch, capsys):
    from traincarbon.cli.commands.sweep import _Progress

    times = iter([0.0, 0.1, 3.0, 10.0, 32.0, 46.0])
    monkeypatch.setattr("traincarbon.cli.commands.sweep.time.monotonic", lambda: next(times))
    tell = _Progress()
    for done in (9_000_000, 9_000_000, 9_007_000, 9_029_000, 9_043_000):
        tell(done, 10_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "9,007,000 of 10,000,000 plans, 1,000 a second, 17 min left",
        "9,029,000 of 10,000,000 plans, 1,000 a second, 16 min left",
        "9,043,000 of 10,000,000 plans, 1,000 a second, 16 min left",
    ]


def test_while_only_plans_that_were_there_are_joined_no_pace_is_told(monkeypatch, capsys):
    from traincarbon.cli.commands.sweep import _Progress

    times = iter([0.0, 0.1, 12.0])
    monkeypatch.setattr("traincarbon.cli.commands.sweep.time.monotonic", lambda: next(times))
    tell = _Progress()
    for _ in range(2):
        tell(900, 1000)
    assert capsys.readouterr().err == "900 of 1,000 plans, none lately\n"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("80", "2,162,688 of 3,000,000 plans, 1,000,000 a second, 0.84 s left"),
        ("61", "2,162,688 of 3,000,000 plans, 0.84 s left"),
        ("41", "72 % of all plans, 0.84 s left"),
        ("40", "72 % of all plans, 0.84 s left"),
    ],
)
def test_progress_never_breaks_a_line_of_the_terminal(monkeypatch, capsys, columns, line):
    from traincarbon.cli.commands.sweep import _Progress

    times = iter([0.0, 0.0, 2.162688])
    monkeypatch.setattr("traincarbon.cli.commands.sweep.time.monotonic", lambda: next(times))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    tell = _Progress()
    for done in (0, 2_162_688):
        tell(done, 3_000_000)
    assert capsys.readouterr().err == f"\r\x1b[K{line}"
