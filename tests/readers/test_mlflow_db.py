"""MLflow's SQLite store; the tables are those of its store/tracking/dbmodels/models.py, as far as they are read."""

import io
import sqlite3

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.formats import read_file
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.mlflow_db import read

START_MS = 1_700_000_000_000


def made(file, *, runs=(("0a1b", "FINISHED", START_MS, START_MS + 600_000, "active"),)):
    store = sqlite3.connect(file)
    store.execute("CREATE TABLE runs (run_uuid, experiment_id, status, start_time, end_time, lifecycle_stage, user_id)")
    store.execute("CREATE TABLE params (key, value, run_uuid)")
    store.execute("CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan)")
    for id, status, began, ended, stage in runs:
        store.execute("INSERT INTO runs VALUES (?, 3, ?, ?, ?, ?, 'somebody')", (id, status, began, ended, stage))
        store.execute("INSERT INTO params VALUES ('n_params', '124000000', ?)", (id,))
        powers = [("system/gpu_0_power_usage_watts", 300.0, START_MS + at * 1000, id, at, 0) for at in range(0, 601, 10)]
        store.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", [*powers, ("tokens_seen", 5e6, START_MS, id, 1, 0), ("loss", 0.0, START_MS, id, 1, 1)]
        )
    store.commit()
    store.close()
    return str(file)


def test_the_runs_of_a_store_come_with_the_energy_of_their_gpus(tmp_path):
    (record,), left_out, _ = read_file(made(tmp_path / "mlflow.db"), options=ImportOptions(hw="a100-sxm4-80gb"))
    assert (record.energy_j["gpu"], record.duration_s, record.gaps_s, left_out) == (180_000.0, 600.0, 0.0, [])
    assert (record.params, record.tokens, record.project, record.hw, record.source) == (124e6, 5e6, "experiment 3", "a100-sxm4-80gb", "mlflow-db")
    assert "somebody" not in repr(record)


def test_deleted_runs_and_runs_without_an_end_are_left_out(tmp_path):
    runs = (("gone", "FINISHED", START_MS, START_MS + 1, "deleted"), ("now", "RUNNING", START_MS, None, "active"), ("odd", "FINISHED", None, None, "active"))
    records, left_out, _ = read_file(made(tmp_path / "mlflow.db", runs=runs))
    assert records == []
    assert sorted(left_out) == ["run 'now': it is 'RUNNING' and has not ended; import it when it has", "run 'odd': it states no time"]


def test_other_databases_are_refused(tmp_path):
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE runs (id)").connection.commit()
    with pytest.raises(CarbonError, match="not that of MLflow") as caught:
        read_file(str(tmp_path / "other.db"))
    assert caught.value.hint == "it lacks the tables metrics, params"
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(200))
    with pytest.raises(CarbonError, match="the database cannot be read"):
        read_file(str(tmp_path / "broken.db"))
    with pytest.raises(CarbonError, match="standard input"):
        read(io.BytesIO(), ImportOptions())
