"""Import the runs of MLflow's SQLite store, ``mlflow.db``: the tables runs, params and metrics."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from os import path
from typing import BinaryIO
from urllib.parse import quote

from traincarbon.errors import CarbonError
from traincarbon.readers.imported import BinaryFormat, Imported, ImportOptions
from traincarbon.readers.mlflow_run import MS_PER_S, StoredRun, add_power, record_of_run, samples_of

_MARK = b"SQLite format 3\0"
_TABLES = {"runs", "params", "metrics"}
_POWERS = "system/%gpu_%_power_usage_watts"


def is_mlflow_db(beginning: bytes) -> bool:
    """Return whether a file with this beginning is a store of SQLite."""
    return beginning.startswith(_MARK)


def read(stream: BinaryIO, options: ImportOptions) -> Imported:  # noqa: ARG001  SQLite opens the file itself
    """Return the runs of a store. Users and deleted runs are not read, and nothing is written.

    Raises:
        CarbonError: it is no store of MLflow, or comes from standard input.
    """
    if not options.path:
        raise CarbonError("a database cannot be read from standard input", hint="name the file")
    try:
        with closing(sqlite3.connect(f"file:{quote(path.abspath(options.path))}?mode=ro", uri=True)) as store:
            tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables >= _TABLES:
                raise CarbonError("it is a database, but not that of MLflow", hint=f"it lacks the tables {', '.join(sorted(_TABLES - tables))}")
            return _read(store, options)
    except sqlite3.Error as error:
        raise CarbonError(f"the database cannot be read: {error}", hint="is it whole? Copy it while MLflow does not run") from error


def _read(store: sqlite3.Connection, options: ImportOptions) -> Imported:
    records = []
    left_out: list[str] = []
    for run in _runs(store, options, left_out):
        try:
            _add_values(store, run)
            records.append(record_of_run(run, options))
        except (CarbonError, ValueError, TypeError) as error:
            left_out.append(f"run {run.run_id[:60]!r}: {error}")
    return Imported(records, left_out, [])


def _runs(store: sqlite3.Connection, options: ImportOptions, left_out: list[str]) -> Iterator[StoredRun]:
    query = "SELECT run_uuid, experiment_id, status, start_time, end_time FROM runs WHERE lifecycle_stage = 'active' ORDER BY start_time"
    for run_id, experiment, status, began_ms, ended_ms in store.execute(query):
        try:
            ended_s = None if ended_ms is None else float(ended_ms) / MS_PER_S
            yield StoredRun(str(run_id), str(experiment), str(status or ""), float(began_ms) / MS_PER_S, ended_s, samples_of(options))
        except (ValueError, TypeError):
            left_out.append(f"run {str(run_id)[:60]!r}: it states no time")


def _add_values(store: sqlite3.Connection, run: StoredRun) -> None:
    """Add parameters, the last value of each metric, and all values of the power of GPUs."""
    for name, value in store.execute("SELECT key, value FROM params WHERE run_uuid = ?", (run.run_id,)):
        run.cells[f"params.{name}"] = str(value)
    latest = "SELECT key, value, MAX(timestamp) FROM metrics WHERE run_uuid = ? AND NOT is_nan GROUP BY key"
    for name, value, _ in store.execute(latest, (run.run_id,)):
        run.cells[f"metrics.{name}"] = str(value)
    for name, value, time_ms in store.execute("SELECT key, value, timestamp FROM metrics WHERE run_uuid = ? AND key LIKE ?", (run.run_id, _POWERS)):
        add_power(run, str(name), float(time_ms) / MS_PER_S, float(value))


FORMAT = BinaryFormat(
    "mlflow-db",
    "SQLite store of MLflow: `mlflow.db`",
    "energy of the GPUs from the power in its system metrics, duration, state, parameters, tokens, hardware",
    "the rest of the machine",
    "deleted runs are left out; nothing is written to the store",
    is_mlflow_db,
    read,
    ("mlflow.db",),
)
